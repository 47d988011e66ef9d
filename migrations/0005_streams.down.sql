ALTER TABLE {{.Database}}.user_sessions_data {{.OnCluster}} DROP COLUMN IF EXISTS call_user;
DROP VIEW IF EXISTS {{.Database}}.quality_streams {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.quality_streams_data {{.OnCluster}} SYNC;

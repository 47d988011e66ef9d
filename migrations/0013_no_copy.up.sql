DROP TABLE IF EXISTS {{.Database}}.quality_streams_copy {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.user_sessions_copy {{.OnCluster}} SYNC;

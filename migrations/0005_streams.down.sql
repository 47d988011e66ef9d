DROP VIEW IF EXISTS {{.Database}}.quality_streams {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.quality_streams_data {{.OnCluster}} SYNC;

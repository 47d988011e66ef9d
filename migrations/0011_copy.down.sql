/* The rows are in quality_streams_data. */ DROP TABLE IF EXISTS {{.Database}}.quality_streams_copy {{.OnCluster}} SYNC;
/* The rows are in user_sessions_data. */ DROP TABLE IF EXISTS {{.Database}}.user_sessions_copy {{.OnCluster}} SYNC;

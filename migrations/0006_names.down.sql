DROP TABLE IF EXISTS {{.Database}}.abnormal_event_names {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.experience_names {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.event_values {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.event_names {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.quality_thresholds {{.OnCluster}} SYNC;

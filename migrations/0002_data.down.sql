DROP TABLE IF EXISTS {{.Database}}.daily_scale_data {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.unusual_events_data {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.user_events_data {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.quality_samples_data {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.user_sessions_data {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.rooms_data {{.OnCluster}} SYNC;

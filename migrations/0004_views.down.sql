DROP VIEW IF EXISTS {{.Database}}.daily_scale {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.unusual_events {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.user_events {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.quality_samples {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.user_sessions {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.rooms {{.OnCluster}} SYNC;

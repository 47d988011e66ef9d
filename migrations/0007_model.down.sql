DROP VIEW IF EXISTS {{.Database}}.unusual_events_decoded {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.events_decoded {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.quality_days {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.quality_minutes {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.peer_quality {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.call_metrics {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.calls {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.call_users {{.OnCluster}} SYNC;

DROP VIEW IF EXISTS {{.Database}}.archive_runs {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.archive_runs_data {{.OnCluster}} SYNC;

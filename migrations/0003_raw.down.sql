DROP TABLE IF EXISTS {{.Database}}.raw_responses {{.OnCluster}} SYNC;

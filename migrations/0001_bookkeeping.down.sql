DROP TABLE IF EXISTS {{.Database}}.ledger {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.hidden_loads {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.loads {{.OnCluster}} SYNC;

DROP VIEW IF EXISTS {{.Database}}.ledger {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.ledger_units {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.ledger_parts {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.hidden_loads {{.OnCluster}} SYNC;

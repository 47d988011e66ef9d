ALTER TABLE {{.Database}}.rooms_data {{.OnCluster}} DROP INDEX IF EXISTS by_call, DROP INDEX IF EXISTS by_room;

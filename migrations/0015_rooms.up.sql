{{/* What is asked of one call or of one room reads its granules, in an archive of years as well. calls has comm_id as the other relations do, so that is what the index is of. */}}
ALTER TABLE {{.Database}}.rooms_data {{.OnCluster}}
    ADD INDEX IF NOT EXISTS by_call toLowCardinality(comm_id) TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_room room_id TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE {{.Database}}.rooms_data {{.OnCluster}} MATERIALIZE INDEX IF EXISTS by_call;
ALTER TABLE {{.Database}}.rooms_data {{.OnCluster}} MATERIALIZE INDEX IF EXISTS by_room;

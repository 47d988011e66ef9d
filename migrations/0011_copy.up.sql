{{/* A key cannot be altered: rows go out of the tables here, into tables with another key in the next version, and the copies in the one after it. So each of the three can be repeated. */}}
CREATE TABLE IF NOT EXISTS {{.Database}}.user_sessions_copy {{.OnCluster}} AS {{.Database}}.user_sessions_data
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(joined_at)
ORDER BY (sdk_app_id, comm_id, user_id)
SETTINGS min_bytes_for_wide_part = 100000000000;

TRUNCATE TABLE {{.Database}}.user_sessions_copy {{.OnCluster}} SYNC;

INSERT INTO {{.Database}}.user_sessions_copy /* if user_sessions_data has rows */
SELECT *
FROM {{.Database}}.user_sessions_data
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0, max_threads = 1, max_block_size = 4096, min_insert_block_size_bytes = 16777216;

CREATE TABLE IF NOT EXISTS {{.Database}}.quality_streams_copy {{.OnCluster}} AS {{.Database}}.quality_streams_data
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(day)
ORDER BY (sdk_app_id, comm_id, user_id)
SETTINGS min_bytes_for_wide_part = 100000000000;

TRUNCATE TABLE {{.Database}}.quality_streams_copy {{.OnCluster}} SYNC;

INSERT INTO {{.Database}}.quality_streams_copy /* if quality_streams_data has rows */
SELECT *
FROM {{.Database}}.quality_streams_data
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0, max_threads = 1, max_block_size = 4096, min_insert_block_size_bytes = 16777216;

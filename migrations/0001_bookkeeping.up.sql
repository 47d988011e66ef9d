CREATE TABLE IF NOT EXISTS {{.Database}}.loads {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, unusual (one hour of unusual events) or scale (one day of daily scale)',
    key String COMMENT 'Which unit: CommId of a call, or start of the hour or day (RFC 3339)',
    load_id UInt64 COMMENT 'The load: one attempt to insert rows of the unit',
    run_id LowCardinality(String) COMMENT 'The run that made it',
    opened_at DateTime('UTC') DEFAULT now() COMMENT 'When it was opened, by the server''s clock'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (sdk_app_id, kind, key, load_id)
COMMENT 'Which unit each load belongs to: written once before the load is committed, deleted when the load is purged';

CREATE TABLE IF NOT EXISTS {{.Database}}.hidden_loads {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load',
    step Enum8('opened' = 1, 'committed' = 2, 'replaced' = 3, 'abandoned' = 4) COMMENT 'How far the load has come; the greatest step of a load counts, so repeating or reordering inserts changes nothing',
    at DateTime('UTC') DEFAULT now() COMMENT 'When the step was written, by the server''s clock'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (load_id, step)
COMMENT 'Which loads the views leave out: those whose greatest step is opened, replaced or abandoned. A load without rows here is visible. No partition key: a commit must be one part';

CREATE TABLE IF NOT EXISTS {{.Database}}.ledger {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, unusual (one hour of unusual events) or scale (one day of daily scale)',
    key String COMMENT 'Which unit: CommId of a call, or start of the hour or day (RFC 3339)',
    state Enum8('provisional' = 1, 'archived' = 2) COMMENT 'provisional: archived as far as it went, to be archived again; archived: final',
    starts_at DateTime('UTC') COMMENT 'When the unit begins: creation of the call, start of the hour or of the day',
    run_id LowCardinality(String) COMMENT 'The run that archived it',
    rooms UInt64 COMMENT 'Rows in rooms',
    user_sessions UInt64 COMMENT 'Rows in user_sessions',
    quality_samples UInt64 COMMENT 'Rows in quality_samples',
    null_samples UInt64 COMMENT 'Points the vendor sent without a value; they are not rows',
    user_events UInt64 COMMENT 'Rows in user_events',
    unusual_events UInt64 COMMENT 'Rows in unusual_events',
    daily_scale UInt64 COMMENT 'Rows in daily_scale',
    archived_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it became visible, by the server''s clock'
)
ENGINE = {{engine "ReplacingMergeTree" "archived_at"}}
ORDER BY (sdk_app_id, kind, key)
COMMENT 'What has been archived, one row a unit (read it with FINAL)';

CREATE TABLE IF NOT EXISTS {{.Database}}.hidden_loads {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load',
    step Enum8('opened' = 1, 'committed' = 2, 'replaced' = 3, 'abandoned' = 4) COMMENT 'How far the load has come; the greatest step of a load counts, so repeating or reordering inserts changes nothing',
    at DateTime('UTC') DEFAULT now() COMMENT 'When the step was written, by the server''s clock'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (load_id, step)
COMMENT 'Which loads the views leave out: those whose greatest step is opened, replaced or abandoned. A load without rows here is visible. No partition key: a commit must be one part';

CREATE TABLE IF NOT EXISTS {{.Database}}.ledger_parts {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, unusual (one hour of unusual events) or scale (one day of daily scale)',
    key String COMMENT 'Which unit: CommId of a call, or start of the hour or day (RFC 3339)',
    part LowCardinality(String) COMMENT 'What of the unit: room, users, series, events; unusual; scale',
    part_key String COMMENT 'Tells parts of one kind within a unit apart: the user of events, window and users of series',
    room_id LowCardinality(String) COMMENT 'Room name of a call',
    load_id UInt64 COMMENT 'The load its rows are in; hidden_loads says whether it counts',
    settled Bool COMMENT 'Whether the vendor''s answer can no longer change: kept when the unit is archived again',
    window_start DateTime('UTC') COMMENT 'First second asked for',
    window_end DateTime('UTC') COMMENT 'Last second asked for',
    users Array(String) COMMENT 'Whose seconds: the users of series or events, or one empty string for everybody',
    owned_from Array(UInt32) COMMENT 'First second of each of users that is this part''s, unix seconds',
    owned_to Array(UInt32) COMMENT 'Last second of each of users that is this part''s, unix seconds',
    rows UInt64 COMMENT 'Rows it brought',
    null_samples UInt64 COMMENT 'Points the vendor sent without a value; they are not rows',
    responses Array(UInt64) COMMENT 'The raw_responses it was made from, as far as they are kept',
    deadline DateTime('UTC') COMMENT 'When the vendor begins to drop it',
    asked_at DateTime64(3, 'UTC') COMMENT 'When it was asked for, by the client''s clock',
    run_id LowCardinality(String) COMMENT 'The run that asked'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (sdk_app_id, kind, key, part, part_key, load_id)
COMMENT 'What each load holds of its unit: written once, after the load''s rows and before its commit, deleted when the load is purged. Read the view ledger instead';

CREATE TABLE IF NOT EXISTS {{.Database}}.ledger_units {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, list (the calls of one UTC day), unusual (one hour of unusual events) or scale (one day of daily scale)',
    key String COMMENT 'Which unit: CommId of a call, day of a list, or start of the hour or day (RFC 3339)',
    state Enum8('pending' = 1, 'provisional' = 2, 'archived' = 3, 'empty' = 4, 'failed' = 5, 'lost' = 6) COMMENT 'pending: known, not visible; provisional: visible as far as it went; archived, empty: final; failed: to be tried again; lost: dropped by the vendor before it was archived',
    reason String COMMENT 'Why it is failed or lost',
    starts_at DateTime('UTC') COMMENT 'When the unit begins: creation of the call, start of the hour or of the day',
    held_until DateTime('UTC') COMMENT 'Everything up to this second is archived for good; 1970: nothing is',
    deadline DateTime('UTC') COMMENT 'When the vendor begins to drop what is not archived for good',
    attempts UInt32 COMMENT 'Passes that failed since it was last archived',
    failed_parts Array(String) COMMENT 'Kinds of the parts that failed in the last attempt',
    failed_keys Array(String) COMMENT 'Keys of the parts that failed in the last attempt',
    failed_reasons Array(String) COMMENT 'Reasons of the parts that failed in the last attempt',
    rooms UInt64 COMMENT 'Rows in rooms',
    user_sessions UInt64 COMMENT 'Rows in user_sessions',
    quality_samples UInt64 COMMENT 'Rows in quality_samples',
    null_samples UInt64 COMMENT 'Points the vendor sent without a value; they are not rows',
    user_events UInt64 COMMENT 'Rows in user_events',
    unusual_events UInt64 COMMENT 'Rows in unusual_events',
    daily_scale UInt64 COMMENT 'Rows in daily_scale',
    run_id LowCardinality(String) COMMENT 'The run that wrote this',
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it was written, by the server''s clock'
)
ENGINE = {{engine "ReplacingMergeTree" "updated_at"}}
ORDER BY (sdk_app_id, kind, key)
COMMENT 'How far the archive is with each unit, one row a unit (read it with FINAL). Read the view ledger instead';

CREATE OR REPLACE VIEW {{.Database}}.ledger {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, list (the calls of one UTC day), unusual (one hour of unusual events) or scale (one day of daily scale)',
    key String COMMENT 'Which unit: CommId of a call, day of a list, or start of the hour or day (RFC 3339)',
    part LowCardinality(String) COMMENT 'Empty: the unit itself. Otherwise what of it: room, users, series, events; unusual; scale',
    part_key String COMMENT 'Tells parts of one kind within a unit apart: the user of events, window and users of series',
    state LowCardinality(String) COMMENT 'pending: not visible yet; provisional: visible, may still change; archived, empty: visible, final; failed: to be tried again; lost: dropped by the vendor before it was archived',
    reason String COMMENT 'Why it is failed or lost',
    window_start DateTime('UTC') COMMENT 'Unit: when it begins. Part: first second asked for',
    window_end DateTime('UTC') COMMENT 'Unit: everything up to this second is archived for good (1970: nothing is). Part: last second asked for',
    users Array(String) COMMENT 'The users of series or events',
    deadline DateTime('UTC') COMMENT 'When the vendor begins to drop it or, of a unit, what of it is not archived for good',
    attempts UInt32 COMMENT 'Passes that failed since it was last archived',
    rows UInt64 COMMENT 'Rows in all relations',
    null_samples UInt64 COMMENT 'Points the vendor sent without a value; they are not rows',
    run_id LowCardinality(String) COMMENT 'The run that wrote this',
    updated_at DateTime64(6, 'UTC') COMMENT 'Unit: when it was written. Part: when it was asked for'
)
AS SELECT sdk_app_id, kind, key, '' AS part, '' AS part_key, toString(state) AS state, reason, starts_at AS window_start, held_until AS window_end,
    CAST([], 'Array(String)') AS users, deadline, attempts,
    rooms + user_sessions + quality_samples + user_events + unusual_events + daily_scale AS rows, null_samples, run_id, updated_at
FROM {{.Database}}.ledger_units FINAL
UNION ALL
SELECT sdk_app_id, kind, key, part, part_key,
    multiIf(load_id IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) = 'opened'), 'pending', NOT settled, 'provisional', rows = 0, 'empty', 'archived') AS state,
    '' AS reason, window_start, window_end, users, deadline, toUInt32(0) AS attempts, rows, null_samples, run_id, CAST(asked_at, 'DateTime64(6, \'UTC\')') AS updated_at
FROM {{.Database}}.ledger_parts
WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) IN ('replaced', 'abandoned'))
UNION ALL
SELECT sdk_app_id, kind, key, failed_part AS part, failed_key AS part_key, if(state IN ('pending', 'failed'), 'failed', 'lost') AS state, failed_reason AS reason, starts_at AS window_start, held_until AS window_end,
    CAST([], 'Array(String)') AS users, deadline, attempts, toUInt64(0) AS rows, toUInt64(0) AS null_samples, run_id, updated_at
FROM (SELECT * FROM {{.Database}}.ledger_units FINAL)
ARRAY JOIN failed_parts AS failed_part, failed_keys AS failed_key, failed_reasons AS failed_reason
COMMENT 'What the window holds and how far the archive is with it: one row a unit, and one for each part of it';

CREATE OR REPLACE VIEW {{.Database}}.ledger {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, list (the calls of one UTC day), unusual (one hour of unusual events) or scale (one day of daily scale)',
    key String COMMENT 'Which unit: CommId of a call, day of a list, or start of the hour or day (RFC 3339)',
    part LowCardinality(String) COMMENT 'Empty: the unit itself. Otherwise what of it: room, users, series, events; unusual; scale',
    part_key String COMMENT 'Tells parts of one kind within a unit apart: the user of events, window and users of series',
    state LowCardinality(String) COMMENT 'pending: not visible yet; provisional: visible, may still change; archived, empty: visible, final; failed: to be tried again (a part of a provisional unit: null where data is due); lost: dropped by the vendor before it was archived; expired: it was archived, and deleted since it is older than CALLVAULT_KEEP',
    reason String COMMENT 'Why it is failed or lost, or what a provisional one waits for',
    window_start DateTime('UTC') COMMENT 'Unit: when it begins. Part: first second asked for',
    window_end DateTime('UTC') COMMENT 'Unit: everything up to this second is archived for good (1970: nothing is). Part: last second asked for',
    users Array(String) COMMENT 'The users of series or events',
    deadline DateTime('UTC') COMMENT 'When the vendor begins to drop it or, of a unit, what of it is not archived for good',
    attempts UInt32 COMMENT 'Passes that failed, or to which the vendor answered null where data is due, since it was last archived',
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
WHERE part != 'summary' AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) IN ('replaced', 'abandoned'))
UNION ALL
SELECT sdk_app_id, kind, key, failed_part AS part, failed_key AS part_key, if(state IN ('pending', 'provisional', 'failed') AND NOT startsWith(failed_key, 'before '), 'failed', 'lost') AS state, failed_reason AS reason, starts_at AS window_start, held_until AS window_end,
    CAST([], 'Array(String)') AS users, deadline, attempts, toUInt64(0) AS rows, toUInt64(0) AS null_samples, run_id, updated_at
FROM (SELECT * FROM {{.Database}}.ledger_units FINAL)
ARRAY JOIN failed_parts AS failed_part, failed_keys AS failed_key, failed_reasons AS failed_reason
COMMENT 'What the window holds and how far the archive is with it: one row a unit, and one for each part of it';

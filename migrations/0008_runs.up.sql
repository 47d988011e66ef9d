CREATE TABLE IF NOT EXISTS {{.Database}}.archive_runs_data {{.OnCluster}}
(
    run_id String COMMENT 'The run',
    step UInt32 COMMENT 'Counts the rows of the run; the greatest one counts',
    command LowCardinality(String) COMMENT 'What ran: archive, verify, replay or backup',
    schedule LowCardinality(String) COMMENT 'Schedule that began it; empty: it was begun by hand',
    is_whole Bool COMMENT 'Whether it was over everything in the window: no flag narrowed it',
    started_at DateTime64(3, 'UTC') COMMENT 'When it began, by the client''s clock',
    ended_at DateTime64(3, 'UTC') COMMENT 'When it ended, by the client''s clock; 1970: it has not',
    outcome Enum8('running' = 1, 'done' = 2, 'partial' = 3, 'failed' = 4, 'interrupted' = 5, 'busy' = 6) COMMENT 'How it ended: done; partial: some of the data could not be archived, or differs; failed; interrupted; busy: another one was running',
    reason String COMMENT 'Why it is not done',
    sdk_app_ids Array(UInt32) COMMENT 'Applications it was over',
    complete_app_ids Array(UInt32) COMMENT 'Of these, those of which nothing was missing in the end',
    calls_archived UInt64 COMMENT 'Calls archived, or compared by verify, or replayed; provisional ones included',
    calls_provisional UInt64 COMMENT 'Of these, calls that a later run is to complete',
    failed UInt64 COMMENT 'Things that could not be archived, or that differ; lost ones included',
    lost UInt64 COMMENT 'Things that the vendor dropped before they were archived',
    users UInt64 COMMENT 'Users of each call, summed',
    samples UInt64 COMMENT 'Rows of quality_samples',
    events UInt64 COMMENT 'Rows of user_events',
    requests Map(String, UInt64) COMMENT 'Requests to the vendor by action, refused ones included',
    errors Map(String, UInt64) COMMENT 'Errors of the vendor and of the network by code',
    bytes UInt64 COMMENT 'Bytes of the vendor''s answers',
    version LowCardinality(String) COMMENT 'Version of the program',
    host LowCardinality(String) COMMENT 'Where it ran: host and process',
    alive_until DateTime64(3, 'UTC') COMMENT 'When a run that has not said otherwise counts as dead, by the server''s clock'
)
ENGINE = {{engine "ReplacingMergeTree" "step"}}
ORDER BY (started_at, run_id)
COMMENT 'Rows of runs: one at the beginning, some while it lasts, one at the end. Read the view archive_runs instead';

CREATE OR REPLACE VIEW {{.Database}}.archive_runs {{.OnCluster}}
(
    run_id String COMMENT 'The run; the ledger names it, too',
    command LowCardinality(String) COMMENT 'What ran: archive, verify, replay or backup',
    schedule LowCardinality(String) COMMENT 'Schedule that began it; empty: it was begun by hand',
    is_whole Bool COMMENT 'Whether it was over everything in the window: no flag narrowed it',
    started_at DateTime64(3, 'UTC') COMMENT 'When it began, by the client''s clock',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it ended, by the client''s clock; NULL: it has not, or it died',
    outcome LowCardinality(String) COMMENT 'running; done; partial: some of the data could not be archived, or differs; failed; interrupted; busy: another one was running; died: it has stopped without a word',
    reason String COMMENT 'Why it is not done',
    sdk_app_ids Array(UInt32) COMMENT 'Applications it was over',
    complete_app_ids Array(UInt32) COMMENT 'Of these, those of which nothing was missing in the end',
    calls_archived UInt64 COMMENT 'Calls archived, or compared by verify, or replayed; provisional ones included',
    calls_provisional UInt64 COMMENT 'Of these, calls that a later run is to complete',
    failed UInt64 COMMENT 'Things that could not be archived, or that differ; lost ones included',
    lost UInt64 COMMENT 'Things that the vendor dropped before they were archived',
    users UInt64 COMMENT 'Users of each call, summed',
    samples UInt64 COMMENT 'Rows of quality_samples',
    events UInt64 COMMENT 'Rows of user_events',
    requests Map(String, UInt64) COMMENT 'Requests to the vendor by action, refused ones included',
    errors Map(String, UInt64) COMMENT 'Errors of the vendor and of the network by code',
    bytes UInt64 COMMENT 'Bytes of the vendor''s answers',
    version LowCardinality(String) COMMENT 'Version of the program',
    host LowCardinality(String) COMMENT 'Where it ran: host and process'
)
AS SELECT run_id, command, schedule, is_whole, started_at, if(toUnixTimestamp64Milli(ended_at) = 0, NULL, ended_at) AS ended_at,
    if(outcome = 'running' AND alive_until < now64(3), 'died', toString(outcome)) AS outcome, reason, sdk_app_ids, complete_app_ids,
    calls_archived, calls_provisional, failed, lost, users, samples, events, requests, errors, bytes, version, host
FROM (SELECT * FROM {{.Database}}.archive_runs_data FINAL)
COMMENT 'One row a run of archive, verify, replay or backup: when, how it ended, what it brought and what it asked';

{{/* What could not be had whole is set aside piece by piece, with its reason; the rest is archived. */}}
ALTER TABLE {{.Database}}.ledger_parts {{.OnCluster}}
    ADD COLUMN IF NOT EXISTS reason String COMMENT 'Why it is not whole: what of the vendor''s answer could not be read, or did not come; empty: it is' AFTER settled;

ALTER TABLE {{.Database}}.ledger_units {{.OnCluster}}
    ADD COLUMN IF NOT EXISTS failed_attempts Array(UInt32) COMMENT 'In how many passes each of these parts was asked for in vain' AFTER failed_reasons,
    ADD COLUMN IF NOT EXISTS failed_kept Array(Bool) COMMENT 'Whether what the vendor answered to each of these parts is in raw_responses' AFTER failed_attempts,
    MODIFY COLUMN reason COMMENT 'Why it is failed or lost, or what a provisional one lacks',
    MODIFY COLUMN failed_parts COMMENT 'Kinds of the parts that are set aside: they could not be had, or not whole',
    MODIFY COLUMN failed_keys COMMENT 'Keys of these parts',
    MODIFY COLUMN failed_reasons COMMENT 'Why each of these parts is set aside',
    MODIFY COLUMN attempts COMMENT 'Passes that have tried in vain to have all of it';

ALTER TABLE {{.Database}}.raw_responses {{.OnCluster}}
    ADD COLUMN IF NOT EXISTS reason String COMMENT 'Why it could not be read whole; empty: it could. What could not is kept for longer: until what it is of is final, too' CODEC(ZSTD(1));

ALTER TABLE {{.Database}}.calls_data {{.OnCluster}}
    ADD COLUMN IF NOT EXISTS is_complete Bool COMMENT 'Whether all of the call is in the archive for good' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS missing Array(LowCardinality(String)) COMMENT 'Kinds of what the call lacks: room, users, series, events' CODEC(ZSTD(1));

ALTER TABLE {{.Database}}.calls_data {{.OnCluster}} /* if calls_data has rows */ UPDATE is_complete = (sdk_app_id, comm_id) IN
    (SELECT sdk_app_id, key FROM {{.Database}}.ledger_units FINAL WHERE kind = 'call' AND state IN ('archived', 'empty')) WHERE 1
    SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1;

CREATE OR REPLACE VIEW {{.Database}}.calls {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id String COMMENT 'Room name as the application gave it; reused by later calls',
    created_at DateTime('UTC') COMMENT 'Creation of the room, UTC seconds',
    destroyed_at Nullable(DateTime('UTC')) COMMENT 'End of the call, UTC seconds; NULL while it was still running',
    is_finished Bool COMMENT 'Whether the call was over when it was archived',
    creator_user_id LowCardinality(String) COMMENT 'User who created the room',
    duration_seconds Nullable(UInt64) COMMENT 'From creation to end; NULL while it was still running',
    users UInt64 COMMENT 'Distinct users who were there',
    sessions UInt64 COMMENT 'Stays of these users',
    presence_seconds UInt64 COMMENT 'Seconds of all users in the call, of the stays that are over',
    peak_users UInt64 COMMENT 'Most stays at one moment; one that ends when another begins does not overlap it, nor does one of no length count',
    samples UInt64 COMMENT 'Samples of quality',
    network_changes UInt64 COMMENT 'Changes of the network of all users',
    connections_lost UInt64 COMMENT 'Losses of the connection of all users',
    quality_score Nullable(Float64) COMMENT 'Average of the users'' scores, from 0 (serious) to 100 (good); NULL: nothing to judge by. See call_users',
    grade LowCardinality(String) COMMENT 'Of quality_score: good (100), fair (50 and more), poor (more than 0), serious (0), unknown',
    worst_user_id LowCardinality(String) COMMENT 'User with the lowest score, the first by name of several; empty: nobody has one',
    worst_user_score Nullable(Float64) COMMENT 'Score of that user',
    rtt_avg Nullable(Float64) COMMENT 'Round trip between clients and cloud, ms: average over all samples; NULL: no sample',
    sys_cpu_avg Nullable(Float64) COMMENT 'Processor load of the devices, %: average over all samples; NULL: no sample',
    audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets lost on the way to the cloud, %: average over all samples; NULL: no sample',
    audio_loss_down_avg Nullable(Float64) COMMENT 'Audio packets lost on the way from the cloud, %: average over all samples; NULL: no sample',
    video_loss_up_avg Nullable(Float64) COMMENT 'Video packets lost on the way to the cloud, %: average over all samples; NULL: no sample',
    video_loss_down_avg Nullable(Float64) COMMENT 'Video packets lost on the way from the cloud, %: average over all samples; NULL: no sample',
    video_fps_down_avg Nullable(Float64) COMMENT 'Frames rendered, 1/s: average over all samples; NULL: no sample',
    audio_stall_share Nullable(Float64) COMMENT 'Share of the time of the audio received that was stall, from 0 to 1; NULL: no sample',
    video_stall_share Nullable(Float64) COMMENT 'Share of the time of the video received that was stall, from 0 to 1; NULL: no sample',
    is_complete Bool COMMENT 'Whether all of the call is in the archive for good. Not while it runs or settles, nor where missing says what it lacks',
    missing Array(LowCardinality(String)) COMMENT 'Kinds of what the call lacks, which the vendor did not send or sent in a form that could not be read: room, users (sessions), series (samples), events. The view ledger has each part with its reason'
)
AS WITH (
    SELECT arrayMap(m -> limits[m], ['loss', 'loss', 'rtt', 'cpu', 'fps', 'loss', 'loss', 'stall', 'stall', 'fps']) FROM
    (
        SELECT mapFromArrays(groupArray(measure), groupArray((x.1, if(x.1 = x.2, 0, 50 / (x.2 - x.1)), x.2, 50 / (x.3 - x.2)))) AS limits
        FROM (SELECT measure, argMax((good, poor, serious), changed_at) AS x FROM {{.Database}}.quality_thresholds GROUP BY measure)
    )
) AS limits
SELECT sdk_app_id, comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id, toUInt64(destroyed_at - created_at) AS duration_seconds, users, sessions, presence_seconds, peak_users, samples, network_changes, connections_lost, quality_score, 
    multiIf(quality_score IS NULL, 'unknown', quality_score >= 100, 'good', quality_score >= 50, 'fair', quality_score > 0, 'poor', 'serious') AS grade, 
    if(worst = 1000, '', user_ids[indexOf(scores, worst)]) AS worst_user_id, nullIf(worst, 1000) AS worst_user_score, rtt_avg, sys_cpu_avg, audio_loss_up_avg, audio_loss_down_avg, video_loss_up_avg, video_loss_down_avg, video_fps_down_avg, audio_stall_share, video_stall_share, is_complete, missing
FROM
(
    SELECT *, arrayMin(arrayPushBack(scores, 1000)) AS worst, arrayReduce('avgOrNull', arrayFilter(x -> x <= 100, scores)) AS quality_score
    FROM
    (
        SELECT *, arrayMap(x -> arrayMin(arrayMap((v, l) -> if(isNaN(v) OR l.2 = 0, 1000, least(100, greatest(0, if(((v - l.1) * l.2 AS d) <= 50, 100 - d, 50 - (v - l.3) * l.4)))), x, limits)), judged) AS scores
        FROM {{.Database}}.calls_data
        WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    )
)
COMMENT 'One row a call: how long, how many, how good. Exact: made of the relations beneath by the commit that shows them';

CREATE OR REPLACE VIEW {{.Database}}.ledger {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, list (the calls of one UTC day), unusual (one hour of unusual events) or scale (one day of daily scale)',
    key String COMMENT 'Which unit: CommId of a call, day of a list, or start of the hour or day (RFC 3339)',
    part LowCardinality(String) COMMENT 'Empty: the unit itself. Otherwise what of it: room, users, series, events; unusual; scale',
    part_key String COMMENT 'Tells parts of one kind within a unit apart: the user of events, window and users of series',
    state LowCardinality(String) COMMENT 'pending: not visible yet; provisional: visible, may still change; archived, empty: visible, final; failed: set aside, to be tried again; lost: dropped by the vendor before it was archived; expired: it was archived, and deleted since it is older than CALLVAULT_KEEP',
    reason String COMMENT 'Why it is failed or lost, or what a provisional one lacks',
    window_start DateTime('UTC') COMMENT 'Unit: when it begins. Part: first second asked for',
    window_end DateTime('UTC') COMMENT 'Unit: everything up to this second is archived for good (1970: nothing is). Part: last second asked for',
    users Array(String) COMMENT 'The users of series or events',
    deadline DateTime('UTC') COMMENT 'When the vendor begins to drop it or, of a unit, what of it is not archived for good',
    attempts UInt32 COMMENT 'Passes that have tried in vain to have all of it; of a part that is set aside, to have that part',
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
    reason, window_start, window_end, users, deadline, toUInt32(0) AS attempts, rows, null_samples, run_id, CAST(asked_at, 'DateTime64(6, \'UTC\')') AS updated_at
FROM {{.Database}}.ledger_parts
WHERE part != 'summary' AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) IN ('replaced', 'abandoned'))
UNION ALL
SELECT sdk_app_id, kind, key, failed_part AS part, failed_key AS part_key, if(state IN ('pending', 'provisional', 'failed') AND NOT startsWith(failed_key, 'before '), 'failed', 'lost') AS state, failed_reason AS reason, starts_at AS window_start, held_until AS window_end,
    CAST([], 'Array(String)') AS users, deadline, failed_attempt AS attempts, toUInt64(0) AS rows, toUInt64(0) AS null_samples, run_id, updated_at
FROM (SELECT * FROM {{.Database}}.ledger_units FINAL)
ARRAY JOIN failed_parts AS failed_part, failed_keys AS failed_key, failed_reasons AS failed_reason,
    arrayResize(failed_attempts, length(failed_parts), toUInt32(1)) AS failed_attempt
COMMENT 'What the window holds and how far the archive is with it: one row a unit, and one for each part of it';

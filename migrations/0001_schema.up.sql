{{/*
An archive is two databases. .Store has the tables, which only the program reads
and writes. .Database has what analysts read: views of these tables, and small tables
that people add rows to. A view reads with the rights of the user who made it, so a user
who may read .Database sees what is visible and nothing else.

Tables come first, then views, both grouped by purpose. migrations.go explains the
template words of these files.
*/ -}}

{{/* ==== Loads and the ledger: what is visible, and how far the archive is ==== */ -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.hidden_loads {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load',
    step Enum8('opened' = 1, 'committed' = 2, 'replaced' = 3, 'abandoned' = 4) COMMENT 'State of the load. The greatest step of a load counts, so a repeated or late insert changes nothing',
    at DateTime('UTC') DEFAULT now() COMMENT 'When the step was written, by the server''s clock'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY (load_id, step)
COMMENT 'Which loads the views leave out: those whose greatest step is opened, replaced or abandoned. A load without rows here is visible. No partition key: a commit must be one part';

{{if .OnCluster -}}
CREATE TABLE IF NOT EXISTS {{.Store}}.load_floor {{.OnCluster}}
(
    load_id UInt64 COMMENT 'Loads up to the greatest one here are visible unless hidden_loads leaves them out. Later ones are visible only if hidden_loads has them as committed: a query that began before a load must not show rows that reach a shard meanwhile'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY load_id
COMMENT 'Only on a cluster: raised once a day, before hidden_loads forgets loads that were below it the last time';
{{end}}
CREATE TABLE IF NOT EXISTS {{.Store}}.ledger_parts {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, unusual (one hour of unusual events), scale (one day of daily scale), or of statistics: usage, room_usage, market (one product or statement of one day), realtime (of one hour)',
    key String COMMENT 'Which unit: CommId of a call, start of the hour or day (RFC 3339), or product or statement and day or hour of statistics',
    part LowCardinality(String) COMMENT 'Kind of part: room, users, series, events; unusual; scale; statistics; summary: the rows of call_users_data, peer_quality_data and calls_data',
    part_key String COMMENT 'Tells parts of one kind within a unit apart: the user of events, window and users of series',
    room_id LowCardinality(String) COMMENT 'Room name of a call',
    load_id UInt64 COMMENT 'The load that holds its rows; hidden_loads says whether it counts',
    settled Bool COMMENT 'Whether the vendor''s answer can no longer change. A settled part stays when the unit is archived again',
    reason String COMMENT 'Why the part is not whole: what the vendor did not send, or what could not be read; empty: it is whole',
    window_start DateTime('UTC') COMMENT 'First second asked for',
    window_end DateTime('UTC') COMMENT 'Last second asked for',
    users Array(String) COMMENT 'The users of series or events; one empty string: all users',
    owned_from Array(UInt32) COMMENT 'First second that this part has of each user in users, unix seconds',
    owned_to Array(UInt32) COMMENT 'Last second that this part has of each user in users, unix seconds',
    rows UInt64 COMMENT 'Rows it brought',
    null_samples UInt64 COMMENT 'Points the vendor sent without a value; they are not rows',
    responses Array(UInt64) COMMENT 'The raw_responses that the part was made from, as far as they are kept',
    deadline DateTime('UTC') COMMENT 'When the vendor begins to drop it',
    asked_at DateTime64(3, 'UTC') COMMENT 'When it was asked for, by the client''s clock',
    run_id LowCardinality(String) COMMENT 'The run that asked'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY (sdk_app_id, kind, key, part, part_key, load_id)
COMMENT 'The parts that each load holds. A row is written once, after the load''s rows and before its commit, and deleted when the load is purged. Read the view ledger instead';

CREATE TABLE IF NOT EXISTS {{.Store}}.ledger_units {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, list (the calls of one UTC day), unusual (one hour of unusual events), scale (one day of daily scale), or of statistics: usage, room_usage, market (one product or statement of one day), realtime (of one hour)',
    key String COMMENT 'Which unit: CommId of a call, day of a list, start of the hour or day (RFC 3339), or product or statement and day or hour of statistics',
    state Enum8('pending' = 1, 'provisional' = 2, 'archived' = 3, 'empty' = 4, 'failed' = 5, 'lost' = 6, 'expired' = 7) COMMENT 'pending: known, not visible; provisional: visible as far as it went; archived, empty: final; failed: the next pass tries again; lost: the vendor dropped it before it was archived; expired: it was archived, then deleted because it is older than CALLVAULT_KEEP',
    reason String COMMENT 'Why the unit failed or is lost, or what a provisional unit lacks',
    starts_at DateTime('UTC') COMMENT 'When the unit begins: creation of the call, start of the hour or of the day',
    held_until DateTime('UTC') COMMENT 'All data up to this second is archived for good; 1970: none is',
    deadline DateTime('UTC') COMMENT 'When the vendor begins to drop data that is not archived for good',
    attempts UInt32 COMMENT 'Passes that tried to fetch all of it and failed',
    failed_parts Array(String) COMMENT 'Kinds of the parts that are set aside because they could not be fetched or read whole',
    failed_keys Array(String) COMMENT 'Keys of these parts',
    failed_reasons Array(String) COMMENT 'Why each of these parts is set aside',
    failed_attempts Array(UInt32) COMMENT 'How many passes asked for each of these parts and failed',
    failed_kept Array(Bool) COMMENT 'Whether raw_responses has the vendor''s answer for each of these parts',
    rooms UInt64 COMMENT 'Rows in rooms',
    user_sessions UInt64 COMMENT 'Rows in user_sessions',
    quality_samples UInt64 COMMENT 'Rows in quality_samples',
    null_samples UInt64 COMMENT 'Points the vendor sent without a value; they are not rows',
    user_events UInt64 COMMENT 'Rows in user_events',
    unusual_events UInt64 COMMENT 'Rows in unusual_events',
    daily_scale UInt64 COMMENT 'Rows in daily_scale',
    statistics UInt64 COMMENT 'Rows in usage_days, usage_rooms, market_hours and realtime_figures',
    privacy LowCardinality(String) COMMENT 'Of a call: what its rows have of persons (CALLVAULT_CLIENT_IP, CALLVAULT_IDENTITIES and a fingerprint of the key); empty: all, as the vendor sends it',
    events_of LowCardinality(String) COMMENT 'Of a call: whose events were asked for (CALLVAULT_USER_EVENTS): all, troubled (users who had trouble) or off; empty: it has not been asked for yet',
    run_id LowCardinality(String) COMMENT 'The run that wrote this',
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it was written, by the server''s clock'
)
ENGINE = {{everywhere "ReplacingMergeTree" "updated_at"}}
ORDER BY (sdk_app_id, kind, key)
COMMENT 'State of each unit, one row a unit (read it with FINAL). Read the view ledger instead';

{{/* ==== Runs, and what the vendor answered ==== */ -}}

{{define "beginning of a run"}}
    command LowCardinality(String) COMMENT 'What ran: archive, verify, replay, backup or erase',
    schedule LowCardinality(String) COMMENT 'Schedule that began it; empty: a command began it',
    is_whole Bool COMMENT 'Whether the run covered the whole window: no flag narrowed it',
    started_at DateTime64(3, 'UTC') COMMENT 'When it began, by the client''s clock',
{{end -}}

{{define "work of a run"}}
    reason String COMMENT 'Why the run is not done',
    sdk_app_ids Array(UInt32) COMMENT 'Applications that the run covered',
    complete_app_ids Array(UInt32) COMMENT 'Those of sdk_app_ids for which nothing was missing at the end',
    calls_archived UInt64 COMMENT 'Calls that the run archived, compared (verify) or replayed, provisional ones included',
    calls_provisional UInt64 COMMENT 'Those of calls_archived that a later run completes',
    failed UInt64 COMMENT 'Units and parts that could not be archived, or that differ; lost ones included',
    lost UInt64 COMMENT 'Units and parts that the vendor dropped before they were archived',
    users UInt64 COMMENT 'Users of each call, summed',
    samples UInt64 COMMENT 'Rows of quality_samples',
    events UInt64 COMMENT 'Rows of user_events',
    requests Map(String, UInt64) COMMENT 'Requests to the vendor by action, refused ones included',
    errors Map(String, UInt64) COMMENT 'Errors of the vendor and of the network by code',
    bytes UInt64 COMMENT 'Bytes of the vendor''s answers',
    privacy LowCardinality(String) COMMENT 'What the run stored of persons: CALLVAULT_CLIENT_IP, CALLVAULT_IDENTITIES and a fingerprint of the key; empty: all, as the vendor sends it',
    version LowCardinality(String) COMMENT 'Version of the program',
    host LowCardinality(String) COMMENT 'Host and process that ran it',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.archive_runs_data {{.OnCluster}}
(
    run_id String COMMENT 'The run',
    step UInt32 COMMENT 'Counts the rows of the run; the greatest one counts',
    {{columns "beginning of a run"}},
    ended_at DateTime64(3, 'UTC') COMMENT 'When the run ended, by the client''s clock; 1970: it is running',
    outcome Enum8('running' = 1, 'done' = 2, 'partial' = 3, 'failed' = 4, 'interrupted' = 5, 'busy' = 6) COMMENT 'How it ended: done; partial: some of the data could not be archived, or differs; failed; interrupted; busy: another run was under way',
    {{columns "work of a run"}},
    alive_until DateTime64(3, 'UTC') COMMENT 'When the run counts as dead unless it writes another row, by the server''s clock'
)
ENGINE = {{everywhere "ReplacingMergeTree" "step"}}
ORDER BY (started_at, run_id)
COMMENT 'Rows of runs: one at the beginning, some while it lasts, one at the end. Read the view archive_runs instead';

CREATE TABLE IF NOT EXISTS {{.Store}}.raw_responses{{.Shard}} {{.OnCluster}}
(
    response_id UInt64 COMMENT 'The response; ledger_parts says what was made from it',
    asked_at DateTime64(3, 'UTC') COMMENT 'When it was asked for, by the client''s clock',
    run_id LowCardinality(String) COMMENT 'The run that asked',
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    action LowCardinality(String) COMMENT 'The vendor''s action (Action)',
    request String COMMENT 'The request, JSON as it was sent' CODEC(ZSTD(3)),
    body String COMMENT 'The vendor''s answer, as it came. Where numbers are not empty, marks are in place of points' CODEC(ZSTD(3)),
    times Array(UInt32) COMMENT 'Times of the points that body has marks for, UTC seconds' CODEC(Delta, ZSTD(1)),
    numbers Array(Int32) COMMENT 'Values of these points, without the decimal point' CODEC(T64('bit'), ZSTD(1)),
    expires_at DateTime('UTC') COMMENT 'When it may be deleted',
    reason String COMMENT 'Why the response could not be read whole; empty: it could. Such a response is kept longer: at least until its unit is final' CODEC(ZSTD(1))
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toDate(expires_at)
ORDER BY response_id
TTL expires_at
SETTINGS ttl_only_drop_parts = 1
COMMENT 'The vendor''s responses from which the tables were made, for callvault replay. CALLVAULT_RAW says how long they are kept';

{{/* ==== Who was erased ==== */ -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.erased {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId) in which it was erased; 0: in all',
    kind Enum8('user' = 1, 'room' = 2) COMMENT 'What was erased: a user, or the calls of a room',
    key FixedString(32) COMMENT 'Random key of the archive',
    hash FixedString(32) COMMENT 'HMAC-SHA256 of kind, application and id with the key. The id itself is nowhere',
    before DateTime('UTC') COMMENT 'Only calls that began before are without it; 2106: all calls, later ones too',
    erased_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was erased, by the server''s clock'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY (sdk_app_id, kind, hash)
COMMENT 'Who was erased, as keyed hashes: no pass, replay, repair or restore brings them back. See callvault erase';

{{/* ==== What the vendor sent. A table and the view that shows its visible rows share a block of columns ==== */ -}}

{{define "rooms"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id String COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id String COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    created_at DateTime('UTC') COMMENT 'Creation of the room, UTC seconds (CreateTime)',
    destroyed_at Nullable(DateTime('UTC')) COMMENT 'End of the call, UTC seconds (DestroyTime); NULL while it was still running',
    is_finished Bool COMMENT 'Whether the call was over when it was archived (IsFinished)',
    creator_user_id LowCardinality(String) COMMENT 'User who created the room (UserId)',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.rooms_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "rooms"}},
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_call toLowCardinality(comm_id) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_room room_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(created_at)
ORDER BY (sdk_app_id, comm_id)
COMMENT 'One row a call, with the load it came in. Read the view rooms instead';

{{define "user_sessions"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    joined_at DateTime('UTC') COMMENT 'Entry into the room, UTC seconds (JoinTs)',
    left_at Nullable(DateTime('UTC')) COMMENT 'Exit from the room, UTC seconds (LeaveTs); NULL while the user was still in the room',
    is_finished Bool COMMENT 'Whether the session was over when it was archived (Finished)',
    device_type LowCardinality(String) COMMENT 'Device and operating system as reported (DeviceType)',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK (SdkVersion)',
    client_ip String COMMENT 'Address of the client (ClientIp)',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.user_sessions_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "user_sessions"}},
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds. A query that filters on it reads only the calls of that time' CODEC(ZSTD(1)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_creation call_created_at TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(joined_at)
ORDER BY (sdk_app_id, toDate(joined_at), comm_id, user_id)
SETTINGS index_granularity = 1024
COMMENT 'One row for each session of a user in a call; a user who leaves and comes back has several, with the load it came in. Read the view user_sessions instead';

{{define "quality_samples"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user whose stream was received (PeerId); empty: upstream, what user_id sends, and the user''s device',
    metric LowCardinality(String) COMMENT 'Metric by the vendor''s name (DataType), in the vendor''s unit',
    ts DateTime('UTC') COMMENT 'Time of the sample, UTC seconds (Time)' CODEC(Delta, ZSTD(1)),
    value Float64 ALIAS if(per = 0, odd, number / per) COMMENT 'Value in the metric''s own unit (Value)',
{{end -}}

{{/*
Doubles compress badly, decimals well. So the program writes a value as number / per, if that is
the value bit for bit, and otherwise as it is in odd (see load/native/values.go). T64 keeps of
each number the bytes in which those around it differ. By bits, T64('bit'), it takes 3 % less and
is slower to read.
*/ -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.quality_samples_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "quality_samples" | compressed 1}},
    number Int32 COMMENT 'Value times per; 0 if per is 0' CODEC(T64, ZSTD(1)),
    per UInt32 DEFAULT 1 COMMENT 'Power of ten that makes the values around whole numbers; 0: the value is in odd' CODEC(ZSTD(1)),
    odd Float64 COMMENT 'Value that is no whole number of 32 bits divided by a power of ten; 0 if per is not 0' CODEC(ZSTD(1)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(ts)
ORDER BY (sdk_app_id, metric, comm_id, user_id, peer_id, ts)
COMMENT 'One row for each sample of a quality metric that had a value; points without one are not stored, with the load it came in. Read the view quality_samples instead';

{{define "user_events"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user concerned (PeerId); empty: the event concerns the user alone',
    event_id UInt32 COMMENT 'Event by the vendor''s number (EventId)',
    ts DateTime64(3, 'UTC') COMMENT 'Time of the event, UTC milliseconds (Time)' CODEC(Delta, ZSTD(1)),
    stream_type UInt8 COMMENT 'Stream concerned (Type): 0 none, 2 big video, 3 small video, 7 side stream',
    param_one Int64 COMMENT 'First parameter; its meaning depends on event_id (ParamOne)',
    param_two Int64 COMMENT 'Second parameter; its meaning depends on event_id (ParamTwo)',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.user_events_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "user_events"}},
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(ts)
ORDER BY (sdk_app_id, comm_id, user_id, ts)
COMMENT 'One row for each entry in the event log of a user in a call, with the load it came in. Read the view user_events instead';

{{define "unusual_events"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User who had the bad experience (UserId)',
    experience_id UInt32 COMMENT 'Kind of bad experience by the vendor''s number (ExperienceId)',
    ts DateTime('UTC') COMMENT 'Time of the experience, UTC seconds (EventTime)',
    abnormal_event_id UInt32 COMMENT 'Cause by the vendor''s number (AbnormalEventId); 0: none known',
    peer_id LowCardinality(String) COMMENT 'Remote user who caused it (PeerId); empty: no remote user did',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.unusual_events_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "unusual_events"}},
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(ts)
ORDER BY (sdk_app_id, ts, room_id, user_id)
COMMENT 'One row for each cause of a bad experience of a user. An experience without a known cause is one row with abnormal_event_id 0, with the load it came in. Read the view unusual_events instead';

{{define "daily_scale"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    day Date MATERIALIZED toDate(day_start + INTERVAL 12 HOUR, 'UTC') COMMENT 'UTC day that the window [day_start, day_start + 24 h) mostly covers. The vendor''s day need not begin at midnight UTC: a window from 16:00 UTC (midnight in Beijing) counts as the next day',
    user_number UInt64 COMMENT 'Distinct users of each room, summed over the rooms (UserNumber)',
    user_count UInt64 COMMENT 'Room entries (UserCount)',
    room_numbers UInt64 COMMENT 'Rooms (RoomNumbers)',
    day_start DateTime('UTC') COMMENT 'Start of the day as the vendor reports it, UTC (Time)',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.daily_scale_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "daily_scale"}},
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(day_start)
ORDER BY (sdk_app_id, day_start)
COMMENT 'One row a day: the vendor''s own count of one application, with the load it came in. Read the view daily_scale instead';

{{define "usage_days"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    product LowCardinality(String) COMMENT 'What was used, by action and parameter: trtc (DescribeTrtcUsage), mix_transcoding, relay, recording_single and recording_multi (MixType), record_statistic, mcu_transcode, ai_… (AuType), moderation_… (Type), acceleration_… (Business)',
    day Date COMMENT 'Day that time_key begins with. Whether the vendor counts it in UTC or in Beijing (UTC+8), starts_at says',
    time_key LowCardinality(String) COMMENT 'The vendor''s name of the time, as it came (TimeKey); nearly always a day',
    starts_at Nullable(DateTime('UTC')) COMMENT 'When that time begins, UTC, as the vendor says (TimeStampKey); 16:00 UTC is midnight in Beijing. NULL: it does not say',
    usage_key LowCardinality(String) COMMENT 'What is counted, by the vendor''s name (UsageKey, or the name of the field)',
    value Nullable(Float64) COMMENT 'How much, in unit. The vendor''s null is no row. NULL: it is no number, see text',
    unit LowCardinality(String) COMMENT 'minutes, seconds, or empty: see the vendor''s page of the action',
    text String COMMENT 'What the vendor sent in place of a number; empty: it sent one',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.usage_days_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "usage_days"}},
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(day)
ORDER BY (sdk_app_id, product, day, usage_key)
COMMENT 'One row for each number of usage of an application and day, with the load it came in. Read the view usage_days instead';

{{define "usage_rooms"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    day Date COMMENT 'Day that was asked for (DescribeTrtcRoomUsage), from 00:00 to 23:59 in the time zone of the vendor',
    room_id String COMMENT 'Room name as the application gave it; the usage is that of all its calls on the day',
    line UInt32 COMMENT 'Line of the vendor''s table, from 1. A room may have several',
    usage_key LowCardinality(String) COMMENT 'What is counted: the name of the column in the vendor''s table',
    value Nullable(Float64) COMMENT 'How much, in seconds. An empty cell is no row. NULL: it is no number, see text',
    text String COMMENT 'What the vendor sent in place of a number; empty: it sent one',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.usage_rooms_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "usage_rooms"}},
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(day)
ORDER BY (sdk_app_id, day, room_id, line, usage_key)
COMMENT 'One row for each number of usage of a room and day, with the load it came in. Read the view usage_rooms instead';

{{define "market_hours"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    statement LowCardinality(String) COMMENT 'What was asked for: scale, quality or scale_metric (DescribeTRTCMarketScaleData, …QualityData, …ScaleMetricData)',
    ts DateTime('UTC') COMMENT 'Beginning of the hour, UTC',
    metric LowCardinality(String) COMMENT 'What is measured, by the vendor''s name (Columns)',
    value Float64 COMMENT 'Value in the metric''s own unit (RowValueFloat, or RowValue); the vendor''s null is no row',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.market_hours_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "market_hours"}},
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(ts)
ORDER BY (sdk_app_id, statement, metric, ts)
COMMENT 'One row for each number of the vendor''s dashboard of an application and hour, with the load it came in. Read the view market_hours instead';

{{define "realtime_figures"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    statement LowCardinality(String) COMMENT 'What was asked for: scale or quality (DescribeTRTCRealTimeScaleData, …QualityData)',
    ts DateTime('UTC') COMMENT 'Time of the figure, UTC',
    metric LowCardinality(String) COMMENT 'What is measured, by the vendor''s name (Columns)',
    value Float64 COMMENT 'Value in the metric''s own unit (RowValueFloat, or RowValue); the vendor''s null is no row',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.realtime_figures_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    {{columns "realtime_figures"}},
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(ts)
ORDER BY (sdk_app_id, statement, metric, ts)
COMMENT 'One row for each number of the vendor''s real-time dashboard of an application, with the load it came in. Read the view realtime_figures instead';

{{/* ==== Sums of streams: made from samples and events when these are loaded, and shown with them ==== */ -}}

{{/*
Tables of sums and summaries have few rows, many columns and long arrays. ZSTD(6) makes them a
sixth smaller than ZSTD(1), for some nanoseconds of an insert a sample.
*/ -}}

{{/* Metrics of a stream: name, the vendor's name, what it is. sums: no histogram is kept. */ -}}
{{$sums := list
    (histogram "app_cpu" "appCpu" "Processor load of the application, %")
    (histogram "sys_cpu" "sysCpu" "Processor load of the device, %")
    (histogram "rtt" "rtt" "Round trip between client and cloud, ms")
    (histogram "audio_bitrate" "aBit" "Bitrate of audio, bit/s")
    (histogram "audio_stall" "aBlock" "Stall of audio within each 2 s, ms")
    (histogram "audio_loss" "aLoss" "Packets of audio lost, %")
    (sums "audio_capture_energy" "aCapEnergy" "Volume captured")
    (sums "audio_play_energy" "aPlayEnergy" "Volume played")
    (histogram "video_bitrate" "bigvBit" "Bitrate of video, bit/s")
    (histogram "video_stall" "bigvBlock" "Stall of video within each 2 s, ms")
    (histogram "video_loss" "bigvLoss" "Packets of video lost, %")
    (histogram "video_capture_fps" "bigvCapFps" "Frames captured, 1/s")
    (histogram "video_encode_fps" "bigvEncFps" "Frames sent, 1/s")
    (histogram "video_decode_fps" "bigvDecFps" "Frames rendered, 1/s")
    (histogram "video_receive_fps" "bigvRecFps" "Frames delivered by the cloud, 1/s")
    (histogram "video_width" "bigvWidth" "Width of the picture, pixels")
    (histogram "video_height" "bigvHeight" "Height of the picture, pixels")
-}}

{{define "stream"}}
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user whose stream was received (PeerId); empty: upstream, what user_id sends, and the user''s device',
    day Date COMMENT 'UTC day of the samples and events',
    device_type LowCardinality(String) COMMENT 'Device and operating system of the user in the session of the samples (DeviceType); empty: unknown',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK in the session of the samples (SdkVersion); empty: unknown',
    first_ts DateTime('UTC') COMMENT 'Time of the first sample, UTC seconds; 1970: no sample',
    last_ts DateTime('UTC') COMMENT 'Time of the last sample, UTC seconds; 1970: no sample',
    samples UInt64 COMMENT 'Samples of all metrics',
    events UInt32 COMMENT 'Entries of the user''s event log; counted where peer_id is empty',
    network_changes UInt32 COMMENT 'Changes of the network, such as from Wi-Fi to 4G (event 1003)',
    connections_lost UInt32 COMMENT 'Losses of the connection: to the server (event 5005), signalling (32790, 36864), media (32792), left by timeout (7001 with 1)',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.quality_streams_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(6)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)' CODEC(ZSTD(6)),
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not' CODEC(ZSTD(6)),
    {{columns "stream" | compressed 6}},
{{range $sums}}    {{.Stored | compressed 6}},
{{end}}    `other.metric` Array(String) COMMENT 'Metrics that have no column of their own, by the vendor''s names' CODEC(ZSTD(6)),
    `other.samples` Array(UInt32) COMMENT 'Samples of each of other.metric' CODEC(ZSTD(6)),
    `other.sum` Array(Float64) COMMENT 'Sum of each of other.metric' CODEC(ZSTD(6)),
    `other.min` Array(Float64) COMMENT 'Smallest value of each of other.metric' CODEC(ZSTD(6)),
    `other.max` Array(Float64) COMMENT 'Greatest value of each of other.metric' CODEC(ZSTD(6)),
    is_down Bool MATERIALIZED peer_id != '' COMMENT 'Whether the stream is received' CODEC(ZSTD(6)),
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds. A query that filters on it reads only the calls of that time' CODEC(ZSTD(6)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_creation call_created_at TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(day)
ORDER BY (sdk_app_id, day, is_down, comm_id, user_id, peer_id)
SETTINGS index_granularity = 1024
COMMENT 'Sums of quality_samples and user_events: one row for what a user sends, or receives from a peer, on a UTC day with one device, for each part of a load. Written with the samples. Read the view quality_streams instead';

{{/*
==== How quality is judged ====

docs/quality.md says how minutes are judged. The limits are in quality_thresholds and may
change. A row of call_users_data, peer_quality_data or calls_data has the limits by which it
is judged in judged_by, and ClickHouse computes the column judgement when the row is
inserted, so that reading a grade costs nothing. After a change of the limits callvault
updates judged_by of all rows, and ClickHouse computes judgement anew (load/upkeep/judge.go).

Measures are in lists, and a computation of several steps is one expression: the word let
makes it from lines "name = expression". Elements of tuples have numbers here, or
tupleElement: an expression of a table knows no other way.

limits takes the positions of the measures in judged_by, and holds a tuple for each measure:
loss, stall, fps, rtt and cpu. All lists of measures here have this order. A tuple is good,
the distance from good to poor, poor, and the distance from poor to serious. A measure whose
three limits are equal is not judged: no value reaches its limits, not even the value that
stands for a missing one.
*/ -}}

{{define "limits"}}
    numbers = arrayMap(t -> toFloat64OrZero(t), splitByChar(' ', judged_by))
    arrayMap(x -> if(x.1 = x.3, (1e18, 1., 1e18, 1.), (x.1, if(x.1 = x.2, sign(x.3 - x.1), x.2 - x.1), x.2, if(x.2 = x.3, 1e-9 * sign(x.3 - x.1), x.3 - x.2))), arrayMap(i -> (numbers[i], numbers[i + 1], numbers[i + 2]), {{.}}))
{{end -}}

{{/*
excesses says how far each value v of a minute is beyond the limits of its measure: up to 0
is good, up to 1 fair, beyond 1 poor (such a minute is bad), from 2 on serious. Below
-100,000 there is no value, or the measure is not judged.
*/ -}}

{{define "excesses"}}arrayMap((v, l) -> if((v - l.3) / l.2 <= 0, least(1, (v - l.1) / l.2), 1 + (v - l.3) / l.4), v, limits){{end -}}

{{/*
grading takes the greatest excess of each minute of a user or a pair. It gives the grade as
a number, the number of judged minutes, the number of bad ones, the longest run of bad ones,
and the score.
*/ -}}

{{define "grading"}}
    judgeable = arrayFilter(e -> e > -1e5, {{.}})
    judged = length(judgeable)
    and bad = arrayCount(e -> e > 1, judgeable)
    and serious = arrayCount(e -> e >= 2, judgeable)
    and blemished = arrayCount(e -> e > 0, judgeable)
    and run = arrayMax(arrayCumSumNonNegative(arrayMap(e -> if(e > 1, 1, -1000000), judgeable)))
    and score = 100 - 50 * arrayAvg(e -> least(2, greatest(0, e)), judgeable)
    (multiIf(judged = 0, 0, 2 * bad >= judged OR 4 * serious >= judged, 4, 10 * bad >= judged OR run >= 3, 3, bad > 0 OR 10 * blemished >= judged, 2, 1), judged, bad, run, score)
{{end -}}

{{define "grade"}}transform({{.}}, [1, 2, 3, 4], ['good', 'fair', 'poor', 'serious'], 'unknown'){{end -}}

{{/*
grading of all takes the minutes of all users of a call. It gives the worst grade, the
grade of the call, the number of the worst user and the score of that user, the average
score, judged minutes, bad minutes, and the number of users who are poor or serious.
*/ -}}

{{define "grading of minutes"}}
    most = arrayMap(v -> arrayMax({{template "excesses"}}), y)
    {{let "grading" "most"}}
{{end -}}

{{define "grading of all"}}
    each = arrayMap(y -> {{let "grading of minutes" ""}}, {{.}})
    first = arrayReduce('min', arrayMap((r, s, i) -> (-r, s, if(r = 0, 0, i)), each.1, each.5, arrayEnumerate(each)))
    worst = -first.1
    (worst, worst - (worst > 1 AND 10 * countEqual(each.1, worst) < length(each) - countEqual(each.1, 0)), first.3, first.2, arrayAvg(arrayFilter((s, r) -> r > 0, each.5, each.1)), arraySum(each.2), arraySum(each.3), arrayCount(r -> r >= 3, each.1))
{{end -}}

{{/*
explanation takes the minutes of a user or a pair, the words for their causes, the time at
which the room was created, and the rest of the result; excesses and excess are those of
the minutes, and the greatest of each. It gives the worst minute (NULL: all
are good; of equal ones the first), the worst measure in it, the most frequent cause of bad
minutes (of equally frequent ones the first known one; empty: no minute is bad), how many
minutes have this cause, the rest, and words: the times of the minutes with this cause, and
what happened in the worst of them.
*/ -}}

{{define "explanation"}}{{$m := index . 0}}{{$whys := index . 1}}
    at = tupleElement({{$m}}, 'at')
    and metrics = tupleElement({{$m}}, 'metrics')
    and base = toUnixTimestamp(toStartOfMinute({{index . 2}}))
    and most_excess = arrayMax(excess)
    and causes = arrayMap((e, x, c) -> if(e > 1, c[indexOf(x, e)], 0), excess, excesses, tupleElement({{$m}}, 'causes'))
    worst = if(most_excess > 0, indexOf(excess, most_excess), 0)
    and most = arrayReduce('max', arrayMap(c -> (countEqual(causes, c), c != 1, -c), range(1, 13)))
    cause = if(most.1 = 0, 0, -most.3)
    blamed = arrayReduce('argMax', arrayEnumerate(excess), arrayMap((e, c) -> if(c = cause, e, 0), excess, causes))
    told = indexOf(tupleElement({{$whys}}, 'key'), 8 * blamed + indexOf(excesses[blamed], excess[blamed]))
    (if(worst = 0, NULL, toDateTime(base + 60 * at[worst], 'UTC')), {{template "metric" "metrics[worst][indexOf(excesses[worst], excess[worst])]"}}, {{template "cause" "cause"}}, most.1, {{index . 3}}, if(cause = 0, '', concat(formatDateTime(toDateTime(base + 60 * at[indexOf(causes, cause)], 'UTC'), '%H:%i'), if(most.1 = 1, '', formatDateTime(toDateTime(base + 60 * at[-indexOf(arrayReverse(causes), cause)], 'UTC'), '–%H:%i')), ' UTC, ', toString(most.1), if(most.1 = 1, ' bad minute: ', ' bad minutes: at worst '), tupleElement({{$whys}}, 'says')[told])))
{{end -}}

{{define "metric"}}transform({{.}}, range(1, 11), ['audio_loss_up', 'video_loss_up', 'audio_loss_down', 'video_loss_down', 'audio_stall', 'video_stall', 'rtt', 'sys_cpu', 'video_fps_up', 'video_fps_down'], ''){{end -}}

{{define "cause"}}transform({{.}}, range(1, 13), ['unknown', 'camera', 'encoder', 'uplink', 'downlink', 'latency', 'device', 'peer_camera', 'peer_encoder', 'peer_uplink', 'peer_latency', 'peer'], ''){{end -}}

{{/* judgement of one takes the positions of the measures, and who is to blame for the cause. */ -}}

{{define "judgement of one"}}
    limits = {{let "limits" (index . 0)}}
    excesses = arrayMap(v -> {{template "excesses"}}, tupleElement(minutes, 'values'))
    excess = arrayMap(x -> arrayMax(x), excesses)
    j = {{let "grading" "excess"}}
    and x = {{let "explanation" (list "minutes" "whys" "call_created_at" (index . 1))}}
    (if(j.2 = 0, NULL, j.5), {{template "grade" "j.1"}}, j.2, j.3, j.4, x.1, x.2, x.3, x.4, x.5, x.6)
{{end -}}

{{define "judgement of a user"}}{{let "judgement of one" (list "[1, 4, 7, 10, 13]" "multiIf(cause < 2, '', cause < 8, toString(user_id), tupleElement(whys, 'peer')[told])")}}{{end -}}

{{define "judgement of a pair"}}{{let "judgement of one" (list "[1, 4, 7]" "multiIf(cause = 0, '', cause = 1, 'nobody', cause < 8, 'receiver', 'sender')")}}{{end -}}

{{/* The worst user of a call explains it. */ -}}

{{define "judgement of a call"}}
    limits = {{let "limits" "[1, 4, 7, 10, 13]"}}
    j = {{let "grading of all" "tupleElement(minutes, 'values')"}}
    user = user_ids[j.3]
    and m = minutes[j.3]
    and why = whys[j.3]
    excesses = arrayMap(v -> {{template "excesses"}}, tupleElement(m, 'values'))
    excess = arrayMap(x -> arrayMax(x), excesses)
    x = {{let "explanation" (list "m" "why" "created_at" "multiIf(cause < 2, '', cause < 8, user, tupleElement(why, 'peer')[told])")}}
    (if(j.1 = 0, NULL, j.5), {{template "grade" "j.2"}}, j.6, j.7, j.8, user, if(j.1 = 0, NULL, j.4), {{template "grade" "j.1"}}, x.1, x.2, x.3, x.4, x.5, x.6)
{{end -}}

{{define "judged by"}}judged_by LowCardinality(String) COMMENT 'The limits by which the row is judged: good, poor and serious of loss, stall, fps, rtt and cpu' CODEC(ZSTD(6)){{end -}}

{{/* ==== Summaries of calls: made when a call is committed, and shown with it ==== */ -}}

{{/*
Minutes of a user or a pair, in order, as package quality makes them. Numbers count from the
minute of the call's creation. The other elements are lists with one entry for each measure, in the
order of the limits: value (-1e9 if there is none, 1e9 for frames), and the numbers of
metric and cause. whys has the words of the causes; their key is 8 times the number of the
minute in the list, plus the number of the measure.
*/ -}}

{{define "minutes"}}Array(Tuple(at Int32, values Array(Float32), metrics Array(UInt8), causes Array(UInt8))){{end -}}

{{define "whys of a user"}}Array(Tuple(key UInt32, says String, peer String)){{end -}}

{{define "what a user sends"}}
    {{measure "sys_cpu" "Processor load of the device, % (sysCpu)"}},
    {{measure "app_cpu" "Processor load of the application, % (appCpu)"}},
    {{measure "rtt" "Round trip between client and cloud, ms (rtt)"}},
    {{measure "audio_loss_up" "Audio packets lost of what the user sends, % (aLoss)"}},
    {{measure "video_loss_up" "Video packets lost of what the user sends, % (bigvLoss)"}},
    {{measure "audio_bitrate_up" "Bitrate of the audio the user sends, bit/s (aBit)"}},
    {{measure "video_bitrate_up" "Bitrate of the video the user sends, bit/s (bigvBit)"}},
    {{measure "video_fps_up" "Frames the user sends, 1/s (bigvEncFps)"}},
{{end -}}

{{define "what a user receives"}}
    {{measure "audio_loss_down" "Audio packets lost of what the user receives, % (aLoss)"}},
    {{measure "video_loss_down" "Video packets lost of what the user receives, % (bigvLoss)"}},
    {{measure "audio_bitrate_down" "Bitrate of the audio the user receives from each peer, bit/s (aBit)"}},
    {{measure "video_bitrate_down" "Bitrate of the video the user receives from each peer, bit/s (bigvBit)"}},
    {{measure "video_fps_down" "Frames rendered of what the user receives, 1/s (bigvDecFps)"}},
    audio_stall_samples UInt64 COMMENT 'Samples of: stall of the audio received, each over 2 s (aBlock)',
    audio_stall_seconds Float64 COMMENT 'Stall of the audio received (aBlock): seconds, summed over the peers',
    audio_stall_share Nullable(Float64) COMMENT 'Stall of the audio received (aBlock): share of the time, from 0 to 1; NULL: no sample',
    video_stall_samples UInt64 COMMENT 'Samples of: stall of the video received, each over 2 s (bigvBlock)',
    video_stall_seconds Float64 COMMENT 'Stall of the video received (bigvBlock): seconds, summed over the peers',
    video_stall_share Nullable(Float64) COMMENT 'Stall of the video received (bigvBlock): share of the time, from 0 to 1; NULL: no sample',
{{end -}}

{{define "user of a call"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds; a filter on it makes a query read less',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
{{end -}}

{{define "presence of a user"}}
    first_joined_at DateTime('UTC') COMMENT 'First entry into the room, UTC seconds',
    last_left_at Nullable(DateTime('UTC')) COMMENT 'Last exit from the room, UTC seconds; NULL while the user was still there',
{{end -}}

{{define "counts of a user"}}
    presence_seconds UInt64 COMMENT 'Seconds in the call; a session that still runs counts up to the call''s last sample',
    device_type LowCardinality(String) COMMENT 'Device and operating system of the last session, as reported (DeviceType)',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK of the last session (SdkVersion)',
    client_ip String COMMENT 'Address of the client of the last session (ClientIp)',
    samples UInt64 COMMENT 'Samples of all metrics',
    events UInt64 COMMENT 'Entries of the event log',
    network_changes UInt64 COMMENT 'Changes of the network, such as from Wi-Fi to 4G (event 1003)',
    connections_lost UInt64 COMMENT 'Losses of the connection: to the server (event 5005), signalling (32790, 36864), media (32792), left by timeout (7001 with 1)',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.call_users_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load of the summary; hidden_loads says whether it counts' CODEC(ZSTD(6)),
    {{columns "user of a call" | compressed 6}},
    {{columns "presence of a user" | compressed 6}},
    sessions UInt64 COMMENT 'Sessions in the call; 0: the user has samples or events, but no known session' CODEC(ZSTD(6)),
    {{columns "counts of a user" | compressed 6}},
    video_bitrate_swing_up Nullable(Float64) COMMENT 'Half the width of the middle 90 % of the bitrate of the video sent, in % of its median; NULL: no sample' CODEC(ZSTD(6)),
    {{columns "what a user sends" | compressed 6}},
    {{columns "what a user receives" | compressed 6}},
    `metrics.direction` Array(String) COMMENT 'Direction of each measured metric, up or down; ordered by direction and name' CODEC(ZSTD(6)),
    `metrics.metric` Array(String) COMMENT 'The vendor''s names of the metrics' CODEC(ZSTD(6)),
    `metrics.samples` Array(UInt64) COMMENT 'Samples of each' CODEC(ZSTD(6)),
    `metrics.sum` Array(Float64) COMMENT 'Sum of each' CODEC(ZSTD(6)),
    `metrics.min` Array(Float64) COMMENT 'Least value of each' CODEC(ZSTD(6)),
    `metrics.p50` Array(Float64) COMMENT 'Median of the rounded values of each; NaN: no histogram is kept' CODEC(ZSTD(6)),
    `metrics.p95` Array(Float64) COMMENT '95th percentile of the rounded values of each; NaN: no histogram is kept' CODEC(ZSTD(6)),
    `metrics.max` Array(Float64) COMMENT 'Greatest value of each' CODEC(ZSTD(6)),
    minutes {{template "minutes"}} COMMENT 'Minutes in which sound or picture flowed, each with its number and lists of its measures: packets lost, %, stall, % of the time, frames a second, round trip, ms, processor load, %' CODEC(ZSTD(6)),
    whys {{template "whys of a user"}} COMMENT 'For each measure of these minutes that has a cause: the key, the words for it, and the peer; empty: the user''s own' CODEC(ZSTD(6)),
    {{template "judged by"}},
    judgement Tuple(score Nullable(Float64), grade LowCardinality(String), judged_minutes UInt64, bad_minutes UInt64, bad_run_minutes UInt64, worst_minute Nullable(DateTime('UTC')), worst_metric LowCardinality(String), cause LowCardinality(String), cause_minutes UInt64, cause_user_id String, diagnosis String) MATERIALIZED {{template "judgement of a user"}} COMMENT 'What the view shows of the quality, by judged_by' CODEC(ZSTD(6)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(call_created_at)
ORDER BY (sdk_app_id, toDate(call_created_at), comm_id, user_id)
SETTINGS index_granularity = 1024
COMMENT 'One row for each user of a call, made from all rows that the call''s commit left visible, with the load it came in. Read the view call_users instead';

{{define "pair of users"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds; a filter on it makes a query read less',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User who receives (UserId)',
    peer_id LowCardinality(String) COMMENT 'User who sends (PeerId)',
    first_ts DateTime('UTC') COMMENT 'First sample, UTC seconds',
    last_ts DateTime('UTC') COMMENT 'Last sample, UTC seconds',
    {{columns "what a user receives"}},
    peer_audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets lost of what the peer sends, % (aLoss): average; NULL: no sample',
    peer_video_loss_up_avg Nullable(Float64) COMMENT 'Video packets lost of what the peer sends, % (bigvLoss): average; NULL: no sample',
    peer_rtt_avg Nullable(Float64) COMMENT 'Round trip between the peer and the cloud, ms (rtt): average; NULL: no sample',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.peer_quality_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load of the summary; hidden_loads says whether it counts' CODEC(ZSTD(6)),
    {{columns "pair of users" | compressed 6}},
    minutes {{template "minutes"}} COMMENT 'Minutes in which sound or picture flowed, each with its number and lists of its measures: packets lost, %, stall, % of the time, frames a second' CODEC(ZSTD(6)),
    whys Array(Tuple(key UInt32, says String)) COMMENT 'For each measure of these minutes that has a cause: the key, and the words for it' CODEC(ZSTD(6)),
    {{template "judged by"}},
    judgement Tuple(score Nullable(Float64), grade LowCardinality(String), judged_minutes UInt64, bad_minutes UInt64, bad_run_minutes UInt64, worst_minute Nullable(DateTime('UTC')), worst_metric LowCardinality(String), cause LowCardinality(String), cause_minutes UInt64, fault String, diagnosis String) MATERIALIZED {{template "judgement of a pair"}} COMMENT 'What the view shows of the quality, by judged_by' CODEC(ZSTD(6)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(call_created_at)
ORDER BY (sdk_app_id, toDate(call_created_at), comm_id, user_id, peer_id)
SETTINGS index_granularity = 1024
COMMENT 'One row for each pair of a receiver and a sender in a call, made from all rows that the call''s commit left visible, with the load it came in. Read the view peer_quality instead';

{{define "call"}}
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id String COMMENT 'Room name as the application gave it; reused by later calls',
    created_at DateTime('UTC') COMMENT 'Creation of the room, UTC seconds',
    destroyed_at Nullable(DateTime('UTC')) COMMENT 'End of the call, UTC seconds; NULL while it was still running',
    is_finished Bool COMMENT 'Whether the call was over when it was archived',
    creator_user_id LowCardinality(String) COMMENT 'User who created the room',
{{end -}}

{{define "counts of a call"}}
    users UInt64 COMMENT 'Distinct users in the call',
    sessions UInt64 COMMENT 'Sessions of these users',
    presence_seconds UInt64 COMMENT 'Seconds of all users in the call; a session that still runs counts up to the call''s last sample',
    peak_users UInt64 COMMENT 'Most sessions at one moment. A session that ends when another begins does not overlap it; a session without length does not count',
    samples UInt64 COMMENT 'Samples of all metrics',
    network_changes UInt64 COMMENT 'Changes of the network, such as from Wi-Fi to 4G (event 1003)',
    connections_lost UInt64 COMMENT 'Losses of the connection: to the server (event 5005), signalling (32790, 36864), media (32792), left by timeout (7001 with 1)',
{{end -}}

{{define "averages of a call"}}
    rtt_avg Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): average; NULL: no sample',
    sys_cpu_avg Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): average; NULL: no sample',
    audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): average; NULL: no sample',
    audio_loss_down_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): average; NULL: no sample',
    video_loss_up_avg Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): average; NULL: no sample',
    video_loss_down_avg Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): average; NULL: no sample',
    video_fps_down_avg Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): average; NULL: no sample',
    audio_stall_share Nullable(Float64) COMMENT 'Stall of the audio received (aBlock): share of the time, from 0 to 1; NULL: no sample',
    video_stall_share Nullable(Float64) COMMENT 'Stall of the video received (bigvBlock): share of the time, from 0 to 1; NULL: no sample',
{{end -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.calls_data{{.Shard}} {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load of the summary; hidden_loads says whether it counts' CODEC(ZSTD(6)),
    {{columns "call" | compressed 6}},
    {{columns "counts of a call" | compressed 6}},
    {{columns "averages of a call" | compressed 6}},
    user_ids Array(String) COMMENT 'The users of the call, in order' CODEC(ZSTD(6)),
    minutes Array({{template "minutes"}}) COMMENT 'The minutes of each user in user_ids, as in call_users_data' CODEC(ZSTD(6)),
    whys Array({{template "whys of a user"}}) COMMENT 'The causes of each user in user_ids, as in call_users_data' CODEC(ZSTD(6)),
    is_complete Bool COMMENT 'Whether the whole call is archived for good' CODEC(ZSTD(6)),
    missing Array(LowCardinality(String)) COMMENT 'Kinds of data that the call lacks: room, users, series, events' CODEC(ZSTD(6)),
    {{template "judged by"}},
    judgement Tuple(quality_score Nullable(Float64), grade LowCardinality(String), judged_minutes UInt64, bad_minutes UInt64, bad_users UInt64, worst_user_id String, worst_user_score Nullable(Float64), worst_user_grade LowCardinality(String), worst_minute Nullable(DateTime('UTC')), worst_metric LowCardinality(String), cause LowCardinality(String), cause_minutes UInt64, cause_user_id String, diagnosis String) MATERIALIZED {{let "judgement of a call" ""}} COMMENT 'What the view shows of the quality, by judged_by' CODEC(ZSTD(6)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_room room_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(created_at)
ORDER BY (sdk_app_id, toDate(created_at), comm_id)
SETTINGS index_granularity = 1024
COMMENT 'One row a call, made from all rows that its commit left visible, with the load it came in. Read the view calls instead';

{{if .OnCluster}}
{{/*
==== On a cluster: the tables above as a whole ====

Each server has the rows of its shard in a table named _shard. The tables that programs and
views name are all shards together. All rows of a call are on one shard, and so are all of
a day of an application that belong to no call.
*/ -}}

{{range list
    (list "rooms_data" "sdk_app_id, comm_id")
    (list "user_sessions_data" "sdk_app_id, comm_id")
    (list "quality_samples_data" "sdk_app_id, comm_id")
    (list "user_events_data" "sdk_app_id, comm_id")
    (list "quality_streams_data" "sdk_app_id, comm_id")
    (list "call_users_data" "sdk_app_id, comm_id")
    (list "peer_quality_data" "sdk_app_id, comm_id")
    (list "calls_data" "sdk_app_id, comm_id")
    (list "unusual_events_data" "sdk_app_id, toDate(ts)")
    (list "daily_scale_data" "sdk_app_id, toDate(day_start)")
    (list "usage_days_data" "sdk_app_id, day")
    (list "usage_rooms_data" "sdk_app_id, day")
    (list "market_hours_data" "sdk_app_id, toDate(ts)")
    (list "realtime_figures_data" "sdk_app_id, toDate(ts)")
    (list "raw_responses" "response_id")
}}
CREATE TABLE IF NOT EXISTS {{$.Store}}.{{index . 0}} {{$.OnCluster}} AS {{$.Store}}.{{index . 0}}_shard
ENGINE = Distributed({{$.Cluster}}, {{$.Store}}, {{index . 0}}_shard, cityHash64({{index . 1}}))
COMMENT 'The rows of {{index . 0}}_shard on all shards';
{{end}}{{end -}}

{{/* ==== What people may add rows to: limits of quality, and names of numbers ==== */ -}}

CREATE TABLE IF NOT EXISTS {{.Database}}.quality_thresholds {{.OnCluster}}
(
    measure LowCardinality(String) COMMENT 'What is judged: loss (%), stall (% of the time), fps (1/s), rtt (ms) or cpu (%)',
    good Float64 COMMENT 'Up to this value a minute is good',
    poor Float64 COMMENT 'Beyond this value a minute is poor, and counts as bad',
    serious Float64 COMMENT 'From this value on a minute is serious. The order of the three numbers shows which direction is worse; three equal numbers: the measure is not judged',
    remark String DEFAULT '' COMMENT 'Where the numbers come from',
    changed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; 1970: a default value'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY (measure, changed_at)
COMMENT 'What is good, poor and serious. The newest row of a measure counts: to change a limit, insert a row. Grades follow with the next pass or with callvault judge, those of past calls, too: see judged_limits';

INSERT INTO {{.Database}}.quality_thresholds (measure, good, poor, serious, remark, changed_at)
SELECT * FROM values('measure String, good Float64, poor Float64, serious Float64, remark String, changed_at DateTime64(3, \'UTC\')',
    ('loss', 2, 5, 10, 'the vendor\'s dashboard: under 2 % good, over 5 % poor, over 10 % serious', 0),
    ('fps', 15, 10, 5, 'the vendor\'s dashboard: under 10 bad; the others are ours', 0),
    ('cpu', 60, 85, 95, 'the vendor\'s dashboard: over 85 % bad; the others are ours', 0),
    ('rtt', 100, 200, 400, 'ours', 0),
    ('stall', 1, 5, 10, 'ours', 0))
WHERE measure NOT IN (SELECT measure FROM {{.Database}}.quality_thresholds WHERE changed_at = toDateTime64(0, 3, 'UTC'));

CREATE TABLE IF NOT EXISTS {{.Database}}.event_names {{.OnCluster}}
(
    event_id UInt32 COMMENT 'Event by the vendor''s number (EventId)',
    category LowCardinality(String) COMMENT 'Kind of event: device, network, app, audio, video, connection, room, web',
    name_en String COMMENT 'What happened, English',
    name_zh String COMMENT 'What happened, Chinese'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY (event_id)
COMMENT 'Events of user_events by number; see events_decoded';

INSERT INTO {{.Database}}.event_names (event_id, category, name_en, name_zh)
SELECT event_id, category, name_en, name_zh FROM values('event_id UInt32, category String, name_en String, name_zh String',
    (1001, 'device', 'Earphone', '有线耳机'),
    (1002, 'device', 'Bluetooth earphone', '蓝牙耳机'),
    (1003, 'network', 'Network type', '网络类型'),
    (2001, 'app', 'Application in foreground or background', '应用前后台切换'),
    (2002, 'app', 'Permission missing', '缺少权限'),
    (3001, 'audio', 'Microphone capture', '麦克风采集'),
    (3002, 'audio', 'Playback mute', '播放静音'),
    (3003, 'audio', 'Audio codec', '音频编码格式'),
    (3004, 'audio', 'Audio output', '声音输出设备'),
    (4001, 'video', 'Camera opened', '摄像头打开成功'),
    (4002, 'video', 'Camera failed to open', '摄像头打开失败'),
    (4003, 'video', 'Resolution of the upstream changed (width, height)', '上行分辨率变化（宽、高）'),
    (4004, 'video', 'Video encoder', '视频编码器'),
    (4005, 'video', 'Video decoder', '视频解码器'),
    (4006, 'video', 'Video upstream', '视频上行开关'),
    (4007, 'video', 'Resolution of the downstream changed (width, height)', '下行分辨率变化（宽、高）'),
    (4008, 'video', 'Frame rate set', '帧率变化'),
    (4009, 'video', 'Bitrate set', '码率变化'),
    (4010, 'video', 'Reference picture selection turned off', '参考帧选择关闭'),
    (4011, 'video', 'Hardware decoder failed', '硬件解码失败'),
    (4012, 'video', 'Fell back to software decoding', '回退到软件解码'),
    (4013, 'video', 'No frame decoded in 3 s', '3 秒内没有解码出画面'),
    (4014, 'video', 'Remote picture', '远端画面开关'),
    (4015, 'video', 'Subscription to the main stream', '主路画面订阅'),
    (5001, 'connection', 'Entering the room', '开始进房'),
    (5002, 'connection', 'Look-up of the access address', '接入地址查询'),
    (5003, 'connection', 'Room entry', '进房结果'),
    (5004, 'connection', 'Video upload started', '视频开始上传'),
    (5005, 'connection', 'Connection to the server timed out', '服务器连接超时'),
    (5006, 'connection', 'First video packet received', '收到首个视频包'),
    (5007, 'connection', 'First video frame played', '播放首帧画面'),
    (5008, 'connection', 'Room exit', '退房结果'),
    (5009, 'connection', 'First audio frame sent', '发送首帧音频'),
    (6001, 'network', 'Preference of the flow control', '流控偏好'),
    (7000, 'room', 'Entered the room', '进入房间'),
    (7001, 'room', 'Left the room', '离开房间'),
    (32768, 'web', 'Video turned on', '视频开启'),
    (32769, 'web', 'Audio turned on', '音频开启'),
    (32770, 'web', 'Video turned off', '视频关闭'),
    (32771, 'web', 'Audio turned off', '音频关闭'),
    (32772, 'web', 'Video muted', '视频静默'),
    (32773, 'web', 'Audio muted', '音频静音'),
    (32774, 'web', 'Video unmuted', '视频取消静默'),
    (32775, 'web', 'Audio unmuted', '音频取消静音'),
    (32776, 'web', 'Subscribed to remote video', '订阅远端视频'),
    (32777, 'web', 'Subscribed to remote audio', '订阅远端音频'),
    (32778, 'web', 'Unsubscribed from remote video', '取消订阅远端视频'),
    (32779, 'web', 'Unsubscribed from remote audio', '取消订阅远端音频'),
    (32780, 'web', 'Camera switched', '切换摄像头'),
    (32781, 'web', 'Microphone switched', '切换麦克风'),
    (32782, 'web', 'Video updated', '视频更新'),
    (32783, 'web', 'Audio updated', '音频更新'),
    (32784, 'web', 'Remote video turned off', '远端视频关闭'),
    (32785, 'web', 'Remote audio turned off', '远端音频关闭'),
    (32786, 'web', 'Remote video turned on', '远端视频开启'),
    (32787, 'web', 'Remote audio turned on', '远端音频开启'),
    (32788, 'room', 'Entered the room (web)', '进入房间（Web）'),
    (32789, 'room', 'Left the room (web)', '离开房间（Web）'),
    (32790, 'connection', 'Signalling connection lost', '信令连接断开'),
    (32791, 'connection', 'Signalling connected', '信令连接成功'),
    (32792, 'connection', 'Media connection lost', '媒体连接断开'),
    (32793, 'connection', 'Media connected', '媒体连接成功'),
    (36864, 'connection', 'Signalling connection lost', '信令连接断开'))
WHERE (event_id) NOT IN (SELECT event_id FROM {{.Database}}.event_names);

CREATE TABLE IF NOT EXISTS {{.Database}}.event_values {{.OnCluster}}
(
    event_id UInt32 COMMENT 'Event by the vendor''s number (EventId)',
    param_one Int64 COMMENT 'Value of the first parameter (ParamOne)',
    name_en String COMMENT 'What the value means, English',
    name_zh String COMMENT 'What the value means, Chinese'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY (event_id, param_one)
COMMENT 'Meaning of the first parameter of events; see events_decoded';

INSERT INTO {{.Database}}.event_values (event_id, param_one, name_en, name_zh)
SELECT event_id, param_one, name_en, name_zh FROM values('event_id UInt32, param_one Int64, name_en String, name_zh String',
    (1001, 0, 'pulled out', '拔出'),
    (1001, 1, 'plugged in', '插入'),
    (1002, 0, 'off', '断开'),
    (1002, 1, 'on', '连接'),
    (1003, 0, 'none', '无网络'),
    (1003, 1, 'Wi-Fi', 'Wi-Fi'),
    (1003, 2, '4G', '4G'),
    (1003, 3, '3G', '3G'),
    (1003, 4, '2G', '2G'),
    (1003, 5, 'wired', '有线网络'),
    (2001, 0, 'foreground', '前台'),
    (2001, 1, 'background', '后台'),
    (2002, 1, 'network', '网络'),
    (2002, 2, 'reading files', '文件读取'),
    (2002, 3, 'writing files', '文件写入'),
    (2002, 4, 'audio recording', '录音'),
    (2002, 5, 'camera', '摄像头'),
    (3001, 0, 'started', '开始采集'),
    (3001, 1, 'muted', '静音'),
    (3001, 2, 'stopped', '停止采集'),
    (3001, 3, 'unmuted', '取消静音'),
    (3002, 0, 'off', '关闭'),
    (3002, 1, 'on', '开启'),
    (3003, 10, 'AAC', 'AAC'),
    (3003, 11, 'Opus', 'Opus'),
    (3004, 0, 'speaker', '扬声器'),
    (3004, 1, 'receiver', '听筒'),
    (4001, 0, 'front camera', '前置摄像头'),
    (4001, 1, 'rear camera', '后置摄像头'),
    (4002, 0, 'front camera', '前置摄像头'),
    (4002, 1, 'rear camera', '后置摄像头'),
    (4004, 0, 'software', '软件'),
    (4004, 1, 'hardware', '硬件'),
    (4005, 0, 'software', '软件'),
    (4005, 1, 'hardware', '硬件'),
    (4006, 0, 'on', '开启'),
    (4006, 1, 'off', '关闭'),
    (4014, 0, 'on', '开启'),
    (4014, 1, 'off', '关闭'),
    (4015, 0, 'off', '关闭'),
    (4015, 1, 'on', '开启'),
    (5002, 0, 'failed', '失败'),
    (5002, 1, 'succeeded', '成功'),
    (5003, 0, 'failed', '失败'),
    (5003, 1, 'succeeded', '成功'),
    (5008, 0, 'failed', '失败'),
    (5008, 1, 'succeeded', '成功'),
    (7000, 0, 'for the first time', '首次进入'),
    (7000, 1, 'again', '重新进入'),
    (7001, 0, 'normally', '正常离开'),
    (7001, 1, 'by timeout', '超时离开'),
    (7001, 2, 'kicked out', '被踢出'))
WHERE (event_id, param_one) NOT IN (SELECT event_id, param_one FROM {{.Database}}.event_values);

CREATE TABLE IF NOT EXISTS {{.Database}}.experience_names {{.OnCluster}}
(
    experience_id UInt32 COMMENT 'Kind of bad experience by the vendor''s number (ExperienceId)',
    name_en String COMMENT 'What the user saw or heard, English',
    name_zh String COMMENT 'What the user saw or heard, Chinese'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY (experience_id)
COMMENT 'Bad experiences of unusual_events by number; see unusual_events_decoded';

INSERT INTO {{.Database}}.experience_names (experience_id, name_en, name_zh)
SELECT experience_id, name_en, name_zh FROM values('experience_id UInt32, name_en String, name_zh String',
    (1, 'Slow room entry', '进房慢'),
    (2, 'Video would not start', '视频无法播放'),
    (3, 'Audio would not start', '音频无法播放'),
    (4, 'Video stalled', '视频卡顿'),
    (5, 'Audio stalled', '音频卡顿'))
WHERE (experience_id) NOT IN (SELECT experience_id FROM {{.Database}}.experience_names);

CREATE TABLE IF NOT EXISTS {{.Database}}.abnormal_event_names {{.OnCluster}}
(
    abnormal_event_id UInt32 COMMENT 'Cause by the vendor''s number (AbnormalEventId)',
    category LowCardinality(String) COMMENT 'Where the cause lies: room, camera, microphone, speaker, screen, codec, cpu, upstream, downstream',
    name_en String COMMENT 'The cause, English',
    name_zh String COMMENT 'The cause, Chinese'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY (abnormal_event_id)
COMMENT 'Causes of unusual_events by number; see unusual_events_decoded';

INSERT INTO {{.Database}}.abnormal_event_names (abnormal_event_id, category, name_en, name_zh)
SELECT abnormal_event_id, category, name_en, name_zh FROM values('abnormal_event_id UInt32, category String, name_en String, name_zh String',
    (1001, 'room', 'Audio device', '音频设备异常'),
    (1002, 'room', 'Video device', '视频设备异常'),
    (1003, 'room', 'Token invalid', '签名校验失败'),
    (1004, 'room', 'Access server not reached', '接入服务器异常'),
    (1005, 'room', 'Room entry failed', '进房失败'),
    (1006, 'room', 'Room entry failed', '进房失败'),
    (1007, 'room', 'Address of the client changed', '客户端 IP 变化'),
    (1008, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1009, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1010, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1011, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1012, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1013, 'room', 'Room entry timed out', '进房超时'),
    (1014, 'room', 'Service unavailable or in arrears', '服务不可用或欠费'),
    (1015, 'camera', 'Camera failed', '摄像头打开失败'),
    (1016, 'camera', 'No permission for the camera', '没有摄像头权限'),
    (1017, 'camera', 'Bad setting of the camera', '摄像头参数错误'),
    (1018, 'camera', 'Camera in use elsewhere', '摄像头被占用'),
    (1019, 'microphone', 'Microphone failed', '麦克风打开失败'),
    (1020, 'microphone', 'No permission for the microphone', '没有麦克风权限'),
    (1021, 'microphone', 'Bad setting of the microphone', '麦克风参数错误'),
    (1022, 'microphone', 'Microphone in use elsewhere', '麦克风被占用'),
    (1023, 'speaker', 'Speaker failed', '扬声器打开失败'),
    (1024, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1025, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1026, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1027, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1028, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1029, 'codec', 'Video encoding failed', '视频编码失败'),
    (1030, 'codec', 'Resolution not supported', '分辨率不支持'),
    (1031, 'codec', 'Audio encoding failed', '音频编码失败'),
    (1032, 'codec', 'Sample rate not supported', '采样率不支持'),
    (2001, 'cpu', 'Processor load of the device', '设备 CPU 占用过高'),
    (2002, 'cpu', 'Processor load of the application', '应用 CPU 占用过高'),
    (2003, 'upstream', 'Latency of the upstream', '上行延迟高'),
    (2004, 'upstream', 'Jitter of the upstream', '上行抖动大'),
    (2005, 'upstream', 'Audio packets lost upstream', '上行音频丢包'),
    (2006, 'upstream', 'Captured volume is 0', '采集音量为 0'),
    (2007, 'upstream', 'Packets of the big picture lost upstream', '上行大画面丢包'),
    (2008, 'upstream', 'Packets of the small picture lost upstream', '上行小画面丢包'),
    (2009, 'upstream', 'Packets of the side picture lost upstream', '上行辅路画面丢包'),
    (2010, 'upstream', 'Captured frame rate of the big picture', '大画面采集帧率低'),
    (2011, 'upstream', 'Captured frame rate of the small picture', '小画面采集帧率低'),
    (2012, 'upstream', 'Captured frame rate of the side picture', '辅路画面采集帧率低'),
    (2013, 'downstream', 'Latency of the downstream', '下行延迟高'),
    (2014, 'downstream', 'Jitter of the downstream', '下行抖动大'),
    (2015, 'downstream', 'Audio packets lost downstream', '下行音频丢包'),
    (2016, 'downstream', 'Playback volume is 0', '播放音量为 0'),
    (2017, 'downstream', 'Packets of the big picture lost downstream', '下行大画面丢包'),
    (2018, 'downstream', 'Packets of the small picture lost downstream', '下行小画面丢包'),
    (2019, 'downstream', 'Packets of the side picture lost downstream', '下行辅路画面丢包'),
    (2020, 'downstream', 'Rendered frame rate of the big picture', '大画面渲染帧率低'),
    (2021, 'downstream', 'Rendered frame rate of the small picture', '小画面渲染帧率低'),
    (2022, 'downstream', 'Rendered frame rate of the side picture', '辅路画面渲染帧率低'),
    (2023, 'downstream', 'Audio stalled', '音频卡顿'),
    (2024, 'downstream', 'Big picture stalled', '大画面卡顿'),
    (2025, 'downstream', 'Small picture stalled', '小画面卡顿'),
    (2026, 'downstream', 'Side picture stalled', '辅路画面卡顿'))
WHERE (abnormal_event_id) NOT IN (SELECT abnormal_event_id FROM {{.Database}}.abnormal_event_names);

{{/* ==== Views of what the vendor sent ==== */ -}}

{{/*
The views show the rows of loads that are not hidden. On a cluster, the server where the query
begins reads hidden_loads once and sends it to the shards, which look at their rows a little
later. So a load above load_floor must be in it as committed, and one below must not be in it
as something else. That server, and each replica that takes part, sees to it that it is not
behind.
*/ -}}

{{define "here"}}0 IN (SELECT behind FROM {{.Store}}.here){{end -}}
{{define "above"}}(load_id > (SELECT max(load_id) FROM {{.Store}}.load_floor)){{end -}}
{{define "visible"}}{{if .OnCluster}}((load_id, {{template "above" .}}) GLOBAL IN (SELECT load_id, max(step) = 'committed' FROM {{.Store}}.hidden_loads WHERE {{template "here" .}} GROUP BY load_id)) = {{template "above" .}} AND {{template "here" .}}{{else -}}
load_id NOT IN (SELECT load_id FROM {{.Store}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed'){{end}}{{end -}}

{{/* These views show the columns of their tables and add none. */ -}}
{{range list
    (list "rooms" "One row a call")
    (list "user_sessions" "One row for each session of a user in a call; a user who leaves and comes back has several")
    (list "quality_samples" "One row for each sample of a quality metric that had a value; points without one are not stored")
    (list "user_events" "One row for each entry in the event log of a user in a call")
    (list "daily_scale" "One row a day: the vendor''s own count of one application")
    (list "usage_days" "One row for each number of usage that the vendor counts for an application and day: what is paid for")
    (list "usage_rooms" "One row for each number of usage that the vendor counts for a room and day")
    (list "market_hours" "One row for each number of the vendor''s dashboard of an application and UTC hour")
    (list "realtime_figures" "One row for each number of the vendor''s real-time dashboard of an application, if CALLVAULT_REALTIME asks for them")
}}
CREATE OR REPLACE VIEW {{$.Database}}.{{index . 0}} {{$.OnCluster}}
(
    {{columns (index . 0) | shown}}
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT {{columns (index . 0) | names}}
FROM {{$.Store}}.{{index . 0}}_data
WHERE {{template "visible" $}}
COMMENT '{{index . 1}}. Exact: no duplicates, no half-loaded unit';
{{end}}

{{/*
An unusual event names a room and a time, no call. A room is one call at a time: what counts
is the newest one by then, if it had not been over for long.
*/ -}}

{{define "call of a room"}}comm_id LowCardinality(String) COMMENT 'Call (CommId) in the room at the time: the newest one created by ts, unless it ended more than a minute before; empty: rooms has no such call'{{end -}}

CREATE OR REPLACE VIEW {{.Database}}.unusual_events {{.OnCluster}}
(
    {{columns "unusual_events" | shown}},
    {{template "call of a room"}}
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT u.sdk_app_id AS sdk_app_id, u.room_id AS room_id, u.user_id AS user_id, u.experience_id AS experience_id, u.ts AS ts, u.abnormal_event_id AS abnormal_event_id, u.peer_id AS peer_id,
    if(u.ts > ifNull(r.until, u.ts), '', r.call) AS comm_id
FROM (SELECT {{columns "unusual_events" | names}} FROM {{.Store}}.unusual_events_data WHERE {{template "visible" .}}) AS u
LEFT ASOF JOIN (SELECT sdk_app_id, room_id, created_at AS since, destroyed_at + 60 AS until, comm_id AS call FROM {{.Store}}.rooms_data WHERE {{template "visible" .}}) AS r
    ON r.sdk_app_id = u.sdk_app_id AND r.room_id = u.room_id AND r.since <= u.ts
SETTINGS join_use_nulls = 0
COMMENT 'One row for each cause of a bad experience of a user. An experience without a known cause is one row with abnormal_event_id 0. Exact: no duplicates, no half-loaded unit';

{{/* ==== Views of sums ==== */ -}}

CREATE OR REPLACE VIEW {{.Database}}.quality_streams {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds; a filter on it makes a query read less',
    {{columns "stream" | shown}},
{{range $sums}}    {{.Shown}},
{{end}}    other_metric Array(String) COMMENT 'Metrics that have no column of their own, by the vendor''s names, in the order of the arrays other_samples to other_max',
    other_samples Array(UInt32) COMMENT 'Samples of each of other_metric',
    other_sum Array(Float64) COMMENT 'Sum of each of other_metric',
    other_min Array(Float64) COMMENT 'Smallest value of each of other_metric',
    other_max Array(Float64) COMMENT 'Greatest value of each of other_metric'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT sdk_app_id, comm_id, call_created_at, {{columns "stream" | names}},
{{range $sums}}    {{.Selected}},
{{end}}    `other.metric` AS other_metric, `other.samples` AS other_samples, `other.sum` AS other_sum, `other.min` AS other_min, `other.max` AS other_max
FROM {{.Store}}.quality_streams_data
WHERE {{template "visible" .}}
COMMENT 'Sums of the samples and events of what a user sends (peer_id empty) or receives from a peer, by UTC day. A stream may have several rows for a day. Add them up: sums and counts by sum, quantiles by quantileExactWeightedArray(values, counts). A histogram holds the values rounded to 5 binary digits: whole numbers up to 32 are exact, others are off by at most 3.2 %. Exact: agrees with quality_samples and user_events at any moment';

{{/* Measures of a day: its name, the sums of streams it comes from, and which streams these are. */ -}}
{{$days := list
    (list "sys_cpu" "sys_cpu" "peer_id = ''")
    (list "app_cpu" "app_cpu" "peer_id = ''")
    (list "rtt" "rtt" "peer_id = ''")
    (list "audio_loss_up" "audio_loss" "peer_id = ''")
    (list "video_loss_up" "video_loss" "peer_id = ''")
    (list "audio_bitrate_up" "audio_bitrate" "peer_id = ''")
    (list "video_bitrate_up" "video_bitrate" "peer_id = ''")
    (list "video_fps_up" "video_encode_fps" "peer_id = ''")
    (list "audio_loss_down" "audio_loss" "peer_id != ''")
    (list "video_loss_down" "video_loss" "peer_id != ''")
    (list "audio_bitrate_down" "audio_bitrate" "peer_id != ''")
    (list "video_bitrate_down" "video_bitrate" "peer_id != ''")
    (list "video_fps_down" "video_decode_fps" "peer_id != ''")
-}}

CREATE OR REPLACE VIEW {{.Database}}.quality_days {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    day Date COMMENT 'UTC day of the samples',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK in the session of the samples (SdkVersion); empty: unknown',
    device_type LowCardinality(String) COMMENT 'Device and operating system of the user in the session of the samples (DeviceType); empty: unknown',
    calls UInt64 COMMENT 'Distinct calls with samples of these users on the day',
    users UInt64 COMMENT 'Distinct users with samples. A user of two days counts on both, so do not add days up',
    samples UInt64 COMMENT 'Samples of all metrics',
    network_changes UInt64 COMMENT 'Changes of the network, such as from Wi-Fi to 4G (event 1003)',
    connections_lost UInt64 COMMENT 'Losses of the connection: to the server (event 5005), signalling (32790, 36864), media (32792), left by timeout (7001 with 1)',
    {{columns "what a user sends" | without "min" "p50" "max" | shown}},
    {{columns "what a user receives" | without "min" "p50" "max" | shown}}
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT q.sdk_app_id AS sdk_app_id, q.day AS day, q.sdk_version AS sdk_version, q.device_type AS device_type, q.calls AS calls, q.users AS users,
    q.samples AS samples, q.network_changes AS network_changes, q.connections_lost AS connections_lost,
{{range $days}}    q.{{index . 0}}_samples AS {{index . 0}}_samples, q.{{index . 0}}_sum / nullIf(q.{{index . 0}}_samples, 0) AS {{index . 0}}_avg, if(q.{{index . 0}}_samples = 0, NULL, greatest(q.{{index . 0}}_low, least(q.{{index . 0}}_p95, q.{{index . 0}}_high))) AS {{index . 0}}_p95,
{{end}}    q.audio_stall_samples AS audio_stall_samples, q.audio_stall_sum / 1000 AS audio_stall_seconds, q.audio_stall_sum / nullIf(q.audio_stall_samples * 2000, 0) AS audio_stall_share,
    q.video_stall_samples AS video_stall_samples, q.video_stall_sum / 1000 AS video_stall_seconds, q.video_stall_sum / nullIf(q.video_stall_samples * 2000, 0) AS video_stall_share
FROM
(
    SELECT x.sdk_app_id AS sdk_app_id, x.day AS day, x.sdk_version AS sdk_version, x.device_type AS device_type, uniqExactIf(x.comm_id, x.samples > 0) AS calls, uniqExactIf(x.user_id, x.samples > 0) AS users,
        sum(x.samples) AS samples,
        sum(x.network_changes) AS network_changes, sum(x.connections_lost) AS connections_lost,
{{range $days}}        sumIf(x.{{index . 1}}.samples, {{index . 2}}) AS {{index . 0}}_samples, sumIf(x.{{index . 1}}.sum, {{index . 2}}) AS {{index . 0}}_sum, quantileExactWeightedArrayIf(0.95)(x.{{index . 1}}.values, x.{{index . 1}}.counts, {{index . 2}}) AS {{index . 0}}_p95,
            minIf(x.{{index . 1}}.min, {{index . 2}} AND x.{{index . 1}}.samples > 0) AS {{index . 0}}_low, maxIf(x.{{index . 1}}.max, {{index . 2}} AND x.{{index . 1}}.samples > 0) AS {{index . 0}}_high,
{{end}}        sumIf(x.audio_stall.samples, peer_id != '') AS audio_stall_samples, sumIf(x.audio_stall.sum, peer_id != '') AS audio_stall_sum,
        sumIf(x.video_stall.samples, peer_id != '') AS video_stall_samples, sumIf(x.video_stall.sum, peer_id != '') AS video_stall_sum
    FROM {{.Store}}.quality_streams_data AS x
    WHERE {{template "visible" .}}
    GROUP BY sdk_app_id, day, sdk_version, device_type
) AS q
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
COMMENT 'One row for each application, UTC day, SDK version and device. For coarser groups add up the sums (average times samples) and merge the histograms of quality_streams: neither distinct users nor quantiles add up. Exact: agrees with quality_samples at any moment';

CREATE OR REPLACE VIEW {{.Database}}.quality_minutes {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user whose stream was received (PeerId); empty: upstream, what user_id sends, and the user''s device',
    direction LowCardinality(String) COMMENT 'up: what user_id sends; down: what user_id receives from peer_id',
    metric LowCardinality(String) COMMENT 'Metric by the vendor''s name (DataType), in the vendor''s unit',
    minute DateTime('UTC') COMMENT 'Beginning of the minute, UTC',
    samples UInt64 COMMENT 'Samples',
    avg Float64 COMMENT 'Average',
    min Float64 COMMENT 'Smallest value',
    max Float64 COMMENT 'Greatest value',
    p95 Float64 COMMENT '95th percentile of the values, not rounded',
    sum Float64 COMMENT 'Sum of the values'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT sdk_app_id, comm_id, any(s.room_id) AS room_id, user_id, peer_id, if(peer_id = '', 'up', 'down') AS direction, metric, toStartOfMinute(ts) AS minute,
    count() AS samples, avg(value) AS avg, min(value) AS min, max(value) AS max, quantileExactWeighted(0.95)(value, 1) AS p95, sum(value) AS sum
FROM {{.Database}}.quality_samples AS s
GROUP BY sdk_app_id, comm_id, user_id, peer_id, metric, minute
COMMENT 'One row for each minute of each series: call, user, peer and metric. Computed from quality_samples at each query, so filter on a call, or on a metric and a time (minute). Exact';

{{/* ==== Views of summaries ==== */ -}}

{{define "judged columns"}}judgement.score AS score, judgement.grade AS grade, judgement.judged_minutes AS judged_minutes, judgement.bad_minutes AS bad_minutes, judgement.bad_run_minutes AS bad_run_minutes, judgement.worst_minute AS worst_minute, judgement.worst_metric AS worst_metric, judgement.cause AS cause, judgement.cause_minutes AS cause_minutes{{end -}}

{{define "columns of a judgement"}}
    score Nullable(Float64) COMMENT 'Average of the judged minutes: a good one counts 100, one at the limit of poor 50, a serious one 0; NULL: none could be judged',
    grade LowCardinality(String) COMMENT 'serious: half of the judged minutes are bad, or a quarter serious; poor: a tenth are bad, or 3 in a row; fair: one is bad, or a tenth not good; good; unknown: none could be judged',
    judged_minutes UInt64 COMMENT 'Minutes in which sound or picture flowed and was measured for at least 10 seconds',
    bad_minutes UInt64 COMMENT 'Judged minutes in which a measure was beyond its limit of poor in quality_thresholds',
    bad_run_minutes UInt64 COMMENT 'Longest run of bad minutes among the judged ones',
    worst_minute Nullable(DateTime('UTC')) COMMENT 'Beginning of the worst minute, UTC; of equal ones the first; NULL: all are good',
    worst_metric LowCardinality(String) COMMENT 'Worst metric of the worst minute: audio_loss_up, video_loss_up, audio_loss_down, video_loss_down, audio_stall, video_stall, rtt, sys_cpu, video_fps_up or video_fps_down; empty: all minutes are good',
{{end -}}

{{define "columns of a cause"}}
    cause LowCardinality(String) COMMENT 'Cause of most bad minutes: camera, encoder, uplink, downlink, latency, device (of the user); peer_camera, peer_encoder, peer_uplink, peer_latency, peer (of the sender); unknown: no evidence; empty: no minute is bad',
    cause_minutes UInt64 COMMENT 'Bad minutes with this cause',
{{end -}}

CREATE OR REPLACE VIEW {{.Database}}.calls {{.OnCluster}}
(
    {{columns "call" | shown}},
    duration_seconds Nullable(UInt64) COMMENT 'From creation to end; NULL while it was still running',
    {{columns "counts of a call" | shown}},
    quality_score Nullable(Float64) COMMENT 'Average of the users'' scores, from 0 (serious) to 100 (good); NULL: no user could be judged',
    grade LowCardinality(String) COMMENT 'The worst grade of a user if a tenth of the judged users have it, otherwise the next better one: good, fair, poor, serious; unknown: no user could be judged',
    judged_minutes UInt64 COMMENT 'Judged minutes of all users',
    bad_minutes UInt64 COMMENT 'Bad minutes of all users',
    bad_users UInt64 COMMENT 'Users whose grade is poor or serious',
    worst_user_id LowCardinality(String) COMMENT 'User with the worst grade; of several the one with the lowest score, then the first by name. The columns worst_minute to diagnosis describe this user; empty: no user could be judged',
    worst_user_score Nullable(Float64) COMMENT 'Score of worst_user_id',
    worst_user_grade LowCardinality(String) COMMENT 'Grade of worst_user_id; unknown: no user could be judged',
    worst_minute Nullable(DateTime('UTC')) COMMENT 'Beginning of the worst minute, UTC; of equal ones the first; NULL: all are good',
    worst_metric LowCardinality(String) COMMENT 'Worst metric of the worst minute: audio_loss_up, video_loss_up, audio_loss_down, video_loss_down, audio_stall, video_stall, rtt, sys_cpu, video_fps_up or video_fps_down; empty: all minutes are good',
    {{columns "columns of a cause" | shown}},
    cause_user_id String COMMENT 'User on whose side the cause is: the user or the peer; empty: no minute is bad, or there is no evidence',
    diagnosis String COMMENT 'The bad minutes with this cause in words, with times in UTC; empty: no minute is bad',
    {{columns "averages of a call" | shown}},
    is_complete Bool COMMENT 'Whether the whole call is archived for good. False while the call runs or settles, and while missing is not empty',
    missing Array(LowCardinality(String)) COMMENT 'Kinds of data that the call lacks because the vendor did not send them or they could not be read: room, users (sessions), series (samples), events. The view ledger has each part with its reason'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT {{columns "call" | names}}, toUInt64(destroyed_at - created_at) AS duration_seconds, {{columns "counts of a call" | names}},
    judgement.quality_score AS quality_score, judgement.grade AS grade, judgement.judged_minutes AS judged_minutes, judgement.bad_minutes AS bad_minutes, judgement.bad_users AS bad_users, judgement.worst_user_id AS worst_user_id, judgement.worst_user_score AS worst_user_score, judgement.worst_user_grade AS worst_user_grade,
    judgement.worst_minute AS worst_minute, judgement.worst_metric AS worst_metric, judgement.cause AS cause, judgement.cause_minutes AS cause_minutes, judgement.cause_user_id AS cause_user_id, judgement.diagnosis AS diagnosis,
    {{columns "averages of a call" | names}}, is_complete, missing
FROM {{.Store}}.calls_data
WHERE {{template "visible" .}}
COMMENT 'One row a call: duration, users, quality, and the causes of bad quality. Exact: the commit that shows the call makes it from the other relations';

CREATE OR REPLACE VIEW {{.Database}}.call_users {{.OnCluster}}
(
    {{columns "user of a call" | shown}},
    {{columns "presence of a user" | shown}},
    sessions UInt64 COMMENT 'Sessions in the call',
    {{columns "counts of a user" | shown}},
    {{columns "columns of a judgement" | shown}},
    {{columns "columns of a cause" | shown}},
    cause_user_id String COMMENT 'User on whose side the cause is: the user or the peer; empty: no minute is bad, or there is no evidence',
    diagnosis String COMMENT 'The bad minutes with this cause in words, with times in UTC; empty: no minute is bad',
    video_bitrate_swing_up Nullable(Float64) COMMENT 'Half the width of the middle 90 % of the bitrate of the video sent, in % of its median; NULL: no sample',
    {{columns "what a user sends" | shown}},
    {{columns "what a user receives" | shown}}
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT {{columns "user of a call" | names}}, {{columns "presence of a user" | names}}, sessions, {{columns "counts of a user" | names}},
    {{template "judged columns"}}, judgement.cause_user_id AS cause_user_id, judgement.diagnosis AS diagnosis,
    video_bitrate_swing_up, {{columns "what a user sends" | names}}, {{columns "what a user receives" | names}}
FROM {{.Store}}.call_users_data
WHERE sessions > 0 AND {{template "visible" .}}
COMMENT 'One row for each user of a call: presence, device, events, quality with its causes, and the measures of what the user sent (up) and received (down, all peers together). Exact: the commit that shows the call makes it from the other relations';

CREATE OR REPLACE VIEW {{.Database}}.call_minutes {{.OnCluster}}
(
    {{columns "user of a call" | shown}},
    minute DateTime('UTC') COMMENT 'Beginning of the minute, UTC',
    grade LowCardinality(String) COMMENT 'Grade of the worst measure in the minute, by quality_thresholds: good, fair, poor or serious; unknown: no judged measure has a value',
    is_bad Bool COMMENT 'Whether the grade is poor or serious',
    metric LowCardinality(String) COMMENT 'Worst metric of the minute, as in worst_metric of call_users; empty: the minute is good',
    value Nullable(Float32) COMMENT 'Average of that metric in the minute; NULL: the minute is good',
    cause LowCardinality(String) COMMENT 'Cause of that value, as in call_users; empty: the minute is good or nearly good',
    cause_user_id String COMMENT 'User on whose side the cause is: the user or the peer; empty: there is no evidence',
    peer_id String COMMENT 'Sender of the stream that it was received from; empty: user_id sends it, or there is no cause',
    diagnosis String COMMENT 'What happened and why, in words; empty: the minute is good, or metric and value say enough',
    loss Nullable(Float32) COMMENT 'Packets lost, %: the worst of sound and picture, sent and received; NULL: not measured',
    stall Nullable(Float32) COMMENT 'Share of the time that received sound or picture stood still, %: the worse of both; NULL: not measured',
    fps Nullable(Float32) COMMENT 'Frames a second of the picture while it flows: the worst of sent and received; NULL: there is no picture',
    rtt Nullable(Float32) COMMENT 'Round trip between client and cloud, ms; NULL: not measured',
    sys_cpu Nullable(Float32) COMMENT 'Processor load of the device, %; NULL: not measured'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT sdk_app_id, comm_id, call_created_at, room_id, user_id, toDateTime(toUnixTimestamp(toStartOfMinute(call_created_at)) + 60 * m.at, 'UTC') AS minute,
    multiIf(e >= 2, 'serious', e > 1, 'poor', e > 0, 'fair', e > -1e5, 'good', 'unknown') AS grade, toBool(e > 1) AS is_bad,
    {{template "metric" "m.metrics[measure]"}} AS metric, if(e > 0, m.values[measure], NULL) AS value, m.causes[measure] AS number, {{template "cause" "number"}} AS cause,
    multiIf(number < 2, '', number < 8, toString(user_id), peer_id) AS cause_user_id, whys.peer[told] AS peer_id, whys.says[told] AS diagnosis,
    if(m.values[1] < -1e8, NULL, m.values[1]) AS loss, if(m.values[2] < -1e8, NULL, m.values[2]) AS stall, if(m.values[3] > 1e8, NULL, m.values[3]) AS fps,
    if(m.values[4] < -1e8, NULL, m.values[4]) AS rtt, if(m.values[5] < -1e8, NULL, m.values[5]) AS sys_cpu
FROM
(
    SELECT *, arrayMax(x) AS e, if(e > 0, indexOf(x, e), 0) AS measure, indexOf(whys.key, 8 * i + measure) AS told
    FROM
    (
        SELECT sdk_app_id, comm_id, call_created_at, room_id, user_id, m, x, i, whys
        FROM
        (
            SELECT sdk_app_id, comm_id, call_created_at, room_id, user_id, minutes, whys, {{let "limits" "[1, 4, 7, 10, 13]"}} AS limits
            FROM {{.Store}}.call_users_data
            WHERE {{template "visible" .}}
        )
        ARRAY JOIN minutes AS m, arrayMap(v -> {{template "excesses"}}, minutes.values) AS x, arrayEnumerate(minutes.at) AS i
    )
) AS each
COMMENT 'One row for each minute of a user in a call in which sound or picture flowed: its quality, and the cause if it was bad. Exact: the commit that shows the call makes it from the other relations';

CREATE OR REPLACE VIEW {{.Database}}.call_metrics {{.OnCluster}}
(
    {{columns "user of a call" | shown}},
    direction LowCardinality(String) COMMENT 'up: what user_id sends, and the user''s device; down: what user_id receives, all peers together',
    metric LowCardinality(String) COMMENT 'Metric by the vendor''s name (DataType), in the vendor''s unit',
    samples UInt64 COMMENT 'Samples',
    sum Float64 COMMENT 'Sum of the values',
    avg Float64 COMMENT 'Average',
    min Float64 COMMENT 'Smallest value',
    p50 Nullable(Float64) COMMENT 'Median of the rounded values, within 3.2 %; NULL: no histogram of this metric is kept',
    p95 Nullable(Float64) COMMENT '95th percentile of the rounded values, within 3.2 %; NULL: no histogram of this metric is kept',
    max Float64 COMMENT 'Greatest value'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT sdk_app_id, comm_id, call_created_at, room_id, user_id, direction, metric, samples, sum, sum / samples AS avg, min, if(isNaN(median), NULL, median) AS p50, if(isNaN(most), NULL, most) AS p95, max
FROM {{.Store}}.call_users_data
ARRAY JOIN `metrics.direction` AS direction, `metrics.metric` AS metric, `metrics.samples` AS samples, `metrics.sum` AS sum, `metrics.min` AS min, `metrics.p50` AS median, `metrics.p95` AS most, `metrics.max` AS max
WHERE {{template "visible" .}}
COMMENT 'One row for each metric of a user of a call, sent (up) or received (down, all peers together): the figures of call_users for all metrics. Exact: the commit that shows the call makes it from the other relations';

CREATE OR REPLACE VIEW {{.Database}}.peer_quality {{.OnCluster}}
(
    {{columns "pair of users" | shown}},
    {{columns "columns of a judgement" | shown}},
    fault LowCardinality(String) COMMENT 'Whose fault most bad minutes are, by cause: sender, receiver, nobody (no evidence); empty: no minute is bad',
    {{columns "columns of a cause" | shown}},
    diagnosis String COMMENT 'The bad minutes with this cause in words, with times in UTC; empty: no minute is bad'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT {{columns "pair of users" | names}}, {{template "judged columns"}}, judgement.fault AS fault, judgement.diagnosis AS diagnosis
FROM {{.Store}}.peer_quality_data
WHERE {{template "visible" .}}
COMMENT 'One row for each pair of a receiver and a sender in a call: how well the receiver received the sender, whose fault bad minutes were, and why. Exact: the commit that shows the call makes it from the other relations';

CREATE OR REPLACE VIEW {{.Database}}.judged_limits {{.OnCluster}}
(
    measure LowCardinality(String) COMMENT 'What is judged: loss (%), stall (% of the time), fps (1/s), rtt (ms) or cpu (%)',
    good Float64 COMMENT 'Up to this value a minute is good',
    poor Float64 COMMENT 'Beyond this value a minute is poor, and counts as bad',
    serious Float64 COMMENT 'From this value on a minute is serious. The order of the three numbers shows which direction is worse; three equal numbers: the measure is not judged'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT measure, toFloat64OrZero(numbers[3 * n - 2]) AS good, toFloat64OrZero(numbers[3 * n - 1]) AS poor, toFloat64OrZero(numbers[3 * n]) AS serious
FROM (SELECT splitByChar(' ', judged_by) AS numbers FROM (SELECT DISTINCT judged_by FROM {{.Store}}.calls_data{{if .OnCluster}} WHERE {{template "here" .}}{{end}}))
ARRAY JOIN ['loss', 'stall', 'fps', 'rtt', 'cpu'] AS measure, range(1, 6) AS n
COMMENT 'One row for each measure: the limits by which calls are graded now. They follow quality_thresholds with the next pass, or with callvault judge';

{{/* ==== Views of presence ==== */ -}}

{{/*
Nearly all sessions lie within one day: the table's order finds these. On a cluster the calls
of which streams are read may be too many, which changes nothing: ClickHouse 25.8 dies of a
GLOBAL IN within another one.
*/ -}}

CREATE OR REPLACE VIEW {{.Database}}.session_days {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    day Date COMMENT 'UTC day',
    since DateTime('UTC') COMMENT 'Entry, or the day''s beginning, UTC seconds',
    until DateTime('UTC') COMMENT 'Exit, or the next day''s beginning, UTC seconds; for a session that still runs, the call''s last sample',
    seconds UInt64 COMMENT 'From since to until',
    device_type LowCardinality(String) COMMENT 'Device and operating system as reported (DeviceType)',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK (SdkVersion)'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT sdk_app_id, comm_id, room_id, user_id, toDate(joined_at) AS day, joined_at AS since, greatest(joined_at, assumeNotNull(left_at)) AS until, toUInt64(until - since) AS seconds, device_type, sdk_version
FROM {{.Store}}.user_sessions_data
WHERE toDate(left_at) = toDate(joined_at) AND {{template "visible" .}}
UNION ALL
SELECT sdk_app_id, comm_id, room_id, user_id, toDate(joined_at) + n AS day, greatest(joined_at, toDateTime(day, 'UTC')) AS since, least(over, toDateTime(day + 1, 'UTC')) AS until,
    toUInt64(until - since) AS seconds, device_type, sdk_version
FROM
(
    SELECT s.sdk_app_id AS sdk_app_id, s.comm_id AS comm_id, s.room_id AS room_id, s.user_id AS user_id, s.joined_at AS joined_at, s.device_type AS device_type, s.sdk_version AS sdk_version,
        greatest(s.joined_at, ifNull(s.left_at, k.last)) AS over
    FROM
    (
        SELECT {{columns "user_sessions" | names}}
        FROM {{.Store}}.user_sessions_data
        WHERE (left_at IS NULL OR toDate(left_at) != toDate(joined_at)) AND {{template "visible" .}}
    ) AS s
    LEFT ANY JOIN
    (
        SELECT sdk_app_id, comm_id, max(last_ts) AS last
        FROM {{.Store}}.quality_streams_data
        WHERE comm_id {{.Global}}IN (SELECT comm_id FROM {{.Store}}.user_sessions_data WHERE left_at IS NULL{{if not .OnCluster}} AND {{template "visible" .}}{{end}}) AND {{template "visible" .}}
        GROUP BY sdk_app_id, comm_id
    ) AS k ON k.sdk_app_id = s.sdk_app_id AND k.comm_id = s.comm_id
)
ARRAY JOIN range(toUInt32(toDate(greatest(joined_at, over - 1)) - toDate(joined_at)) + 1) AS n
SETTINGS join_use_nulls = 0
COMMENT 'One row for each UTC day of a session of a user in a call. Use it to ask who was there on a day, how many, and how long. Exact: agrees with user_sessions, and with presence_seconds of call_users, at any moment';

{{/* ==== Events in words ==== */ -}}

CREATE OR REPLACE VIEW {{.Database}}.events_decoded {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user concerned (PeerId); empty: the event concerns the user alone',
    ts DateTime64(3, 'UTC') COMMENT 'Time of the event, UTC milliseconds (Time)',
    event_id UInt32 COMMENT 'Event by the vendor''s number (EventId)',
    category LowCardinality(String) COMMENT 'Kind of event: device, network, app, audio, video, connection, room, web; unknown: event_names lacks the number',
    event String COMMENT 'What happened, English; for an unknown number: event and the number',
    event_zh String COMMENT 'What happened, Chinese',
    value String COMMENT 'What the first parameter means, English; empty: event_values lacks it',
    value_zh String COMMENT 'What the first parameter means, Chinese; empty: event_values lacks it',
    stream LowCardinality(String) COMMENT 'Stream concerned (Type): big video, small video, side stream; empty: none',
    param_one Int64 COMMENT 'First parameter; its meaning depends on event_id (ParamOne)',
    param_two Int64 COMMENT 'Second parameter; its meaning depends on event_id (ParamTwo)'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT e.sdk_app_id AS sdk_app_id, e.comm_id AS comm_id, e.room_id AS room_id, e.user_id AS user_id, e.peer_id AS peer_id, e.ts AS ts, e.event_id AS event_id,
    if(n.name_en = '', 'unknown', n.category) AS category, if(n.name_en = '', concat('event ', toString(e.event_id)), n.name_en) AS event,
    if(n.name_en = '', concat('事件 ', toString(e.event_id)), n.name_zh) AS event_zh, v.name_en AS value, v.name_zh AS value_zh,
    transform(e.stream_type, [0, 2, 3, 7], ['', 'big video', 'small video', 'side stream'], concat('stream ', toString(e.stream_type))) AS stream, e.param_one AS param_one, e.param_two AS param_two
FROM {{.Database}}.user_events AS e
LEFT ANY JOIN {{.Database}}.event_names AS n ON n.event_id = e.event_id
LEFT ANY JOIN {{.Database}}.event_values AS v ON v.event_id = e.event_id AND v.param_one = e.param_one
SETTINGS join_use_nulls = 0
COMMENT 'user_events in words: one row for each entry in the event log of a user in a call. Exact';

CREATE OR REPLACE VIEW {{.Database}}.unusual_events_decoded {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User who had the bad experience (UserId)',
    ts DateTime('UTC') COMMENT 'Time of the experience, UTC seconds (EventTime)',
    experience_id UInt32 COMMENT 'Kind of bad experience by the vendor''s number (ExperienceId)',
    experience String COMMENT 'What the user saw or heard, English; for an unknown number: experience and the number',
    experience_zh String COMMENT 'What the user saw or heard, Chinese',
    abnormal_event_id UInt32 COMMENT 'Cause by the vendor''s number (AbnormalEventId); 0: none known',
    category LowCardinality(String) COMMENT 'Where the cause lies: room, camera, microphone, speaker, screen, codec, cpu, upstream, downstream; empty: no cause known; unknown: abnormal_event_names lacks the number',
    cause String COMMENT 'The cause, English; empty: none known; for an unknown number: cause and the number',
    cause_zh String COMMENT 'The cause, Chinese; empty: none known',
    peer_id LowCardinality(String) COMMENT 'Remote user who caused it (PeerId); empty: no remote user did',
    {{template "call of a room"}}
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT u.sdk_app_id AS sdk_app_id, u.room_id AS room_id, u.user_id AS user_id, u.ts AS ts, u.experience_id AS experience_id,
    if(x.name_en = '', concat('experience ', toString(u.experience_id)), x.name_en) AS experience, if(x.name_en = '', concat('体验 ', toString(u.experience_id)), x.name_zh) AS experience_zh,
    u.abnormal_event_id AS abnormal_event_id, multiIf(u.abnormal_event_id = 0, '', a.name_en = '', 'unknown', a.category) AS category,
    multiIf(u.abnormal_event_id = 0, '', a.name_en = '', concat('cause ', toString(u.abnormal_event_id)), a.name_en) AS cause,
    multiIf(u.abnormal_event_id = 0, '', a.name_en = '', concat('原因 ', toString(u.abnormal_event_id)), a.name_zh) AS cause_zh, u.peer_id AS peer_id, u.comm_id AS comm_id
FROM {{.Database}}.unusual_events AS u
LEFT ANY JOIN {{.Database}}.experience_names AS x ON x.experience_id = u.experience_id
LEFT ANY JOIN {{.Database}}.abnormal_event_names AS a ON a.abnormal_event_id = u.abnormal_event_id
SETTINGS join_use_nulls = 0
COMMENT 'unusual_events in words: one row for each cause of a bad experience of a user. Exact';

{{/* ==== Views of the bookkeeping ==== */ -}}

CREATE OR REPLACE VIEW {{.Database}}.ledger {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    kind LowCardinality(String) COMMENT 'Kind of unit: call, list (the calls of one UTC day), unusual (one hour of unusual events), scale (one day of daily scale), or of statistics: usage, room_usage, market (one product or statement of one day), realtime (of one hour)',
    key String COMMENT 'Which unit: CommId of a call, day of a list, start of the hour or day (RFC 3339), or product or statement and day or hour of statistics',
    part LowCardinality(String) COMMENT 'Empty: the row is the unit itself. Otherwise the kind of part: room, users, series, events; unusual; scale; statistics',
    part_key String COMMENT 'Tells parts of one kind within a unit apart: the user of events, window and users of series',
    state LowCardinality(String) COMMENT 'pending: not visible yet; provisional: visible, may still change; archived, empty: visible, final; failed: set aside, the next pass tries again; lost: the vendor dropped it before it was archived; expired: it was archived, then deleted because it is older than CALLVAULT_KEEP',
    reason String COMMENT 'Why the unit failed or is lost, or what a provisional unit lacks',
    window_start DateTime('UTC') COMMENT 'Of a unit: when it begins. Of a part: first second asked for',
    window_end DateTime('UTC') COMMENT 'Of a unit: all data up to this second is archived for good (1970: none is). Of a part: last second asked for',
    users Array(String) COMMENT 'The users of series or events',
    deadline DateTime('UTC') COMMENT 'When the vendor begins to drop it; of a unit: to drop data that is not archived for good',
    attempts UInt32 COMMENT 'Passes that tried to fetch all of it and failed; of a part that is set aside: to fetch that part',
    rows UInt64 COMMENT 'Rows in all relations',
    null_samples UInt64 COMMENT 'Points the vendor sent without a value; they are not rows',
    events_of LowCardinality(String) COMMENT 'Of a call: whose events were asked for (CALLVAULT_USER_EVENTS): all, troubled (users who had trouble) or off. Events that were not asked for are not missing. Empty: it has not been asked for yet, or the row is no call',
    run_id LowCardinality(String) COMMENT 'The run that wrote this',
    updated_at DateTime64(6, 'UTC') COMMENT 'Of a unit: when the row was written. Of a part: when it was asked for'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT sdk_app_id, kind, key, '' AS part, '' AS part_key, toString(state) AS state, reason, starts_at AS window_start, held_until AS window_end,
    CAST([], 'Array(String)') AS users, deadline, attempts,
    rooms + user_sessions + quality_samples + user_events + unusual_events + daily_scale + statistics AS rows, null_samples, events_of, run_id, updated_at
FROM {{.Store}}.ledger_units FINAL{{if .OnCluster}}
WHERE {{template "here" .}}{{end}}
UNION ALL
SELECT sdk_app_id, kind, key, part, part_key,
    multiIf(load_id IN (SELECT load_id FROM {{.Store}}.hidden_loads GROUP BY load_id HAVING max(step) = 'opened'), 'pending', NOT settled, 'provisional', rows = 0, 'empty', 'archived') AS state,
    reason, window_start, window_end, users, deadline, toUInt32(0) AS attempts, rows, null_samples, '' AS events_of, run_id, CAST(asked_at, 'DateTime64(6, \'UTC\')') AS updated_at
FROM {{.Store}}.ledger_parts
WHERE part != 'summary' AND load_id NOT IN (SELECT load_id FROM {{.Store}}.hidden_loads GROUP BY load_id HAVING max(step) IN ('replaced', 'abandoned'))
UNION ALL
SELECT sdk_app_id, kind, key, failed_part AS part, failed_key AS part_key, if(state IN ('pending', 'provisional', 'failed') AND NOT startsWith(failed_key, 'before '), 'failed', 'lost') AS state, failed_reason AS reason, starts_at AS window_start, held_until AS window_end,
    CAST([], 'Array(String)') AS users, deadline, failed_attempt AS attempts, toUInt64(0) AS rows, toUInt64(0) AS null_samples, '' AS events_of, run_id, updated_at
FROM (SELECT * FROM {{.Store}}.ledger_units FINAL)
ARRAY JOIN failed_parts AS failed_part, failed_keys AS failed_key, failed_reasons AS failed_reason,
    arrayResize(failed_attempts, length(failed_parts), toUInt32(1)) AS failed_attempt
COMMENT 'What the window holds and what is archived of it: one row for each unit and one for each of its parts';

CREATE OR REPLACE VIEW {{.Database}}.archive_runs {{.OnCluster}}
(
    run_id String COMMENT 'The run, as in the ledger',
    {{columns "beginning of a run" | shown}},
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the run ended, by the client''s clock; NULL: it is running, or it died',
    outcome LowCardinality(String) COMMENT 'running; done; partial: some of the data could not be archived, or differs; failed; interrupted; busy: another run was under way; died: it stopped and wrote no end',
    {{columns "work of a run" | shown}}
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT run_id, {{columns "beginning of a run" | names}}, if(toUnixTimestamp64Milli(ended_at) = 0, NULL, ended_at) AS ended_at,
    if(outcome = 'running' AND alive_until < now64(3), 'died', toString(outcome)) AS outcome,
    {{columns "work of a run" | names}}
FROM (SELECT * FROM {{.Store}}.archive_runs_data FINAL) AS r
COMMENT 'One row for each run of archive, verify, replay, backup or erase: its times, how it ended, the rows it brought and its requests';

{{/* A user who may read this view needs no right to read system.parts. */ -}}

CREATE OR REPLACE VIEW {{.Database}}.disk_usage {{.OnCluster}}
(
    relation String COMMENT 'Relation whose rows these are; for other tables the table',
    month String COMMENT 'Month of the rows, such as 202611; a table that is not kept by month has another name here',
    rows UInt64 COMMENT 'Rows in these parts, hidden ones included',
    bytes UInt64 COMMENT 'Bytes on disk',
    uncompressed_bytes UInt64 COMMENT 'Bytes without compression',
    parts UInt64 COMMENT 'Number of parts'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT replaceRegexpOne(p.table, '(_data)?(_shard)?$', '') AS relation, p.partition AS month, sum(p.rows) AS rows, sum(p.bytes_on_disk) AS bytes,
    sum(p.data_uncompressed_bytes) AS uncompressed_bytes, count() AS parts
FROM {{if .OnCluster}}cluster({{.Cluster}}, system.parts){{else}}system.parts{{end}} AS p
WHERE p.active AND p.database IN ({{.Databases}})
GROUP BY relation, month
COMMENT 'Disk space of the archive: one row for each relation or table, and month';

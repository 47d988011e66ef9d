CREATE TABLE IF NOT EXISTS {{.Database}}.rooms_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id String COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id String COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    created_at DateTime('UTC') COMMENT 'Creation of the room, UTC seconds (CreateTime)',
    destroyed_at Nullable(DateTime('UTC')) COMMENT 'End of the call, UTC seconds (DestroyTime); NULL while it was still running',
    is_finished Bool COMMENT 'Whether the call was over when it was archived (IsFinished)',
    creator_user_id LowCardinality(String) COMMENT 'User who created the room (UserId)',
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(created_at)
ORDER BY (sdk_app_id, comm_id)
COMMENT 'One row a call, with the load it came in. Read the view rooms instead';

CREATE TABLE IF NOT EXISTS {{.Database}}.user_sessions_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    joined_at DateTime('UTC') COMMENT 'Entry into the room, UTC seconds (JoinTs)',
    left_at Nullable(DateTime('UTC')) COMMENT 'Exit from the room, UTC seconds (LeaveTs); NULL while the user was still in the room',
    is_finished Bool COMMENT 'Whether the stay was over when it was archived (Finished)',
    device_type LowCardinality(String) COMMENT 'Device and operating system as reported (DeviceType)',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK (SdkVersion)',
    client_ip String COMMENT 'Address of the client (ClientIp)',
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(joined_at)
ORDER BY (sdk_app_id, comm_id, user_id, joined_at)
COMMENT 'One row for each stay of a user in a call; who leaves and comes back has several, with the load it came in. Read the view user_sessions instead';

CREATE TABLE IF NOT EXISTS {{.Database}}.quality_samples_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)' CODEC(ZSTD(1)),
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not' CODEC(ZSTD(1)),
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls' CODEC(ZSTD(1)),
    user_id LowCardinality(String) COMMENT 'User whose client reported (UserId)' CODEC(ZSTD(1)),
    peer_id LowCardinality(String) COMMENT 'Remote user whose stream was received (PeerId); empty: upstream, what user_id sends' CODEC(ZSTD(1)),
    metric LowCardinality(String) COMMENT 'Metric by the vendor''s name (DataType), such as appCpu, rtt or aBit; its unit is the vendor''s' CODEC(ZSTD(1)),
    ts DateTime('UTC') COMMENT 'Time of the sample, UTC seconds (Time)' CODEC(Delta, ZSTD(1)),
    value Float64 COMMENT 'Value in the metric''s own unit (Value)' CODEC(ZSTD(1)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(ts)
ORDER BY (sdk_app_id, metric, comm_id, user_id, peer_id, ts)
COMMENT 'One row for each sample of a quality metric that had a value; points without one are not stored, with the load it came in. Read the view quality_samples instead';

CREATE TABLE IF NOT EXISTS {{.Database}}.user_events_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User whose log it is (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user concerned (PeerId); empty: the event concerns the user alone',
    event_id UInt32 COMMENT 'Event by the vendor''s number (EventId)',
    ts DateTime64(3, 'UTC') COMMENT 'Time of the event, UTC milliseconds (Time)' CODEC(Delta, ZSTD(1)),
    stream_type UInt8 COMMENT 'Stream concerned (Type): 0 none, 2 big video, 3 small video, 7 side stream',
    param_one Int64 COMMENT 'First parameter; its meaning depends on event_id (ParamOne)',
    param_two Int64 COMMENT 'Second parameter; its meaning depends on event_id (ParamTwo)',
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(ts)
ORDER BY (sdk_app_id, comm_id, user_id, ts)
COMMENT 'One row for each entry in the event log of a user in a call, with the load it came in. Read the view user_events instead';

CREATE TABLE IF NOT EXISTS {{.Database}}.unusual_events_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User who had the bad experience (UserId)',
    experience_id UInt32 COMMENT 'Kind of bad experience by the vendor''s number (ExperienceId)',
    ts DateTime('UTC') COMMENT 'Time of the experience, UTC seconds (EventTime)',
    abnormal_event_id UInt32 COMMENT 'Cause by the vendor''s number (AbnormalEventId); 0: none known',
    peer_id LowCardinality(String) COMMENT 'Remote user who caused it (PeerId); empty: no remote user did',
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(ts)
ORDER BY (sdk_app_id, ts, room_id, user_id)
COMMENT 'One row for each cause of a bad experience of a user; an experience without a known cause is one row with abnormal_event_id 0, with the load it came in. Read the view unusual_events instead';

CREATE TABLE IF NOT EXISTS {{.Database}}.daily_scale_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    day Date MATERIALIZED toDate(day_start + INTERVAL 12 HOUR, 'UTC') COMMENT 'Calendar day that the window [day_start, day_start + 24 h) mostly covers in UTC. The vendor''s day need not begin at midnight UTC: one from 16:00 UTC (midnight in Beijing) is the next day''s',
    user_number UInt64 COMMENT 'Distinct users of each room, summed over the rooms (UserNumber)',
    user_count UInt64 COMMENT 'Room entries (UserCount)',
    room_numbers UInt64 COMMENT 'Rooms (RoomNumbers)',
    day_start DateTime('UTC') COMMENT 'Start of the day as the vendor reports it, UTC (Time)',
    INDEX by_load load_id TYPE minmax GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(day_start)
ORDER BY (sdk_app_id, day_start)
COMMENT 'One row a day: the vendor''s own count of one application, with the load it came in. Read the view daily_scale instead';

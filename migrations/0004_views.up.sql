CREATE OR REPLACE VIEW {{.Database}}.rooms {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id String COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id String COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    created_at DateTime('UTC') COMMENT 'Creation of the room, UTC seconds (CreateTime)',
    destroyed_at Nullable(DateTime('UTC')) COMMENT 'End of the call, UTC seconds (DestroyTime); NULL while it was still running',
    is_finished Bool COMMENT 'Whether the call was over when it was archived (IsFinished)',
    creator_user_id LowCardinality(String) COMMENT 'User who created the room (UserId)'
)
AS SELECT sdk_app_id, comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id
FROM {{.Database}}.rooms_data
WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
COMMENT 'One row a call. Exact: no duplicates, no half-loaded unit';

CREATE OR REPLACE VIEW {{.Database}}.user_sessions {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    joined_at DateTime('UTC') COMMENT 'Entry into the room, UTC seconds (JoinTs)',
    left_at Nullable(DateTime('UTC')) COMMENT 'Exit from the room, UTC seconds (LeaveTs); NULL while the user was still in the room',
    is_finished Bool COMMENT 'Whether the stay was over when it was archived (Finished)',
    device_type LowCardinality(String) COMMENT 'Device and operating system as reported (DeviceType)',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK (SdkVersion)',
    client_ip String COMMENT 'Address of the client (ClientIp)'
)
AS SELECT sdk_app_id, comm_id, room_id, user_id, joined_at, left_at, is_finished, device_type, sdk_version, client_ip
FROM {{.Database}}.user_sessions_data
WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
COMMENT 'One row for each stay of a user in a call; who leaves and comes back has several. Exact: no duplicates, no half-loaded unit';

CREATE OR REPLACE VIEW {{.Database}}.quality_samples {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User whose client reported (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user whose stream was received (PeerId); empty: upstream, what user_id sends',
    metric LowCardinality(String) COMMENT 'Metric by the vendor''s name (DataType), such as appCpu, rtt or aBit; its unit is the vendor''s',
    ts DateTime('UTC') COMMENT 'Time of the sample, UTC seconds (Time)',
    value Float64 COMMENT 'Value in the metric''s own unit (Value)'
)
AS SELECT sdk_app_id, comm_id, room_id, user_id, peer_id, metric, ts, value
FROM {{.Database}}.quality_samples_data
WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
COMMENT 'One row for each sample of a quality metric that had a value; points without one are not stored. Exact: no duplicates, no half-loaded unit';

CREATE OR REPLACE VIEW {{.Database}}.user_events {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User whose log it is (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user concerned (PeerId); empty: the event concerns the user alone',
    event_id UInt32 COMMENT 'Event by the vendor''s number (EventId)',
    ts DateTime64(3, 'UTC') COMMENT 'Time of the event, UTC milliseconds (Time)',
    stream_type UInt8 COMMENT 'Stream concerned (Type): 0 none, 2 big video, 3 small video, 7 side stream',
    param_one Int64 COMMENT 'First parameter; its meaning depends on event_id (ParamOne)',
    param_two Int64 COMMENT 'Second parameter; its meaning depends on event_id (ParamTwo)'
)
AS SELECT sdk_app_id, comm_id, room_id, user_id, peer_id, event_id, ts, stream_type, param_one, param_two
FROM {{.Database}}.user_events_data
WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
COMMENT 'One row for each entry in the event log of a user in a call. Exact: no duplicates, no half-loaded unit';

CREATE OR REPLACE VIEW {{.Database}}.unusual_events {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it (RoomString, RoomStr); reused by later calls',
    user_id LowCardinality(String) COMMENT 'User who had the bad experience (UserId)',
    experience_id UInt32 COMMENT 'Kind of bad experience by the vendor''s number (ExperienceId)',
    ts DateTime('UTC') COMMENT 'Time of the experience, UTC seconds (EventTime)',
    abnormal_event_id UInt32 COMMENT 'Cause by the vendor''s number (AbnormalEventId); 0: none known',
    peer_id LowCardinality(String) COMMENT 'Remote user who caused it (PeerId); empty: no remote user did'
)
AS SELECT sdk_app_id, room_id, user_id, experience_id, ts, abnormal_event_id, peer_id
FROM {{.Database}}.unusual_events_data
WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
COMMENT 'One row for each cause of a bad experience of a user; an experience without a known cause is one row with abnormal_event_id 0. Exact: no duplicates, no half-loaded unit';

CREATE OR REPLACE VIEW {{.Database}}.daily_scale {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    day Date COMMENT 'Calendar day that the window [day_start, day_start + 24 h) mostly covers in UTC. The vendor''s day need not begin at midnight UTC: one from 16:00 UTC (midnight in Beijing) is the next day''s',
    user_number UInt64 COMMENT 'Distinct users of each room, summed over the rooms (UserNumber)',
    user_count UInt64 COMMENT 'Room entries (UserCount)',
    room_numbers UInt64 COMMENT 'Rooms (RoomNumbers)',
    day_start DateTime('UTC') COMMENT 'Start of the day as the vendor reports it, UTC (Time)'
)
AS SELECT sdk_app_id, day, user_number, user_count, room_numbers, day_start
FROM {{.Database}}.daily_scale_data
WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
COMMENT 'One row a day: the vendor''s own count of one application. Exact: no duplicates, no half-loaded unit';

{{/* What is asked of a time lies in tables in the order of time. */}}
/* The rows are in quality_streams_copy. */ DROP TABLE IF EXISTS {{.Database}}.quality_streams_data {{.OnCluster}} SYNC;
/* The rows are in user_sessions_copy. */ DROP TABLE IF EXISTS {{.Database}}.user_sessions_data {{.OnCluster}} SYNC;

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
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds: what is asked of the calls of a time need not read others' CODEC(ZSTD(1)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_creation call_created_at TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(joined_at)
ORDER BY (sdk_app_id, toDate(joined_at), comm_id, user_id)
SETTINGS index_granularity = 1024
COMMENT 'One row for each stay of a user in a call; who leaves and comes back has several, with the load it came in. Read the view user_sessions instead';

CREATE TABLE IF NOT EXISTS {{.Database}}.quality_streams_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load that brought the row; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)' CODEC(ZSTD(1)),
    comm_id LowCardinality(String) COMMENT 'Call (CommId)' CODEC(ZSTD(1)),
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls' CODEC(ZSTD(1)),
    user_id LowCardinality(String) COMMENT 'User whose client reported (UserId)' CODEC(ZSTD(1)),
    peer_id LowCardinality(String) COMMENT 'Remote user whose stream was received (PeerId); empty: upstream, what user_id sends, and the user''s device' CODEC(ZSTD(1)),
    day Date COMMENT 'UTC day of the samples and events' CODEC(ZSTD(1)),
    device_type LowCardinality(String) COMMENT 'Device and operating system of the user in the stay that the samples are of (DeviceType)' CODEC(ZSTD(1)),
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK in that stay (SdkVersion)' CODEC(ZSTD(1)),
    first_ts DateTime('UTC') COMMENT 'Time of the first sample, UTC seconds; 1970: no sample' CODEC(ZSTD(1)),
    last_ts DateTime('UTC') COMMENT 'Time of the last sample, UTC seconds; 1970: no sample' CODEC(ZSTD(1)),
    samples UInt64 COMMENT 'Samples of all metrics' CODEC(ZSTD(1)),
    events UInt32 COMMENT 'Entries of the user''s event log; counted where peer_id is empty' CODEC(ZSTD(1)),
    network_changes UInt32 COMMENT 'Events that tell of another network (1003)' CODEC(ZSTD(1)),
    connections_lost UInt32 COMMENT 'Events that tell of a lost connection: to the server (5005), signalling (32790, 36864), media (32792), left by timeout (7001 with 1)' CODEC(ZSTD(1)),
    app_cpu Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Processor load of the application, % (appCpu); no samples: 0 and empty' CODEC(ZSTD(1)),
    sys_cpu Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Processor load of the device, % (sysCpu); no samples: 0 and empty' CODEC(ZSTD(1)),
    rtt Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Round trip between client and cloud, ms (rtt); no samples: 0 and empty' CODEC(ZSTD(1)),
    audio_bitrate Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Bitrate of audio, bit/s (aBit); no samples: 0 and empty' CODEC(ZSTD(1)),
    audio_stall Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Stall of audio within each 2 s, ms (aBlock); no samples: 0 and empty' CODEC(ZSTD(1)),
    audio_loss Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Packets of audio lost, % (aLoss); no samples: 0 and empty' CODEC(ZSTD(1)),
    audio_capture_energy Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Volume captured (aCapEnergy); no samples: 0 and empty' CODEC(ZSTD(1)),
    audio_play_energy Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Volume played (aPlayEnergy); no samples: 0 and empty' CODEC(ZSTD(1)),
    video_bitrate Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Bitrate of video, bit/s (bigvBit); no samples: 0 and empty' CODEC(ZSTD(1)),
    video_stall Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Stall of video within each 2 s, ms (bigvBlock); no samples: 0 and empty' CODEC(ZSTD(1)),
    video_loss Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Packets of video lost, % (bigvLoss); no samples: 0 and empty' CODEC(ZSTD(1)),
    video_capture_fps Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Frames captured, 1/s (bigvCapFps); no samples: 0 and empty' CODEC(ZSTD(1)),
    video_encode_fps Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Frames sent, 1/s (bigvEncFps); no samples: 0 and empty' CODEC(ZSTD(1)),
    video_decode_fps Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Frames rendered, 1/s (bigvDecFps); no samples: 0 and empty' CODEC(ZSTD(1)),
    video_receive_fps Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Frames delivered by the cloud, 1/s (bigvRecFps); no samples: 0 and empty' CODEC(ZSTD(1)),
    video_width Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Width of the picture, pixels (bigvWidth); no samples: 0 and empty' CODEC(ZSTD(1)),
    video_height Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32)) COMMENT 'Height of the picture, pixels (bigvHeight); no samples: 0 and empty' CODEC(ZSTD(1)),
    `other.metric` Array(String) COMMENT 'Metrics that have no column of their own, by the vendor''s names' CODEC(ZSTD(1)),
    `other.samples` Array(UInt32) COMMENT 'Samples of each of other.metric' CODEC(ZSTD(1)),
    `other.sum` Array(Float64) COMMENT 'Sum of each of other.metric' CODEC(ZSTD(1)),
    `other.min` Array(Float64) COMMENT 'Smallest value of each of other.metric' CODEC(ZSTD(1)),
    `other.max` Array(Float64) COMMENT 'Greatest value of each of other.metric' CODEC(ZSTD(1)),
    received Tuple(samples UInt64, audio_loss Tuple(samples UInt32, sum Float64), video_loss Tuple(samples UInt32, sum Float64), audio_stall Tuple(samples UInt32, sum Float64), video_stall Tuple(samples UInt32, sum Float64), video_decode_fps Tuple(samples UInt32, sum Float64)) COMMENT 'Where peer_id is empty: what the user''s streams from all peers have on the day with the device, as far as the part knows it; elsewhere 0. What is asked of a user need not read a row for each peer' CODEC(ZSTD(1)),
    is_down Bool MATERIALIZED peer_id != '' COMMENT 'Whether the stream is received' CODEC(ZSTD(1)),
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds: what is asked of the calls of a time need not read others' CODEC(ZSTD(1)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_creation call_created_at TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(day)
ORDER BY (sdk_app_id, day, is_down, comm_id, user_id, peer_id)
SETTINGS index_granularity = 1024
COMMENT 'Sums of quality_samples and user_events: one row for what a user sends or receives from a peer on a UTC day with one device, as one part of a load knows it, with that load. Written with the samples. Read the view quality_streams instead';

INSERT INTO {{.Database}}.user_sessions_data /* if user_sessions_copy has rows */ (load_id, sdk_app_id, comm_id, room_id, user_id, joined_at, left_at, is_finished, device_type, sdk_version, client_ip, call_created_at)
SELECT x.load_id, x.sdk_app_id, x.comm_id, x.room_id, x.user_id, x.joined_at, x.left_at, x.is_finished, x.device_type, x.sdk_version, x.client_ip, c.call_created_at
FROM {{.Database}}.user_sessions_copy AS x
LEFT JOIN
(
    SELECT sdk_app_id, comm_id, max(begins_at) AS call_created_at FROM
    (
        SELECT sdk_app_id, comm_id, created_at AS begins_at FROM {{.Database}}.rooms_data
        UNION ALL
        SELECT sdk_app_id, key, starts_at FROM {{.Database}}.ledger_units WHERE kind = 'call'
    )
    GROUP BY sdk_app_id, comm_id
) AS c ON c.sdk_app_id = x.sdk_app_id AND c.comm_id = x.comm_id
SETTINGS join_use_nulls = 0, join_algorithm = 'grace_hash', max_bytes_in_join = 100000000, max_bytes_before_external_group_by = 200000000, max_partitions_per_insert_block = 0, insert_deduplicate = 0, max_threads = 1, max_block_size = 4096, min_insert_block_size_bytes = 16777216;

{{/* What is inserted is compact: a wide part needs memory for each of its columns. What it is merged to is not. */}}
ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}} /* if quality_streams_copy has rows */ MODIFY SETTING min_bytes_for_wide_part = 33554432;

INSERT INTO {{.Database}}.quality_streams_data /* if quality_streams_copy has rows */ (load_id, sdk_app_id, comm_id, room_id, user_id, peer_id, day, first_ts, last_ts, samples, events, network_changes, connections_lost,
    app_cpu, sys_cpu, rtt, audio_bitrate, audio_stall, audio_loss, audio_capture_energy, audio_play_energy, video_bitrate, video_stall, video_loss, video_capture_fps, video_encode_fps, video_decode_fps, video_receive_fps, video_width, video_height, `other.metric`, `other.samples`, `other.sum`, `other.min`, `other.max`, call_created_at, device_type, sdk_version)
SELECT x.load_id, x.sdk_app_id, x.comm_id, x.room_id, x.user_id, x.peer_id, x.day, x.first_ts, x.last_ts, x.samples, x.events, x.network_changes, x.connections_lost,
    x.app_cpu, x.sys_cpu, x.rtt, x.audio_bitrate, x.audio_stall, x.audio_loss, x.audio_capture_energy, x.audio_play_energy, x.video_bitrate, x.video_stall, x.video_loss, x.video_capture_fps, x.video_encode_fps, x.video_decode_fps, x.video_receive_fps, x.video_width, x.video_height, x.`other.metric`, x.`other.samples`, x.`other.sum`, x.`other.min`, x.`other.max`, c.call_created_at, d.device_type, d.sdk_version
FROM {{.Database}}.quality_streams_copy AS x
LEFT JOIN
(
    SELECT sdk_app_id, comm_id, max(begins_at) AS call_created_at FROM
    (
        SELECT sdk_app_id, comm_id, created_at AS begins_at FROM {{.Database}}.rooms_data
        UNION ALL
        SELECT sdk_app_id, key, starts_at FROM {{.Database}}.ledger_units WHERE kind = 'call'
    )
    GROUP BY sdk_app_id, comm_id
) AS c ON c.sdk_app_id = x.sdk_app_id AND c.comm_id = x.comm_id
LEFT JOIN
(
    SELECT cityHash64(sdk_app_id, comm_id, user_id) AS call_user, argMax(device_type, joined_at) AS device_type, argMax(sdk_version, joined_at) AS sdk_version
    FROM {{.Database}}.user_sessions_copy
    WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) IN ('replaced', 'abandoned'))
    GROUP BY call_user
) AS d ON d.call_user = cityHash64(x.sdk_app_id, x.comm_id, x.user_id)
SETTINGS join_use_nulls = 0, join_algorithm = 'grace_hash', max_bytes_in_join = 100000000, max_bytes_before_external_group_by = 200000000, max_partitions_per_insert_block = 0, insert_deduplicate = 0, max_threads = 1, max_block_size = 4096, min_insert_block_size_bytes = 16777216;

{{include "0012_received.sql"}}

ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}} /* if quality_streams_copy has rows */ RESET SETTING min_bytes_for_wide_part;

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

CREATE OR REPLACE VIEW {{.Database}}.quality_streams {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId)',
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds; who names a time of it reads less',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User whose client reported (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user whose stream was received (PeerId); empty: upstream, what user_id sends, and the user''s device',
    day Date COMMENT 'UTC day of the samples and events',
    device_type LowCardinality(String) COMMENT 'Device and operating system of the user in the stay that the samples are of (DeviceType)',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK in that stay (SdkVersion)',
    first_ts DateTime('UTC') COMMENT 'Time of the first sample, UTC seconds; 1970: no sample',
    last_ts DateTime('UTC') COMMENT 'Time of the last sample, UTC seconds; 1970: no sample',
    samples UInt64 COMMENT 'Samples of all metrics',
    events UInt32 COMMENT 'Entries of the user''s event log; counted where peer_id is empty',
    network_changes UInt32 COMMENT 'Events that tell of another network (1003)',
    connections_lost UInt32 COMMENT 'Events that tell of a lost connection: to the server (5005), signalling (32790, 36864), media (32792), left by timeout (7001 with 1)',
    app_cpu_samples UInt32 COMMENT 'Samples of appCpu',
    app_cpu_sum Float64 COMMENT 'Sum of: processor load of the application, % (appCpu)',
    app_cpu_min Float64 COMMENT 'Smallest value of appCpu; 0: no sample',
    app_cpu_max Float64 COMMENT 'Greatest value of appCpu; 0: no sample',
    app_cpu_values Array(Float32) COMMENT 'Histogram of appCpu: the rounded values, in order',
    app_cpu_counts Array(UInt32) COMMENT 'Histogram of appCpu: how many samples had each of app_cpu_values',
    sys_cpu_samples UInt32 COMMENT 'Samples of sysCpu',
    sys_cpu_sum Float64 COMMENT 'Sum of: processor load of the device, % (sysCpu)',
    sys_cpu_min Float64 COMMENT 'Smallest value of sysCpu; 0: no sample',
    sys_cpu_max Float64 COMMENT 'Greatest value of sysCpu; 0: no sample',
    sys_cpu_values Array(Float32) COMMENT 'Histogram of sysCpu: the rounded values, in order',
    sys_cpu_counts Array(UInt32) COMMENT 'Histogram of sysCpu: how many samples had each of sys_cpu_values',
    rtt_samples UInt32 COMMENT 'Samples of rtt',
    rtt_sum Float64 COMMENT 'Sum of: round trip between client and cloud, ms (rtt)',
    rtt_min Float64 COMMENT 'Smallest value of rtt; 0: no sample',
    rtt_max Float64 COMMENT 'Greatest value of rtt; 0: no sample',
    rtt_values Array(Float32) COMMENT 'Histogram of rtt: the rounded values, in order',
    rtt_counts Array(UInt32) COMMENT 'Histogram of rtt: how many samples had each of rtt_values',
    audio_bitrate_samples UInt32 COMMENT 'Samples of aBit',
    audio_bitrate_sum Float64 COMMENT 'Sum of: bitrate of audio, bit/s (aBit)',
    audio_bitrate_min Float64 COMMENT 'Smallest value of aBit; 0: no sample',
    audio_bitrate_max Float64 COMMENT 'Greatest value of aBit; 0: no sample',
    audio_bitrate_values Array(Float32) COMMENT 'Histogram of aBit: the rounded values, in order',
    audio_bitrate_counts Array(UInt32) COMMENT 'Histogram of aBit: how many samples had each of audio_bitrate_values',
    audio_stall_samples UInt32 COMMENT 'Samples of aBlock',
    audio_stall_sum Float64 COMMENT 'Sum of: stall of audio within each 2 s, ms (aBlock)',
    audio_stall_min Float64 COMMENT 'Smallest value of aBlock; 0: no sample',
    audio_stall_max Float64 COMMENT 'Greatest value of aBlock; 0: no sample',
    audio_stall_values Array(Float32) COMMENT 'Histogram of aBlock: the rounded values, in order',
    audio_stall_counts Array(UInt32) COMMENT 'Histogram of aBlock: how many samples had each of audio_stall_values',
    audio_loss_samples UInt32 COMMENT 'Samples of aLoss',
    audio_loss_sum Float64 COMMENT 'Sum of: packets of audio lost, % (aLoss)',
    audio_loss_min Float64 COMMENT 'Smallest value of aLoss; 0: no sample',
    audio_loss_max Float64 COMMENT 'Greatest value of aLoss; 0: no sample',
    audio_loss_values Array(Float32) COMMENT 'Histogram of aLoss: the rounded values, in order',
    audio_loss_counts Array(UInt32) COMMENT 'Histogram of aLoss: how many samples had each of audio_loss_values',
    audio_capture_energy_samples UInt32 COMMENT 'Samples of aCapEnergy',
    audio_capture_energy_sum Float64 COMMENT 'Sum of: volume captured (aCapEnergy)',
    audio_capture_energy_min Float64 COMMENT 'Smallest value of aCapEnergy; 0: no sample',
    audio_capture_energy_max Float64 COMMENT 'Greatest value of aCapEnergy; 0: no sample',
    audio_play_energy_samples UInt32 COMMENT 'Samples of aPlayEnergy',
    audio_play_energy_sum Float64 COMMENT 'Sum of: volume played (aPlayEnergy)',
    audio_play_energy_min Float64 COMMENT 'Smallest value of aPlayEnergy; 0: no sample',
    audio_play_energy_max Float64 COMMENT 'Greatest value of aPlayEnergy; 0: no sample',
    video_bitrate_samples UInt32 COMMENT 'Samples of bigvBit',
    video_bitrate_sum Float64 COMMENT 'Sum of: bitrate of video, bit/s (bigvBit)',
    video_bitrate_min Float64 COMMENT 'Smallest value of bigvBit; 0: no sample',
    video_bitrate_max Float64 COMMENT 'Greatest value of bigvBit; 0: no sample',
    video_bitrate_values Array(Float32) COMMENT 'Histogram of bigvBit: the rounded values, in order',
    video_bitrate_counts Array(UInt32) COMMENT 'Histogram of bigvBit: how many samples had each of video_bitrate_values',
    video_stall_samples UInt32 COMMENT 'Samples of bigvBlock',
    video_stall_sum Float64 COMMENT 'Sum of: stall of video within each 2 s, ms (bigvBlock)',
    video_stall_min Float64 COMMENT 'Smallest value of bigvBlock; 0: no sample',
    video_stall_max Float64 COMMENT 'Greatest value of bigvBlock; 0: no sample',
    video_stall_values Array(Float32) COMMENT 'Histogram of bigvBlock: the rounded values, in order',
    video_stall_counts Array(UInt32) COMMENT 'Histogram of bigvBlock: how many samples had each of video_stall_values',
    video_loss_samples UInt32 COMMENT 'Samples of bigvLoss',
    video_loss_sum Float64 COMMENT 'Sum of: packets of video lost, % (bigvLoss)',
    video_loss_min Float64 COMMENT 'Smallest value of bigvLoss; 0: no sample',
    video_loss_max Float64 COMMENT 'Greatest value of bigvLoss; 0: no sample',
    video_loss_values Array(Float32) COMMENT 'Histogram of bigvLoss: the rounded values, in order',
    video_loss_counts Array(UInt32) COMMENT 'Histogram of bigvLoss: how many samples had each of video_loss_values',
    video_capture_fps_samples UInt32 COMMENT 'Samples of bigvCapFps',
    video_capture_fps_sum Float64 COMMENT 'Sum of: frames captured, 1/s (bigvCapFps)',
    video_capture_fps_min Float64 COMMENT 'Smallest value of bigvCapFps; 0: no sample',
    video_capture_fps_max Float64 COMMENT 'Greatest value of bigvCapFps; 0: no sample',
    video_capture_fps_values Array(Float32) COMMENT 'Histogram of bigvCapFps: the rounded values, in order',
    video_capture_fps_counts Array(UInt32) COMMENT 'Histogram of bigvCapFps: how many samples had each of video_capture_fps_values',
    video_encode_fps_samples UInt32 COMMENT 'Samples of bigvEncFps',
    video_encode_fps_sum Float64 COMMENT 'Sum of: frames sent, 1/s (bigvEncFps)',
    video_encode_fps_min Float64 COMMENT 'Smallest value of bigvEncFps; 0: no sample',
    video_encode_fps_max Float64 COMMENT 'Greatest value of bigvEncFps; 0: no sample',
    video_encode_fps_values Array(Float32) COMMENT 'Histogram of bigvEncFps: the rounded values, in order',
    video_encode_fps_counts Array(UInt32) COMMENT 'Histogram of bigvEncFps: how many samples had each of video_encode_fps_values',
    video_decode_fps_samples UInt32 COMMENT 'Samples of bigvDecFps',
    video_decode_fps_sum Float64 COMMENT 'Sum of: frames rendered, 1/s (bigvDecFps)',
    video_decode_fps_min Float64 COMMENT 'Smallest value of bigvDecFps; 0: no sample',
    video_decode_fps_max Float64 COMMENT 'Greatest value of bigvDecFps; 0: no sample',
    video_decode_fps_values Array(Float32) COMMENT 'Histogram of bigvDecFps: the rounded values, in order',
    video_decode_fps_counts Array(UInt32) COMMENT 'Histogram of bigvDecFps: how many samples had each of video_decode_fps_values',
    video_receive_fps_samples UInt32 COMMENT 'Samples of bigvRecFps',
    video_receive_fps_sum Float64 COMMENT 'Sum of: frames delivered by the cloud, 1/s (bigvRecFps)',
    video_receive_fps_min Float64 COMMENT 'Smallest value of bigvRecFps; 0: no sample',
    video_receive_fps_max Float64 COMMENT 'Greatest value of bigvRecFps; 0: no sample',
    video_receive_fps_values Array(Float32) COMMENT 'Histogram of bigvRecFps: the rounded values, in order',
    video_receive_fps_counts Array(UInt32) COMMENT 'Histogram of bigvRecFps: how many samples had each of video_receive_fps_values',
    video_width_samples UInt32 COMMENT 'Samples of bigvWidth',
    video_width_sum Float64 COMMENT 'Sum of: width of the picture, pixels (bigvWidth)',
    video_width_min Float64 COMMENT 'Smallest value of bigvWidth; 0: no sample',
    video_width_max Float64 COMMENT 'Greatest value of bigvWidth; 0: no sample',
    video_width_values Array(Float32) COMMENT 'Histogram of bigvWidth: the rounded values, in order',
    video_width_counts Array(UInt32) COMMENT 'Histogram of bigvWidth: how many samples had each of video_width_values',
    video_height_samples UInt32 COMMENT 'Samples of bigvHeight',
    video_height_sum Float64 COMMENT 'Sum of: height of the picture, pixels (bigvHeight)',
    video_height_min Float64 COMMENT 'Smallest value of bigvHeight; 0: no sample',
    video_height_max Float64 COMMENT 'Greatest value of bigvHeight; 0: no sample',
    video_height_values Array(Float32) COMMENT 'Histogram of bigvHeight: the rounded values, in order',
    video_height_counts Array(UInt32) COMMENT 'Histogram of bigvHeight: how many samples had each of video_height_values',
    other_metric Array(String) COMMENT 'Metrics that have no column of their own, by the vendor''s names',
    other_samples Array(UInt32) COMMENT 'Samples of each of other_metric',
    other_sum Array(Float64) COMMENT 'Sum of each of other_metric',
    other_min Array(Float64) COMMENT 'Smallest value of each of other_metric',
    other_max Array(Float64) COMMENT 'Greatest value of each of other_metric'
)
AS SELECT
    sdk_app_id, comm_id, call_created_at, room_id, user_id, peer_id, day, device_type, sdk_version, first_ts, last_ts, samples, events, network_changes, connections_lost,
    app_cpu.samples AS app_cpu_samples, app_cpu.sum AS app_cpu_sum, app_cpu.min AS app_cpu_min, app_cpu.max AS app_cpu_max, app_cpu.values AS app_cpu_values, app_cpu.counts AS app_cpu_counts,
    sys_cpu.samples AS sys_cpu_samples, sys_cpu.sum AS sys_cpu_sum, sys_cpu.min AS sys_cpu_min, sys_cpu.max AS sys_cpu_max, sys_cpu.values AS sys_cpu_values, sys_cpu.counts AS sys_cpu_counts,
    rtt.samples AS rtt_samples, rtt.sum AS rtt_sum, rtt.min AS rtt_min, rtt.max AS rtt_max, rtt.values AS rtt_values, rtt.counts AS rtt_counts,
    audio_bitrate.samples AS audio_bitrate_samples, audio_bitrate.sum AS audio_bitrate_sum, audio_bitrate.min AS audio_bitrate_min, audio_bitrate.max AS audio_bitrate_max, audio_bitrate.values AS audio_bitrate_values, audio_bitrate.counts AS audio_bitrate_counts,
    audio_stall.samples AS audio_stall_samples, audio_stall.sum AS audio_stall_sum, audio_stall.min AS audio_stall_min, audio_stall.max AS audio_stall_max, audio_stall.values AS audio_stall_values, audio_stall.counts AS audio_stall_counts,
    audio_loss.samples AS audio_loss_samples, audio_loss.sum AS audio_loss_sum, audio_loss.min AS audio_loss_min, audio_loss.max AS audio_loss_max, audio_loss.values AS audio_loss_values, audio_loss.counts AS audio_loss_counts,
    audio_capture_energy.samples AS audio_capture_energy_samples, audio_capture_energy.sum AS audio_capture_energy_sum, audio_capture_energy.min AS audio_capture_energy_min, audio_capture_energy.max AS audio_capture_energy_max,
    audio_play_energy.samples AS audio_play_energy_samples, audio_play_energy.sum AS audio_play_energy_sum, audio_play_energy.min AS audio_play_energy_min, audio_play_energy.max AS audio_play_energy_max,
    video_bitrate.samples AS video_bitrate_samples, video_bitrate.sum AS video_bitrate_sum, video_bitrate.min AS video_bitrate_min, video_bitrate.max AS video_bitrate_max, video_bitrate.values AS video_bitrate_values, video_bitrate.counts AS video_bitrate_counts,
    video_stall.samples AS video_stall_samples, video_stall.sum AS video_stall_sum, video_stall.min AS video_stall_min, video_stall.max AS video_stall_max, video_stall.values AS video_stall_values, video_stall.counts AS video_stall_counts,
    video_loss.samples AS video_loss_samples, video_loss.sum AS video_loss_sum, video_loss.min AS video_loss_min, video_loss.max AS video_loss_max, video_loss.values AS video_loss_values, video_loss.counts AS video_loss_counts,
    video_capture_fps.samples AS video_capture_fps_samples, video_capture_fps.sum AS video_capture_fps_sum, video_capture_fps.min AS video_capture_fps_min, video_capture_fps.max AS video_capture_fps_max, video_capture_fps.values AS video_capture_fps_values, video_capture_fps.counts AS video_capture_fps_counts,
    video_encode_fps.samples AS video_encode_fps_samples, video_encode_fps.sum AS video_encode_fps_sum, video_encode_fps.min AS video_encode_fps_min, video_encode_fps.max AS video_encode_fps_max, video_encode_fps.values AS video_encode_fps_values, video_encode_fps.counts AS video_encode_fps_counts,
    video_decode_fps.samples AS video_decode_fps_samples, video_decode_fps.sum AS video_decode_fps_sum, video_decode_fps.min AS video_decode_fps_min, video_decode_fps.max AS video_decode_fps_max, video_decode_fps.values AS video_decode_fps_values, video_decode_fps.counts AS video_decode_fps_counts,
    video_receive_fps.samples AS video_receive_fps_samples, video_receive_fps.sum AS video_receive_fps_sum, video_receive_fps.min AS video_receive_fps_min, video_receive_fps.max AS video_receive_fps_max, video_receive_fps.values AS video_receive_fps_values, video_receive_fps.counts AS video_receive_fps_counts,
    video_width.samples AS video_width_samples, video_width.sum AS video_width_sum, video_width.min AS video_width_min, video_width.max AS video_width_max, video_width.values AS video_width_values, video_width.counts AS video_width_counts,
    video_height.samples AS video_height_samples, video_height.sum AS video_height_sum, video_height.min AS video_height_min, video_height.max AS video_height_max, video_height.values AS video_height_values, video_height.counts AS video_height_counts,
    `other.metric` AS other_metric, `other.samples` AS other_samples, `other.sum` AS other_sum, `other.min` AS other_min, `other.max` AS other_max
FROM {{.Database}}.quality_streams_data
WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
COMMENT 'Sums of the samples and events of what a user sends (peer_id empty) or receives from a peer, by UTC day. A stream may have several rows of a day; they add up: sums and counts by sum, quantiles by quantileExactWeightedArray(values, counts). A histogram has the values rounded to 5 binary digits: whole numbers up to 32 are exact, others are off by at most 3.2 %. Exact: agrees with quality_samples and user_events at any moment';

{{include "0012_calls.sql"}}

{{include "0012_metrics.sql"}}

{{include "0012_peers.sql"}}

CREATE OR REPLACE VIEW {{.Database}}.quality_days {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    day Date COMMENT 'UTC day of the samples',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK in the stay that the samples are of (SdkVersion); empty: unknown',
    device_type LowCardinality(String) COMMENT 'Device and operating system of the user in the stay that the samples are of (DeviceType); empty: unknown',
    calls UInt64 COMMENT 'Distinct calls with samples of such users on the day',
    users UInt64 COMMENT 'Distinct users with samples; a user of two days is one of each, so do not add days up',
    samples UInt64 COMMENT 'Samples of quality',
    network_changes UInt64 COMMENT 'Changes of the network',
    connections_lost UInt64 COMMENT 'Losses of the connection',
    sys_cpu_samples UInt64 COMMENT 'Samples of: processor load of the device, % (sysCpu)',
    sys_cpu_avg Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): average; NULL: no sample',
    sys_cpu_p95 Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    app_cpu_samples UInt64 COMMENT 'Samples of: processor load of the application, % (appCpu)',
    app_cpu_avg Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): average; NULL: no sample',
    app_cpu_p95 Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    rtt_samples UInt64 COMMENT 'Samples of: round trip between client and cloud, ms (rtt)',
    rtt_avg Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): average; NULL: no sample',
    rtt_p95 Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_loss_up_samples UInt64 COMMENT 'Samples of: audio packets lost of what the user sends, % (aLoss)',
    audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): average; NULL: no sample',
    audio_loss_up_p95 Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_loss_up_samples UInt64 COMMENT 'Samples of: video packets lost of what the user sends, % (bigvLoss)',
    video_loss_up_avg Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): average; NULL: no sample',
    video_loss_up_p95 Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_bitrate_up_samples UInt64 COMMENT 'Samples of: bitrate of the audio the user sends, bit/s (aBit)',
    audio_bitrate_up_avg Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): average; NULL: no sample',
    audio_bitrate_up_p95 Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_bitrate_up_samples UInt64 COMMENT 'Samples of: bitrate of the video the user sends, bit/s (bigvBit)',
    video_bitrate_up_avg Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): average; NULL: no sample',
    video_bitrate_up_p95 Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_fps_up_samples UInt64 COMMENT 'Samples of: frames the user sends, 1/s (bigvEncFps)',
    video_fps_up_avg Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): average; NULL: no sample',
    video_fps_up_p95 Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_loss_down_samples UInt64 COMMENT 'Samples of: audio packets lost of what the user receives, % (aLoss)',
    audio_loss_down_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): average; NULL: no sample',
    audio_loss_down_p95 Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_loss_down_samples UInt64 COMMENT 'Samples of: video packets lost of what the user receives, % (bigvLoss)',
    video_loss_down_avg Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): average; NULL: no sample',
    video_loss_down_p95 Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the audio the user receives from each peer, bit/s (aBit)',
    audio_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): average; NULL: no sample',
    audio_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the video the user receives from each peer, bit/s (bigvBit)',
    video_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): average; NULL: no sample',
    video_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_fps_down_samples UInt64 COMMENT 'Samples of: frames rendered of what the user receives, 1/s (bigvDecFps)',
    video_fps_down_avg Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): average; NULL: no sample',
    video_fps_down_p95 Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_stall_samples UInt64 COMMENT 'Samples of the stall of the audio received (aBlock), each of which covers 2 s',
    audio_stall_seconds Float64 COMMENT 'Seconds of stall of the audio received, summed over the peers (aBlock)',
    audio_stall_share Nullable(Float64) COMMENT 'Share of the time of the audio received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample',
    video_stall_samples UInt64 COMMENT 'Samples of the stall of the video received (bigvBlock), each of which covers 2 s',
    video_stall_seconds Float64 COMMENT 'Seconds of stall of the video received, summed over the peers (bigvBlock)',
    video_stall_share Nullable(Float64) COMMENT 'Share of the time of the video received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample'
)
AS SELECT q.sdk_app_id AS sdk_app_id, q.day AS day, q.sdk_version AS sdk_version, q.device_type AS device_type, q.calls AS calls, q.users AS users,
    q.samples AS samples, q.network_changes AS network_changes, q.connections_lost AS connections_lost,
    q.sys_cpu_samples AS sys_cpu_samples, q.sys_cpu_sum / nullIf(q.sys_cpu_samples, 0) AS sys_cpu_avg, if(q.sys_cpu_samples = 0, NULL, q.sys_cpu_p95) AS sys_cpu_p95,
    q.app_cpu_samples AS app_cpu_samples, q.app_cpu_sum / nullIf(q.app_cpu_samples, 0) AS app_cpu_avg, if(q.app_cpu_samples = 0, NULL, q.app_cpu_p95) AS app_cpu_p95,
    q.rtt_samples AS rtt_samples, q.rtt_sum / nullIf(q.rtt_samples, 0) AS rtt_avg, if(q.rtt_samples = 0, NULL, q.rtt_p95) AS rtt_p95,
    q.audio_loss_up_samples AS audio_loss_up_samples, q.audio_loss_up_sum / nullIf(q.audio_loss_up_samples, 0) AS audio_loss_up_avg, if(q.audio_loss_up_samples = 0, NULL, q.audio_loss_up_p95) AS audio_loss_up_p95,
    q.video_loss_up_samples AS video_loss_up_samples, q.video_loss_up_sum / nullIf(q.video_loss_up_samples, 0) AS video_loss_up_avg, if(q.video_loss_up_samples = 0, NULL, q.video_loss_up_p95) AS video_loss_up_p95,
    q.audio_bitrate_up_samples AS audio_bitrate_up_samples, q.audio_bitrate_up_sum / nullIf(q.audio_bitrate_up_samples, 0) AS audio_bitrate_up_avg, if(q.audio_bitrate_up_samples = 0, NULL, q.audio_bitrate_up_p95) AS audio_bitrate_up_p95,
    q.video_bitrate_up_samples AS video_bitrate_up_samples, q.video_bitrate_up_sum / nullIf(q.video_bitrate_up_samples, 0) AS video_bitrate_up_avg, if(q.video_bitrate_up_samples = 0, NULL, q.video_bitrate_up_p95) AS video_bitrate_up_p95,
    q.video_fps_up_samples AS video_fps_up_samples, q.video_fps_up_sum / nullIf(q.video_fps_up_samples, 0) AS video_fps_up_avg, if(q.video_fps_up_samples = 0, NULL, q.video_fps_up_p95) AS video_fps_up_p95,
    q.audio_loss_down_samples AS audio_loss_down_samples, q.audio_loss_down_sum / nullIf(q.audio_loss_down_samples, 0) AS audio_loss_down_avg, if(q.audio_loss_down_samples = 0, NULL, q.audio_loss_down_p95) AS audio_loss_down_p95,
    q.video_loss_down_samples AS video_loss_down_samples, q.video_loss_down_sum / nullIf(q.video_loss_down_samples, 0) AS video_loss_down_avg, if(q.video_loss_down_samples = 0, NULL, q.video_loss_down_p95) AS video_loss_down_p95,
    q.audio_bitrate_down_samples AS audio_bitrate_down_samples, q.audio_bitrate_down_sum / nullIf(q.audio_bitrate_down_samples, 0) AS audio_bitrate_down_avg, if(q.audio_bitrate_down_samples = 0, NULL, q.audio_bitrate_down_p95) AS audio_bitrate_down_p95,
    q.video_bitrate_down_samples AS video_bitrate_down_samples, q.video_bitrate_down_sum / nullIf(q.video_bitrate_down_samples, 0) AS video_bitrate_down_avg, if(q.video_bitrate_down_samples = 0, NULL, q.video_bitrate_down_p95) AS video_bitrate_down_p95,
    q.video_fps_down_samples AS video_fps_down_samples, q.video_fps_down_sum / nullIf(q.video_fps_down_samples, 0) AS video_fps_down_avg, if(q.video_fps_down_samples = 0, NULL, q.video_fps_down_p95) AS video_fps_down_p95,
    q.audio_stall_samples AS audio_stall_samples, q.audio_stall_sum / 1000 AS audio_stall_seconds, q.audio_stall_sum / nullIf(q.audio_stall_samples * 2000, 0) AS audio_stall_share,
    q.video_stall_samples AS video_stall_samples, q.video_stall_sum / 1000 AS video_stall_seconds, q.video_stall_sum / nullIf(q.video_stall_samples * 2000, 0) AS video_stall_share
FROM
(
    SELECT x.sdk_app_id AS sdk_app_id, x.day AS day, x.sdk_version AS sdk_version, x.device_type AS device_type, uniqExactIf(x.comm_id, x.samples > 0) AS calls, uniqExactIf(x.user_id, x.samples > 0) AS users,
        sum(x.samples) AS samples,
        sum(x.network_changes) AS network_changes, sum(x.connections_lost) AS connections_lost,
        sumIf(x.sys_cpu.samples, peer_id = '') AS sys_cpu_samples, sumIf(x.sys_cpu.sum, peer_id = '') AS sys_cpu_sum, quantileExactWeightedArrayIf(0.95)(x.sys_cpu.values, x.sys_cpu.counts, peer_id = '') AS sys_cpu_p95,
        sumIf(x.app_cpu.samples, peer_id = '') AS app_cpu_samples, sumIf(x.app_cpu.sum, peer_id = '') AS app_cpu_sum, quantileExactWeightedArrayIf(0.95)(x.app_cpu.values, x.app_cpu.counts, peer_id = '') AS app_cpu_p95,
        sumIf(x.rtt.samples, peer_id = '') AS rtt_samples, sumIf(x.rtt.sum, peer_id = '') AS rtt_sum, quantileExactWeightedArrayIf(0.95)(x.rtt.values, x.rtt.counts, peer_id = '') AS rtt_p95,
        sumIf(x.audio_loss.samples, peer_id = '') AS audio_loss_up_samples, sumIf(x.audio_loss.sum, peer_id = '') AS audio_loss_up_sum, quantileExactWeightedArrayIf(0.95)(x.audio_loss.values, x.audio_loss.counts, peer_id = '') AS audio_loss_up_p95,
        sumIf(x.video_loss.samples, peer_id = '') AS video_loss_up_samples, sumIf(x.video_loss.sum, peer_id = '') AS video_loss_up_sum, quantileExactWeightedArrayIf(0.95)(x.video_loss.values, x.video_loss.counts, peer_id = '') AS video_loss_up_p95,
        sumIf(x.audio_bitrate.samples, peer_id = '') AS audio_bitrate_up_samples, sumIf(x.audio_bitrate.sum, peer_id = '') AS audio_bitrate_up_sum, quantileExactWeightedArrayIf(0.95)(x.audio_bitrate.values, x.audio_bitrate.counts, peer_id = '') AS audio_bitrate_up_p95,
        sumIf(x.video_bitrate.samples, peer_id = '') AS video_bitrate_up_samples, sumIf(x.video_bitrate.sum, peer_id = '') AS video_bitrate_up_sum, quantileExactWeightedArrayIf(0.95)(x.video_bitrate.values, x.video_bitrate.counts, peer_id = '') AS video_bitrate_up_p95,
        sumIf(x.video_encode_fps.samples, peer_id = '') AS video_fps_up_samples, sumIf(x.video_encode_fps.sum, peer_id = '') AS video_fps_up_sum, quantileExactWeightedArrayIf(0.95)(x.video_encode_fps.values, x.video_encode_fps.counts, peer_id = '') AS video_fps_up_p95,
        sumIf(x.audio_loss.samples, peer_id != '') AS audio_loss_down_samples, sumIf(x.audio_loss.sum, peer_id != '') AS audio_loss_down_sum, quantileExactWeightedArrayIf(0.95)(x.audio_loss.values, x.audio_loss.counts, peer_id != '') AS audio_loss_down_p95,
        sumIf(x.video_loss.samples, peer_id != '') AS video_loss_down_samples, sumIf(x.video_loss.sum, peer_id != '') AS video_loss_down_sum, quantileExactWeightedArrayIf(0.95)(x.video_loss.values, x.video_loss.counts, peer_id != '') AS video_loss_down_p95,
        sumIf(x.audio_bitrate.samples, peer_id != '') AS audio_bitrate_down_samples, sumIf(x.audio_bitrate.sum, peer_id != '') AS audio_bitrate_down_sum, quantileExactWeightedArrayIf(0.95)(x.audio_bitrate.values, x.audio_bitrate.counts, peer_id != '') AS audio_bitrate_down_p95,
        sumIf(x.video_bitrate.samples, peer_id != '') AS video_bitrate_down_samples, sumIf(x.video_bitrate.sum, peer_id != '') AS video_bitrate_down_sum, quantileExactWeightedArrayIf(0.95)(x.video_bitrate.values, x.video_bitrate.counts, peer_id != '') AS video_bitrate_down_p95,
        sumIf(x.video_decode_fps.samples, peer_id != '') AS video_fps_down_samples, sumIf(x.video_decode_fps.sum, peer_id != '') AS video_fps_down_sum, quantileExactWeightedArrayIf(0.95)(x.video_decode_fps.values, x.video_decode_fps.counts, peer_id != '') AS video_fps_down_p95,
        sumIf(x.audio_stall.samples, peer_id != '') AS audio_stall_samples, sumIf(x.audio_stall.sum, peer_id != '') AS audio_stall_sum,
        sumIf(x.video_stall.samples, peer_id != '') AS video_stall_samples, sumIf(x.video_stall.sum, peer_id != '') AS video_stall_sum
    FROM {{.Database}}.quality_streams_data AS x
    WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    GROUP BY sdk_app_id, day, sdk_version, device_type
) AS q
SETTINGS join_use_nulls = 0
COMMENT 'One row for each application, UTC day, SDK version and device. For coarser groups add up the sums (average times samples) and merge the histograms of quality_streams: neither distinct users nor quantiles add up. Exact: agrees with quality_samples at any moment';

{{/* What is asked of calls, their users and their pairs has a row of its own, made when a call is committed. */}}
CREATE TABLE IF NOT EXISTS {{.Database}}.call_users_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load of the summary; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)' CODEC(ZSTD(1)),
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not' CODEC(ZSTD(1)),
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds; who names a time of it reads less' CODEC(ZSTD(1)),
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls' CODEC(ZSTD(1)),
    user_id LowCardinality(String) COMMENT 'User (UserId)' CODEC(ZSTD(1)),
    first_joined_at DateTime('UTC') COMMENT 'First entry into the room, UTC seconds' CODEC(ZSTD(1)),
    last_left_at Nullable(DateTime('UTC')) COMMENT 'Last exit from the room, UTC seconds; NULL while the user was still there' CODEC(ZSTD(1)),
    sessions UInt64 COMMENT 'Stays in the call; 0: something was measured of the user, of whom no stay is known' CODEC(ZSTD(1)),
    presence_seconds UInt64 COMMENT 'Seconds in the call, of the stays that are over' CODEC(ZSTD(1)),
    device_type LowCardinality(String) COMMENT 'Device and operating system of the last stay, as reported (DeviceType)' CODEC(ZSTD(1)),
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK of the last stay (SdkVersion)' CODEC(ZSTD(1)),
    client_ip String COMMENT 'Address of the client of the last stay (ClientIp)' CODEC(ZSTD(1)),
    samples UInt64 COMMENT 'Samples of quality of all metrics, sent and received' CODEC(ZSTD(1)),
    events UInt64 COMMENT 'Entries of the event log' CODEC(ZSTD(1)),
    network_changes UInt64 COMMENT 'Changes of the network, such as from Wi-Fi to 4G (event 1003)' CODEC(ZSTD(1)),
    connections_lost UInt64 COMMENT 'Losses of the connection: to the server (event 5005), signalling (32790, 36864), media (32792), left by timeout (7001 with 1)' CODEC(ZSTD(1)),
    video_bitrate_swing_up Nullable(Float64) COMMENT 'Half the width of the middle 90 % of the bitrate of the video sent, in % of its median; NULL: no sample' CODEC(ZSTD(1)),
    sys_cpu_samples UInt64 COMMENT 'Samples of: processor load of the device, % (sysCpu)' CODEC(ZSTD(1)),
    sys_cpu_avg Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): average; NULL: no sample' CODEC(ZSTD(1)),
    sys_cpu_min Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): least; NULL: no sample' CODEC(ZSTD(1)),
    sys_cpu_p50 Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    sys_cpu_p95 Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    sys_cpu_max Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): greatest; NULL: no sample' CODEC(ZSTD(1)),
    app_cpu_samples UInt64 COMMENT 'Samples of: processor load of the application, % (appCpu)' CODEC(ZSTD(1)),
    app_cpu_avg Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): average; NULL: no sample' CODEC(ZSTD(1)),
    app_cpu_min Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): least; NULL: no sample' CODEC(ZSTD(1)),
    app_cpu_p50 Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    app_cpu_p95 Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    app_cpu_max Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): greatest; NULL: no sample' CODEC(ZSTD(1)),
    rtt_samples UInt64 COMMENT 'Samples of: round trip between client and cloud, ms (rtt)' CODEC(ZSTD(1)),
    rtt_avg Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): average; NULL: no sample' CODEC(ZSTD(1)),
    rtt_min Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): least; NULL: no sample' CODEC(ZSTD(1)),
    rtt_p50 Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    rtt_p95 Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    rtt_max Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): greatest; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_up_samples UInt64 COMMENT 'Samples of: audio packets lost of what the user sends, % (aLoss)' CODEC(ZSTD(1)),
    audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): average; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_up_min Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): least; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_up_p50 Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_up_p95 Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_up_max Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): greatest; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_up_samples UInt64 COMMENT 'Samples of: video packets lost of what the user sends, % (bigvLoss)' CODEC(ZSTD(1)),
    video_loss_up_avg Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): average; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_up_min Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): least; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_up_p50 Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_up_p95 Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_up_max Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): greatest; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_up_samples UInt64 COMMENT 'Samples of: bitrate of the audio the user sends, bit/s (aBit)' CODEC(ZSTD(1)),
    audio_bitrate_up_avg Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): average; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_up_min Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): least; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_up_p50 Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_up_p95 Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_up_max Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): greatest; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_up_samples UInt64 COMMENT 'Samples of: bitrate of the video the user sends, bit/s (bigvBit)' CODEC(ZSTD(1)),
    video_bitrate_up_avg Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): average; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_up_min Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): least; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_up_p50 Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_up_p95 Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_up_max Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): greatest; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_up_samples UInt64 COMMENT 'Samples of: frames the user sends, 1/s (bigvEncFps)' CODEC(ZSTD(1)),
    video_fps_up_avg Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): average; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_up_min Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): least; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_up_p50 Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_up_p95 Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_up_max Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): greatest; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_samples UInt64 COMMENT 'Samples of: audio packets lost of what the user receives, % (aLoss)' CODEC(ZSTD(1)),
    audio_loss_down_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): average; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_min Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): least; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_p50 Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_p95 Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_max Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): greatest; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_samples UInt64 COMMENT 'Samples of: video packets lost of what the user receives, % (bigvLoss)' CODEC(ZSTD(1)),
    video_loss_down_avg Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): average; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_min Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): least; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_p50 Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_p95 Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_max Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): greatest; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the audio the user receives from each peer, bit/s (aBit)' CODEC(ZSTD(1)),
    audio_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): average; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_min Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): least; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_p50 Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_max Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): greatest; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the video the user receives from each peer, bit/s (bigvBit)' CODEC(ZSTD(1)),
    video_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): average; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_min Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): least; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_p50 Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_max Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): greatest; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_samples UInt64 COMMENT 'Samples of: frames rendered of what the user receives, 1/s (bigvDecFps)' CODEC(ZSTD(1)),
    video_fps_down_avg Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): average; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_min Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): least; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_p50 Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_p95 Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_max Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): greatest; NULL: no sample' CODEC(ZSTD(1)),
    audio_stall_samples UInt64 COMMENT 'Samples of the stall of the audio received (aBlock), each of which covers 2 s' CODEC(ZSTD(1)),
    audio_stall_seconds Float64 COMMENT 'Seconds of stall of the audio received, summed over the peers (aBlock)' CODEC(ZSTD(1)),
    audio_stall_share Nullable(Float64) COMMENT 'Share of the time of the audio received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample' CODEC(ZSTD(1)),
    video_stall_samples UInt64 COMMENT 'Samples of the stall of the video received (bigvBlock), each of which covers 2 s' CODEC(ZSTD(1)),
    video_stall_seconds Float64 COMMENT 'Seconds of stall of the video received, summed over the peers (bigvBlock)' CODEC(ZSTD(1)),
    video_stall_share Nullable(Float64) COMMENT 'Share of the time of the video received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample' CODEC(ZSTD(1)),
    `metrics.direction` Array(String) COMMENT 'up or down of each metric that was measured, in order of direction and name' CODEC(ZSTD(1)),
    `metrics.metric` Array(String) COMMENT 'Names of the metrics, the vendor''s' CODEC(ZSTD(1)),
    `metrics.samples` Array(UInt64) COMMENT 'Samples of each' CODEC(ZSTD(1)),
    `metrics.sum` Array(Float64) COMMENT 'Sum of each' CODEC(ZSTD(1)),
    `metrics.min` Array(Float64) COMMENT 'Least value of each' CODEC(ZSTD(1)),
    `metrics.p50` Array(Float64) COMMENT 'Half of the samples of each are no greater; of the rounded values; NaN: no histogram is kept' CODEC(ZSTD(1)),
    `metrics.p95` Array(Float64) COMMENT '95 % of the samples of each are no greater; of the rounded values; NaN: no histogram is kept' CODEC(ZSTD(1)),
    `metrics.max` Array(Float64) COMMENT 'Greatest value of each' CODEC(ZSTD(1)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(call_created_at)
ORDER BY (sdk_app_id, toDate(call_created_at), comm_id, user_id)
SETTINGS index_granularity = 1024
COMMENT 'One row for each user of a call, of all that the calls commit left visible, with the load it came in. Read the view call_users instead';

CREATE TABLE IF NOT EXISTS {{.Database}}.peer_quality_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load of the summary; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)' CODEC(ZSTD(1)),
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not' CODEC(ZSTD(1)),
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds; who names a time of it reads less' CODEC(ZSTD(1)),
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls' CODEC(ZSTD(1)),
    user_id LowCardinality(String) COMMENT 'User who receives (UserId)' CODEC(ZSTD(1)),
    peer_id LowCardinality(String) COMMENT 'User who sends (PeerId)' CODEC(ZSTD(1)),
    first_ts DateTime('UTC') COMMENT 'First sample, UTC seconds' CODEC(ZSTD(1)),
    last_ts DateTime('UTC') COMMENT 'Last sample, UTC seconds' CODEC(ZSTD(1)),
    audio_loss_down_samples UInt64 COMMENT 'Samples of: audio packets lost of what the user receives, % (aLoss)' CODEC(ZSTD(1)),
    audio_loss_down_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): average; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_min Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): least; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_p50 Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_p95 Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_max Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): greatest; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_samples UInt64 COMMENT 'Samples of: video packets lost of what the user receives, % (bigvLoss)' CODEC(ZSTD(1)),
    video_loss_down_avg Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): average; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_min Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): least; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_p50 Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_p95 Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_max Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): greatest; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the audio the user receives from each peer, bit/s (aBit)' CODEC(ZSTD(1)),
    audio_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): average; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_min Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): least; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_p50 Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    audio_bitrate_down_max Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): greatest; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the video the user receives from each peer, bit/s (bigvBit)' CODEC(ZSTD(1)),
    video_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): average; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_min Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): least; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_p50 Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_bitrate_down_max Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): greatest; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_samples UInt64 COMMENT 'Samples of: frames rendered of what the user receives, 1/s (bigvDecFps)' CODEC(ZSTD(1)),
    video_fps_down_avg Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): average; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_min Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): least; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_p50 Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_p95 Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_max Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): greatest; NULL: no sample' CODEC(ZSTD(1)),
    audio_stall_samples UInt64 COMMENT 'Samples of the stall of the audio received (aBlock), each of which covers 2 s' CODEC(ZSTD(1)),
    audio_stall_seconds Float64 COMMENT 'Seconds of stall of the audio received, summed over the peers (aBlock)' CODEC(ZSTD(1)),
    audio_stall_share Nullable(Float64) COMMENT 'Share of the time of the audio received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample' CODEC(ZSTD(1)),
    video_stall_samples UInt64 COMMENT 'Samples of the stall of the video received (bigvBlock), each of which covers 2 s' CODEC(ZSTD(1)),
    video_stall_seconds Float64 COMMENT 'Seconds of stall of the video received, summed over the peers (bigvBlock)' CODEC(ZSTD(1)),
    video_stall_share Nullable(Float64) COMMENT 'Share of the time of the video received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample' CODEC(ZSTD(1)),
    peer_audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets that the peer lost on the way to the cloud, %: average; NULL: no sample' CODEC(ZSTD(1)),
    peer_video_loss_up_avg Nullable(Float64) COMMENT 'Video packets that the peer lost on the way to the cloud, %: average; NULL: no sample' CODEC(ZSTD(1)),
    peer_rtt_avg Nullable(Float64) COMMENT 'Round trip between the peer and the cloud, ms: average; NULL: no sample' CODEC(ZSTD(1)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(call_created_at)
ORDER BY (sdk_app_id, toDate(call_created_at), comm_id, user_id, peer_id)
SETTINGS index_granularity = 1024
COMMENT 'One row for each pair of a receiver and a sender in a call, of all that the calls commit left visible, with the load it came in. Read the view peer_quality instead';

CREATE TABLE IF NOT EXISTS {{.Database}}.calls_data {{.OnCluster}}
(
    load_id UInt64 COMMENT 'The load of the summary; hidden_loads says whether it counts' CODEC(ZSTD(1)),
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)' CODEC(ZSTD(1)),
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not' CODEC(ZSTD(1)),
    room_id String COMMENT 'Room name as the application gave it; reused by later calls' CODEC(ZSTD(1)),
    created_at DateTime('UTC') COMMENT 'Creation of the room, UTC seconds' CODEC(ZSTD(1)),
    destroyed_at Nullable(DateTime('UTC')) COMMENT 'End of the call, UTC seconds; NULL while it was still running' CODEC(ZSTD(1)),
    is_finished Bool COMMENT 'Whether the call was over when it was archived' CODEC(ZSTD(1)),
    creator_user_id LowCardinality(String) COMMENT 'User who created the room' CODEC(ZSTD(1)),
    users UInt64 COMMENT 'Distinct users who were there' CODEC(ZSTD(1)),
    sessions UInt64 COMMENT 'Stays of these users' CODEC(ZSTD(1)),
    presence_seconds UInt64 COMMENT 'Seconds of all users in the call, of the stays that are over' CODEC(ZSTD(1)),
    peak_users UInt64 COMMENT 'Most stays at one moment; one that ends when another begins does not overlap it, nor does one of no length count' CODEC(ZSTD(1)),
    samples UInt64 COMMENT 'Samples of quality' CODEC(ZSTD(1)),
    network_changes UInt64 COMMENT 'Changes of the network of all users' CODEC(ZSTD(1)),
    connections_lost UInt64 COMMENT 'Losses of the connection of all users' CODEC(ZSTD(1)),
    rtt_avg Nullable(Float64) COMMENT 'Round trip between clients and cloud, ms: average over all samples; NULL: no sample' CODEC(ZSTD(1)),
    sys_cpu_avg Nullable(Float64) COMMENT 'Processor load of the devices, %: average over all samples; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets lost on the way to the cloud, %: average over all samples; NULL: no sample' CODEC(ZSTD(1)),
    audio_loss_down_avg Nullable(Float64) COMMENT 'Audio packets lost on the way from the cloud, %: average over all samples; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_up_avg Nullable(Float64) COMMENT 'Video packets lost on the way to the cloud, %: average over all samples; NULL: no sample' CODEC(ZSTD(1)),
    video_loss_down_avg Nullable(Float64) COMMENT 'Video packets lost on the way from the cloud, %: average over all samples; NULL: no sample' CODEC(ZSTD(1)),
    video_fps_down_avg Nullable(Float64) COMMENT 'Frames rendered, 1/s: average over all samples; NULL: no sample' CODEC(ZSTD(1)),
    audio_stall_share Nullable(Float64) COMMENT 'Share of the time of the audio received that was stall, from 0 to 1; NULL: no sample' CODEC(ZSTD(1)),
    video_stall_share Nullable(Float64) COMMENT 'Share of the time of the video received that was stall, from 0 to 1; NULL: no sample' CODEC(ZSTD(1)),
    user_ids Array(String) COMMENT 'The users of the call, in order' CODEC(ZSTD(1)),
    judged Array(Array(Float64)) COMMENT 'Of each of user_ids what its score goes by: averages of audio and video lost on the way up, %, round trip, ms, processor load of the device, %, frames sent, 1/s, audio and video lost on the way down, %, stall of audio and of video, % of the time, frames rendered, 1/s; NaN: no sample' CODEC(ZSTD(1)),
    INDEX by_load load_id TYPE minmax GRANULARITY 1,
    INDEX by_call comm_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_room room_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toYYYYMM(created_at)
ORDER BY (sdk_app_id, toDate(created_at), comm_id)
SETTINGS index_granularity = 1024
COMMENT 'One row a call, of all that its commit left visible, with the load it came in. Read the view calls instead';

{{/* A version that failed half-way begins here once more. */}}
TRUNCATE TABLE {{.Database}}.call_users_data {{.OnCluster}};
TRUNCATE TABLE {{.Database}}.peer_quality_data {{.OnCluster}};
TRUNCATE TABLE {{.Database}}.calls_data {{.OnCluster}};
ALTER TABLE {{.Database}}.ledger_parts {{.OnCluster}} /* if ledger_parts has rows */ DELETE WHERE part = 'summary' SETTINGS mutations_sync = 2;
DROP TABLE IF EXISTS {{.Database}}.summary_loads {{.OnCluster}} SYNC;

CREATE TABLE {{.Database}}.summary_loads {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId)',
    load_id UInt64 COMMENT 'The load of its summary',
    loads Array(UInt64) COMMENT 'The loads that it sums up'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (sdk_app_id, comm_id)
COMMENT 'While a version is being made: the calls to sum up';

{{/* Ids of loads as the program makes them: of this moment, and so of no other load. */}}
INSERT INTO {{.Database}}.summary_loads /* if ledger_parts has rows */
SELECT sdk_app_id, comm_id, bitShiftLeft(toUInt64(toUnixTimestamp64Milli(now64(3))), 22) + rowNumberInAllBlocks() AS load_id, loads
FROM
(
    SELECT sdk_app_id, comm_id, groupUniqArray(load_id) AS loads
    FROM
    (
        SELECT DISTINCT sdk_app_id, toLowCardinality(comm_id) AS comm_id, load_id FROM {{.Database}}.rooms_data
        UNION ALL SELECT DISTINCT sdk_app_id, comm_id, load_id FROM {{.Database}}.user_sessions_data
        UNION ALL SELECT DISTINCT sdk_app_id, comm_id, load_id FROM {{.Database}}.quality_streams_data
    )
    WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    GROUP BY sdk_app_id, comm_id
)
SETTINGS max_threads = 1, insert_deduplicate = 0;

INSERT INTO {{.Database}}.ledger_parts /* if summary_loads has rows */ (sdk_app_id, kind, key, part, load_id) SELECT sdk_app_id, 'call', comm_id, 'summary', load_id FROM {{.Database}}.summary_loads SETTINGS insert_deduplicate = 0;

{{include "summaries.sql"}}

DROP TABLE IF EXISTS {{.Database}}.summary_loads {{.OnCluster}} SYNC;

ALTER TABLE {{.Database}}.ledger_parts {{.OnCluster}} MODIFY COLUMN part COMMENT 'What of the unit: room, users, series, events; unusual; scale; summary: what call_users_data, peer_quality_data and calls_data have of it';

CREATE OR REPLACE VIEW {{.Database}}.call_users {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds; who names a time of it reads less',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User (UserId)',
    first_joined_at DateTime('UTC') COMMENT 'First entry into the room, UTC seconds',
    last_left_at Nullable(DateTime('UTC')) COMMENT 'Last exit from the room, UTC seconds; NULL while the user was still there',
    sessions UInt64 COMMENT 'Stays in the call',
    presence_seconds UInt64 COMMENT 'Seconds in the call, of the stays that are over',
    device_type LowCardinality(String) COMMENT 'Device and operating system of the last stay, as reported (DeviceType)',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK of the last stay (SdkVersion)',
    client_ip String COMMENT 'Address of the client of the last stay (ClientIp)',
    samples UInt64 COMMENT 'Samples of quality of all metrics, sent and received',
    events UInt64 COMMENT 'Entries of the event log',
    network_changes UInt64 COMMENT 'Changes of the network, such as from Wi-Fi to 4G (event 1003)',
    connections_lost UInt64 COMMENT 'Losses of the connection: to the server (event 5005), signalling (32790, 36864), media (32792), left by timeout (7001 with 1)',
    score_up Nullable(Float64) COMMENT 'Quality of what the user sends, from 0 (serious) over 50 (poor) to 100 (good): the lowest of the scores of loss, rtt, processor load of the device and frames sent, by their averages and quality_thresholds; NULL: nothing to judge by',
    score_down Nullable(Float64) COMMENT 'Quality of what the user receives, from 0 to 100: the lowest of the scores of loss, share of stall and frames rendered; NULL: nothing to judge by',
    score Nullable(Float64) COMMENT 'The lower of score_up and score_down',
    grade LowCardinality(String) COMMENT 'Of score: good (100), fair (50 and more), poor (more than 0), serious (0), unknown',
    video_bitrate_swing_up Nullable(Float64) COMMENT 'Half the width of the middle 90 % of the bitrate of the video sent, in % of its median; NULL: no sample',
    sys_cpu_samples UInt64 COMMENT 'Samples of: processor load of the device, % (sysCpu)',
    sys_cpu_avg Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): average; NULL: no sample',
    sys_cpu_min Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): least; NULL: no sample',
    sys_cpu_p50 Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    sys_cpu_p95 Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    sys_cpu_max Nullable(Float64) COMMENT 'Processor load of the device, % (sysCpu): greatest; NULL: no sample',
    app_cpu_samples UInt64 COMMENT 'Samples of: processor load of the application, % (appCpu)',
    app_cpu_avg Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): average; NULL: no sample',
    app_cpu_min Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): least; NULL: no sample',
    app_cpu_p50 Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    app_cpu_p95 Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    app_cpu_max Nullable(Float64) COMMENT 'Processor load of the application, % (appCpu): greatest; NULL: no sample',
    rtt_samples UInt64 COMMENT 'Samples of: round trip between client and cloud, ms (rtt)',
    rtt_avg Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): average; NULL: no sample',
    rtt_min Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): least; NULL: no sample',
    rtt_p50 Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    rtt_p95 Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    rtt_max Nullable(Float64) COMMENT 'Round trip between client and cloud, ms (rtt): greatest; NULL: no sample',
    audio_loss_up_samples UInt64 COMMENT 'Samples of: audio packets lost of what the user sends, % (aLoss)',
    audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): average; NULL: no sample',
    audio_loss_up_min Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): least; NULL: no sample',
    audio_loss_up_p50 Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_loss_up_p95 Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_loss_up_max Nullable(Float64) COMMENT 'Audio packets lost of what the user sends, % (aLoss): greatest; NULL: no sample',
    video_loss_up_samples UInt64 COMMENT 'Samples of: video packets lost of what the user sends, % (bigvLoss)',
    video_loss_up_avg Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): average; NULL: no sample',
    video_loss_up_min Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): least; NULL: no sample',
    video_loss_up_p50 Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_loss_up_p95 Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_loss_up_max Nullable(Float64) COMMENT 'Video packets lost of what the user sends, % (bigvLoss): greatest; NULL: no sample',
    audio_bitrate_up_samples UInt64 COMMENT 'Samples of: bitrate of the audio the user sends, bit/s (aBit)',
    audio_bitrate_up_avg Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): average; NULL: no sample',
    audio_bitrate_up_min Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): least; NULL: no sample',
    audio_bitrate_up_p50 Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_bitrate_up_p95 Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_bitrate_up_max Nullable(Float64) COMMENT 'Bitrate of the audio the user sends, bit/s (aBit): greatest; NULL: no sample',
    video_bitrate_up_samples UInt64 COMMENT 'Samples of: bitrate of the video the user sends, bit/s (bigvBit)',
    video_bitrate_up_avg Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): average; NULL: no sample',
    video_bitrate_up_min Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): least; NULL: no sample',
    video_bitrate_up_p50 Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_bitrate_up_p95 Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_bitrate_up_max Nullable(Float64) COMMENT 'Bitrate of the video the user sends, bit/s (bigvBit): greatest; NULL: no sample',
    video_fps_up_samples UInt64 COMMENT 'Samples of: frames the user sends, 1/s (bigvEncFps)',
    video_fps_up_avg Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): average; NULL: no sample',
    video_fps_up_min Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): least; NULL: no sample',
    video_fps_up_p50 Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_fps_up_p95 Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_fps_up_max Nullable(Float64) COMMENT 'Frames the user sends, 1/s (bigvEncFps): greatest; NULL: no sample',
    audio_loss_down_samples UInt64 COMMENT 'Samples of: audio packets lost of what the user receives, % (aLoss)',
    audio_loss_down_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): average; NULL: no sample',
    audio_loss_down_min Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): least; NULL: no sample',
    audio_loss_down_p50 Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_loss_down_p95 Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_loss_down_max Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): greatest; NULL: no sample',
    video_loss_down_samples UInt64 COMMENT 'Samples of: video packets lost of what the user receives, % (bigvLoss)',
    video_loss_down_avg Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): average; NULL: no sample',
    video_loss_down_min Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): least; NULL: no sample',
    video_loss_down_p50 Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_loss_down_p95 Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_loss_down_max Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): greatest; NULL: no sample',
    audio_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the audio the user receives from each peer, bit/s (aBit)',
    audio_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): average; NULL: no sample',
    audio_bitrate_down_min Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): least; NULL: no sample',
    audio_bitrate_down_p50 Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_bitrate_down_max Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): greatest; NULL: no sample',
    video_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the video the user receives from each peer, bit/s (bigvBit)',
    video_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): average; NULL: no sample',
    video_bitrate_down_min Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): least; NULL: no sample',
    video_bitrate_down_p50 Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_bitrate_down_max Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): greatest; NULL: no sample',
    video_fps_down_samples UInt64 COMMENT 'Samples of: frames rendered of what the user receives, 1/s (bigvDecFps)',
    video_fps_down_avg Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): average; NULL: no sample',
    video_fps_down_min Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): least; NULL: no sample',
    video_fps_down_p50 Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_fps_down_p95 Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_fps_down_max Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): greatest; NULL: no sample',
    audio_stall_samples UInt64 COMMENT 'Samples of the stall of the audio received (aBlock), each of which covers 2 s',
    audio_stall_seconds Float64 COMMENT 'Seconds of stall of the audio received, summed over the peers (aBlock)',
    audio_stall_share Nullable(Float64) COMMENT 'Share of the time of the audio received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample',
    video_stall_samples UInt64 COMMENT 'Samples of the stall of the video received (bigvBlock), each of which covers 2 s',
    video_stall_seconds Float64 COMMENT 'Seconds of stall of the video received, summed over the peers (bigvBlock)',
    video_stall_share Nullable(Float64) COMMENT 'Share of the time of the video received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample'
)
AS WITH (
    SELECT arrayMap(m -> limits[m], ['loss', 'loss', 'rtt', 'cpu', 'fps', 'loss', 'loss', 'stall', 'stall', 'fps']) FROM
    (
        SELECT mapFromArrays(groupArray(measure), groupArray((x.1, if(x.1 = x.2, 0, 50 / (x.2 - x.1)), x.2, 50 / (x.3 - x.2)))) AS limits
        FROM (SELECT measure, argMax((good, poor, serious), changed_at) AS x FROM {{.Database}}.quality_thresholds GROUP BY measure)
    )
) AS limits
SELECT sdk_app_id, comm_id, call_created_at, room_id, user_id, first_joined_at, last_left_at, sessions, presence_seconds, device_type, sdk_version, client_ip, samples, events, network_changes, connections_lost, score_up, score_down, score, 
    multiIf(score IS NULL, 'unknown', score >= 100, 'good', score >= 50, 'fair', score > 0, 'poor', 'serious') AS grade, video_bitrate_swing_up, sys_cpu_samples, sys_cpu_avg, sys_cpu_min, sys_cpu_p50, sys_cpu_p95, sys_cpu_max, app_cpu_samples, app_cpu_avg, app_cpu_min, app_cpu_p50, app_cpu_p95, app_cpu_max, rtt_samples, rtt_avg, rtt_min, rtt_p50, rtt_p95, rtt_max, audio_loss_up_samples, audio_loss_up_avg, audio_loss_up_min, audio_loss_up_p50, audio_loss_up_p95, audio_loss_up_max, video_loss_up_samples, video_loss_up_avg, video_loss_up_min, video_loss_up_p50, video_loss_up_p95, video_loss_up_max, audio_bitrate_up_samples, audio_bitrate_up_avg, audio_bitrate_up_min, audio_bitrate_up_p50, audio_bitrate_up_p95, audio_bitrate_up_max, video_bitrate_up_samples, video_bitrate_up_avg, video_bitrate_up_min, video_bitrate_up_p50, video_bitrate_up_p95, video_bitrate_up_max, video_fps_up_samples, video_fps_up_avg, video_fps_up_min, video_fps_up_p50, video_fps_up_p95, video_fps_up_max, audio_loss_down_samples, audio_loss_down_avg, audio_loss_down_min, audio_loss_down_p50, audio_loss_down_p95, audio_loss_down_max, video_loss_down_samples, video_loss_down_avg, video_loss_down_min, video_loss_down_p50, video_loss_down_p95, video_loss_down_max, audio_bitrate_down_samples, audio_bitrate_down_avg, audio_bitrate_down_min, audio_bitrate_down_p50, audio_bitrate_down_p95, audio_bitrate_down_max, video_bitrate_down_samples, video_bitrate_down_avg, video_bitrate_down_min, video_bitrate_down_p50, video_bitrate_down_p95, video_bitrate_down_max, video_fps_down_samples, video_fps_down_avg, video_fps_down_min, video_fps_down_p50, video_fps_down_p95, video_fps_down_max, audio_stall_samples, audio_stall_seconds, audio_stall_share, video_stall_samples, video_stall_seconds, video_stall_share
FROM
(
    SELECT *, arrayMap((v, l) -> if(isNaN(v) OR l.2 = 0, 1000, least(100, greatest(0, if(((v - l.1) * l.2 AS d) <= 50, 100 - d, 50 - (v - l.3) * l.4)))),
            arrayMap(v -> ifNull(v, nan), [audio_loss_up_avg, video_loss_up_avg, rtt_avg, sys_cpu_avg, video_fps_up_avg, audio_loss_down_avg, video_loss_down_avg, 100 * audio_stall_share, 100 * video_stall_share, video_fps_down_avg]), limits) AS scores,
        nullIf(arrayMin(arraySlice(scores, 1, 5)), 1000) AS score_up, nullIf(arrayMin(arraySlice(scores, 6, 5)), 1000) AS score_down, nullIf(arrayMin(scores), 1000) AS score
    FROM {{.Database}}.call_users_data
    WHERE sessions > 0 AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
)
COMMENT 'One row for each user of a call: presence, device, events, and what was measured of what the user sent (up) and received (down, all peers together). Exact: made of the relations beneath by the commit that shows them';

CREATE OR REPLACE VIEW {{.Database}}.call_metrics {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds; who names a time of it reads less',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User whose client reported (UserId)',
    direction LowCardinality(String) COMMENT 'up: what user_id sends, and the user''s device; down: what user_id receives, all peers together',
    metric LowCardinality(String) COMMENT 'Metric by the vendor''s name (DataType), such as rtt or aLoss; its unit is the vendor''s',
    samples UInt64 COMMENT 'Samples',
    sum Float64 COMMENT 'Sum of the values',
    avg Float64 COMMENT 'Average',
    min Float64 COMMENT 'Smallest value',
    p50 Nullable(Float64) COMMENT 'Half of the samples are no greater; of the rounded values, within 3.2 %; NULL: of a metric for which no histogram is kept',
    p95 Nullable(Float64) COMMENT '95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: of a metric for which no histogram is kept',
    max Float64 COMMENT 'Greatest value'
)
AS SELECT sdk_app_id, comm_id, call_created_at, room_id, user_id, direction, metric, samples, sum, sum / samples AS avg, min, if(isNaN(median), NULL, median) AS p50, if(isNaN(most), NULL, most) AS p95, max
FROM {{.Database}}.call_users_data
ARRAY JOIN `metrics.direction` AS direction, `metrics.metric` AS metric, `metrics.samples` AS samples, `metrics.sum` AS sum, `metrics.min` AS min, `metrics.p50` AS median, `metrics.p95` AS most, `metrics.max` AS max
WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
COMMENT 'One row for each metric of a user of a call, sent (up) or received (down, all peers together): what call_users has in columns, of all metrics. Exact: made of the relations beneath by the commit that shows them';

CREATE OR REPLACE VIEW {{.Database}}.peer_quality {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    call_created_at DateTime('UTC') COMMENT 'Creation of the call''s room, UTC seconds; who names a time of it reads less',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User who receives (UserId)',
    peer_id LowCardinality(String) COMMENT 'User who sends (PeerId)',
    first_ts DateTime('UTC') COMMENT 'First sample, UTC seconds',
    last_ts DateTime('UTC') COMMENT 'Last sample, UTC seconds',
    audio_loss_down_samples UInt64 COMMENT 'Samples of: audio packets lost of what the user receives, % (aLoss)',
    audio_loss_down_avg Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): average; NULL: no sample',
    audio_loss_down_min Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): least; NULL: no sample',
    audio_loss_down_p50 Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_loss_down_p95 Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_loss_down_max Nullable(Float64) COMMENT 'Audio packets lost of what the user receives, % (aLoss): greatest; NULL: no sample',
    video_loss_down_samples UInt64 COMMENT 'Samples of: video packets lost of what the user receives, % (bigvLoss)',
    video_loss_down_avg Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): average; NULL: no sample',
    video_loss_down_min Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): least; NULL: no sample',
    video_loss_down_p50 Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_loss_down_p95 Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_loss_down_max Nullable(Float64) COMMENT 'Video packets lost of what the user receives, % (bigvLoss): greatest; NULL: no sample',
    audio_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the audio the user receives from each peer, bit/s (aBit)',
    audio_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): average; NULL: no sample',
    audio_bitrate_down_min Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): least; NULL: no sample',
    audio_bitrate_down_p50 Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    audio_bitrate_down_max Nullable(Float64) COMMENT 'Bitrate of the audio the user receives from each peer, bit/s (aBit): greatest; NULL: no sample',
    video_bitrate_down_samples UInt64 COMMENT 'Samples of: bitrate of the video the user receives from each peer, bit/s (bigvBit)',
    video_bitrate_down_avg Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): average; NULL: no sample',
    video_bitrate_down_min Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): least; NULL: no sample',
    video_bitrate_down_p50 Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_bitrate_down_p95 Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_bitrate_down_max Nullable(Float64) COMMENT 'Bitrate of the video the user receives from each peer, bit/s (bigvBit): greatest; NULL: no sample',
    video_fps_down_samples UInt64 COMMENT 'Samples of: frames rendered of what the user receives, 1/s (bigvDecFps)',
    video_fps_down_avg Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): average; NULL: no sample',
    video_fps_down_min Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): least; NULL: no sample',
    video_fps_down_p50 Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): half of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_fps_down_p95 Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): 95 % of the samples are no greater; of the rounded values, within 3.2 %; NULL: no sample',
    video_fps_down_max Nullable(Float64) COMMENT 'Frames rendered of what the user receives, 1/s (bigvDecFps): greatest; NULL: no sample',
    audio_stall_samples UInt64 COMMENT 'Samples of the stall of the audio received (aBlock), each of which covers 2 s',
    audio_stall_seconds Float64 COMMENT 'Seconds of stall of the audio received, summed over the peers (aBlock)',
    audio_stall_share Nullable(Float64) COMMENT 'Share of the time of the audio received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample',
    video_stall_samples UInt64 COMMENT 'Samples of the stall of the video received (bigvBlock), each of which covers 2 s',
    video_stall_seconds Float64 COMMENT 'Seconds of stall of the video received, summed over the peers (bigvBlock)',
    video_stall_share Nullable(Float64) COMMENT 'Share of the time of the video received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample',
    peer_audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets that the peer lost on the way to the cloud, %: average; NULL: no sample',
    peer_video_loss_up_avg Nullable(Float64) COMMENT 'Video packets that the peer lost on the way to the cloud, %: average; NULL: no sample',
    peer_rtt_avg Nullable(Float64) COMMENT 'Round trip between the peer and the cloud, ms: average; NULL: no sample',
    score Nullable(Float64) COMMENT 'Quality of what was received from this peer, from 0 (serious) to 100 (good): the lowest of the scores of loss, share of stall and frames rendered; NULL: nothing to judge by',
    peer_score Nullable(Float64) COMMENT 'Quality of what the peer sent: the lowest of the scores of its loss and rtt; NULL: nothing to judge by',
    fault LowCardinality(String) COMMENT 'Where a score under 50 comes from: sender (peer_score is under 50, too), receiver (it is not); empty: it is not under 50'
)
AS WITH (
    SELECT arrayMap(m -> limits[m], ['loss', 'loss', 'stall', 'stall', 'fps', 'loss', 'loss', 'rtt']) FROM
    (
        SELECT mapFromArrays(groupArray(measure), groupArray((x.1, if(x.1 = x.2, 0, 50 / (x.2 - x.1)), x.2, 50 / (x.3 - x.2)))) AS limits
        FROM (SELECT measure, argMax((good, poor, serious), changed_at) AS x FROM {{.Database}}.quality_thresholds GROUP BY measure)
    )
) AS limits
SELECT sdk_app_id, comm_id, call_created_at, room_id, user_id, peer_id, first_ts, last_ts, audio_loss_down_samples, audio_loss_down_avg, audio_loss_down_min, audio_loss_down_p50, audio_loss_down_p95, audio_loss_down_max, video_loss_down_samples, video_loss_down_avg, video_loss_down_min, video_loss_down_p50, video_loss_down_p95, video_loss_down_max, audio_bitrate_down_samples, audio_bitrate_down_avg, audio_bitrate_down_min, audio_bitrate_down_p50, audio_bitrate_down_p95, audio_bitrate_down_max, video_bitrate_down_samples, video_bitrate_down_avg, video_bitrate_down_min, video_bitrate_down_p50, video_bitrate_down_p95, video_bitrate_down_max, video_fps_down_samples, video_fps_down_avg, video_fps_down_min, video_fps_down_p50, video_fps_down_p95, video_fps_down_max, audio_stall_samples, audio_stall_seconds, audio_stall_share, video_stall_samples, video_stall_seconds, video_stall_share, peer_audio_loss_up_avg, peer_video_loss_up_avg, peer_rtt_avg, score, peer_score, 
    multiIf(score < 50 AND peer_score < 50, 'sender', score < 50, 'receiver', '') AS fault
FROM
(
    SELECT *, arrayMap((v, l) -> if(isNaN(v) OR l.2 = 0, 1000, least(100, greatest(0, if(((v - l.1) * l.2 AS d) <= 50, 100 - d, 50 - (v - l.3) * l.4)))),
            arrayMap(v -> ifNull(v, nan), [audio_loss_down_avg, video_loss_down_avg, 100 * audio_stall_share, 100 * video_stall_share, video_fps_down_avg, peer_audio_loss_up_avg, peer_video_loss_up_avg, peer_rtt_avg]), limits) AS scores,
        nullIf(arrayMin(arraySlice(scores, 1, 5)), 1000) AS score, nullIf(arrayMin(arraySlice(scores, 6, 3)), 1000) AS peer_score
    FROM {{.Database}}.peer_quality_data
    WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
)
COMMENT 'One row for each pair of a receiver and a sender in a call: how well the one received the other, and whose fault it was. Exact: made of the relations beneath by the commit that shows them';

{{include "0016_calls.sql"}}

{{include "0016_ledger.sql"}}

{{/* Nobody reads it any more, nor rows that have nothing else. */}}
ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}} /* if quality_streams_data has rows */ DELETE WHERE samples = 0 AND events = 0 SETTINGS mutations_sync = 2;
ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}} DROP COLUMN IF EXISTS received;

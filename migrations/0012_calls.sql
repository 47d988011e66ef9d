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
AS WITH (SELECT mapFromArrays(groupArray(measure), groupArray(limits)) FROM (SELECT measure, argMax((good, poor, serious), changed_at) AS limits FROM {{.Database}}.quality_thresholds GROUP BY measure)) AS t
SELECT s.sdk_app_id AS sdk_app_id, s.comm_id AS comm_id, s.call_created_at AS call_created_at, s.room_id AS room_id, s.user_id AS user_id,
    s.first_joined_at AS first_joined_at, if(s.running > 0, NULL, s.last_left_at) AS last_left_at, s.sessions AS sessions, s.presence_seconds AS presence_seconds,
    s.device_type AS device_type, s.sdk_version AS sdk_version, s.client_ip AS client_ip,
    q.samples AS samples, q.events AS events, q.network_changes AS network_changes, q.connections_lost AS connections_lost,
    nullIf(arrayMin(arrayMap((v, l) -> if(isNaN(v) OR l.1 = l.2, 1000, least(100, greatest(0, if((v - l.1) / (l.2 - l.1) <= 1, 100 - 50 * (v - l.1) / (l.2 - l.1), 50 - 50 * (v - l.2) / (l.3 - l.2))))),
        [q.audio_loss_up_sum / q.audio_loss_up_samples, q.video_loss_up_sum / q.video_loss_up_samples, q.rtt_sum / q.rtt_samples, q.sys_cpu_sum / q.sys_cpu_samples, q.video_fps_up_sum / q.video_fps_up_samples],
        [t['loss'], t['loss'], t['rtt'], t['cpu'], t['fps']])), 1000) AS score_up,
    nullIf(arrayMin(arrayMap((v, l) -> if(isNaN(v) OR l.1 = l.2, 1000, least(100, greatest(0, if((v - l.1) / (l.2 - l.1) <= 1, 100 - 50 * (v - l.1) / (l.2 - l.1), 50 - 50 * (v - l.2) / (l.3 - l.2))))),
        [q.audio_loss_down_sum / q.audio_loss_down_samples, q.video_loss_down_sum / q.video_loss_down_samples, q.audio_stall_sum / q.audio_stall_samples / 20, q.video_stall_sum / q.video_stall_samples / 20, q.video_fps_down_sum / q.video_fps_down_samples],
        [t['loss'], t['loss'], t['stall'], t['stall'], t['fps']])), 1000) AS score_down,
    arrayReduce('min', [score_up, score_down]) AS score,
    multiIf(score IS NULL, 'unknown', score >= 100, 'good', score >= 50, 'fair', score > 0, 'poor', 'serious') AS grade,
    if(q.video_bitrate_up_samples = 0, NULL, 50 * (q.swing[3] - q.swing[1]) / nullIf(q.swing[2], 0)) AS video_bitrate_swing_up,
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
    SELECT sdk_app_id, comm_id, call_created_at, user_id, any(room_id) AS room_id, min(joined_at) AS first_joined_at, max(left_at) AS last_left_at, countIf(left_at IS NULL) AS running,
        count() AS sessions, sum(dateDiff('second', joined_at, ifNull(left_at, joined_at))) AS presence_seconds,
        argMax(device_type, joined_at) AS device_type, argMax(sdk_version, joined_at) AS sdk_version, argMax(client_ip, joined_at) AS client_ip
    FROM {{.Database}}.user_sessions_data
    WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    GROUP BY sdk_app_id, comm_id, call_created_at, user_id
) AS s
LEFT JOIN
(
    SELECT sdk_app_id, comm_id, call_created_at, user_id,
        sum(x.samples) AS samples,
        sum(x.events) AS events, sum(x.network_changes) AS network_changes, sum(x.connections_lost) AS connections_lost,
        quantilesExactWeightedArrayIf(0.05, 0.5, 0.95)(x.video_bitrate.values, x.video_bitrate.counts, peer_id = '') AS swing,
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
    GROUP BY sdk_app_id, comm_id, call_created_at, user_id
) AS q ON q.sdk_app_id = s.sdk_app_id AND q.comm_id = s.comm_id AND q.call_created_at = s.call_created_at AND q.user_id = s.user_id
SETTINGS join_use_nulls = 0
COMMENT 'One row for each user of a call: presence, device, events, and what was measured of what the user sent (up) and received (down, all peers together). Exact: agrees with user_sessions, user_events and quality_samples at any moment';

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
    video_stall_share Nullable(Float64) COMMENT 'Share of the time of the video received that was stall, from 0 to 1; NULL: no sample'
)
AS WITH (
    SELECT arrayMap(m -> limits[m], ['loss', 'loss', 'rtt', 'cpu', 'fps', 'loss', 'loss', 'stall', 'stall', 'fps']) FROM
    (
        SELECT mapFromArrays(groupArray(measure), groupArray((x.1, 50 / (x.2 - x.1), x.2, 50 / (x.3 - x.2)))) AS limits
        FROM (SELECT measure, argMax((good, poor, serious), changed_at) AS x FROM {{.Database}}.quality_thresholds GROUP BY measure)
    )
) AS limits
SELECT r.sdk_app_id AS sdk_app_id, r.comm_id AS comm_id, r.room_id AS room_id, r.created_at AS created_at, r.destroyed_at AS destroyed_at,
    r.is_finished AS is_finished, r.creator_user_id AS creator_user_id, toUInt64(r.destroyed_at - r.created_at) AS duration_seconds,
    r.users AS users, r.sessions AS sessions, r.presence_seconds AS presence_seconds, r.peak_users AS peak_users,
    q.samples AS samples, q.network_changes AS network_changes, q.connections_lost AS connections_lost,
    q.quality_score AS quality_score, multiIf(quality_score IS NULL, 'unknown', quality_score >= 100, 'good', quality_score >= 50, 'fair', quality_score > 0, 'poor', 'serious') AS grade,
    ifNull(q.worst.2, '') AS worst_user_id, q.worst.1 AS worst_user_score,
    q.rtt_sum / nullIf(q.rtt_samples, 0) AS rtt_avg,
    q.sys_cpu_sum / nullIf(q.sys_cpu_samples, 0) AS sys_cpu_avg,
    q.audio_loss_up_sum / nullIf(q.audio_loss_up_samples, 0) AS audio_loss_up_avg,
    q.audio_loss_down_sum / nullIf(q.audio_loss_down_samples, 0) AS audio_loss_down_avg,
    q.video_loss_up_sum / nullIf(q.video_loss_up_samples, 0) AS video_loss_up_avg,
    q.video_loss_down_sum / nullIf(q.video_loss_down_samples, 0) AS video_loss_down_avg,
    q.video_fps_down_sum / nullIf(q.video_fps_down_samples, 0) AS video_fps_down_avg,
    q.audio_stall_sum / nullIf(q.audio_stall_samples * 2000, 0) AS audio_stall_share,
    q.video_stall_sum / nullIf(q.video_stall_samples * 2000, 0) AS video_stall_share
FROM
(
    SELECT u.sdk_app_id AS sdk_app_id, u.comm_id AS comm_id, u.call_created_at AS call_created_at,
        sum(u.samples) AS samples, sum(u.network_changes) AS network_changes, sum(u.connections_lost) AS connections_lost,
        sum(u.audio_loss_up_samples) AS audio_loss_up_samples, sum(u.audio_loss_up_sum) AS audio_loss_up_sum,
        sum(u.video_loss_up_samples) AS video_loss_up_samples, sum(u.video_loss_up_sum) AS video_loss_up_sum,
        sum(u.rtt_samples) AS rtt_samples, sum(u.rtt_sum) AS rtt_sum,
        sum(u.sys_cpu_samples) AS sys_cpu_samples, sum(u.sys_cpu_sum) AS sys_cpu_sum,
        sum(u.audio_loss_down_samples) AS audio_loss_down_samples, sum(u.audio_loss_down_sum) AS audio_loss_down_sum,
        sum(u.video_loss_down_samples) AS video_loss_down_samples, sum(u.video_loss_down_sum) AS video_loss_down_sum,
        sum(u.audio_stall_samples) AS audio_stall_samples, sum(u.audio_stall_sum) AS audio_stall_sum,
        sum(u.video_stall_samples) AS video_stall_samples, sum(u.video_stall_sum) AS video_stall_sum,
        sum(u.video_fps_down_samples) AS video_fps_down_samples, sum(u.video_fps_down_sum) AS video_fps_down_sum,
        avg(u.score) AS quality_score, minIf((u.score, u.user_id), u.score IS NOT NULL) AS worst
    FROM
    (
        SELECT sdk_app_id, comm_id, call_created_at, user_id,
            sum(x.samples + x.received.samples) AS samples, sum(x.network_changes) AS network_changes, sum(x.connections_lost) AS connections_lost,
            sum(x.audio_loss.samples) AS audio_loss_up_samples, sum(x.audio_loss.sum) AS audio_loss_up_sum,
            sum(x.video_loss.samples) AS video_loss_up_samples, sum(x.video_loss.sum) AS video_loss_up_sum,
            sum(x.rtt.samples) AS rtt_samples, sum(x.rtt.sum) AS rtt_sum,
            sum(x.sys_cpu.samples) AS sys_cpu_samples, sum(x.sys_cpu.sum) AS sys_cpu_sum,
            sum(x.video_encode_fps.samples) AS video_fps_up_samples, sum(x.video_encode_fps.sum) AS video_fps_up_sum,
            sum(x.received.audio_loss.samples) AS audio_loss_down_samples, sum(x.received.audio_loss.sum) AS audio_loss_down_sum,
            sum(x.received.video_loss.samples) AS video_loss_down_samples, sum(x.received.video_loss.sum) AS video_loss_down_sum,
            sum(x.received.audio_stall.samples) AS audio_stall_samples, sum(x.received.audio_stall.sum) AS audio_stall_sum,
            sum(x.received.video_stall.samples) AS video_stall_samples, sum(x.received.video_stall.sum) AS video_stall_sum,
            sum(x.received.video_decode_fps.samples) AS video_fps_down_samples, sum(x.received.video_decode_fps.sum) AS video_fps_down_sum,
            arrayMin(arrayMap((v, l) -> if(isNaN(v) OR isInfinite(l.2), 1000, if(((v - l.1) * l.2 AS d) <= 50, 100 - d, 50 - (v - l.3) * l.4)),
                [audio_loss_up_sum / audio_loss_up_samples, video_loss_up_sum / video_loss_up_samples, rtt_sum / rtt_samples, sys_cpu_sum / sys_cpu_samples, video_fps_up_sum / video_fps_up_samples, audio_loss_down_sum / audio_loss_down_samples, video_loss_down_sum / video_loss_down_samples, audio_stall_sum / audio_stall_samples / 20, video_stall_sum / video_stall_samples / 20, video_fps_down_sum / video_fps_down_samples], limits)) AS least_score,
            if(least_score = 1000, NULL, least(100, greatest(0, least_score))) AS score
        FROM {{.Database}}.quality_streams_data AS x
        WHERE NOT is_down AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
        GROUP BY sdk_app_id, comm_id, call_created_at, user_id
    ) AS u
    GROUP BY sdk_app_id, comm_id, call_created_at
) AS q
RIGHT JOIN
(
    SELECT r.sdk_app_id AS sdk_app_id, r.comm_id AS comm_id, r.room_id AS room_id, r.created_at AS created_at, r.destroyed_at AS destroyed_at, r.is_finished AS is_finished,
        r.creator_user_id AS creator_user_id, p.users AS users, p.sessions AS sessions, p.presence_seconds AS presence_seconds, p.peak_users AS peak_users
    FROM
    (
        SELECT sdk_app_id, comm_id, call_created_at, uniqExact(user_id) AS users, count() AS sessions,
            sum(dateDiff('second', joined_at, ifNull(left_at, joined_at))) AS presence_seconds,
            maxIntersections(toUInt32(joined_at), ifNull(toUInt32(left_at), 4294967295)) AS peak_users
        FROM {{.Database}}.user_sessions_data
        WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
        GROUP BY sdk_app_id, comm_id, call_created_at
    ) AS p
    RIGHT JOIN (SELECT sdk_app_id, toLowCardinality(comm_id) AS comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id FROM {{.Database}}.rooms_data WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')) AS r ON p.sdk_app_id = r.sdk_app_id AND p.comm_id = r.comm_id AND p.call_created_at = r.created_at
) AS r ON q.sdk_app_id = r.sdk_app_id AND q.comm_id = r.comm_id AND q.call_created_at = r.created_at
SETTINGS join_use_nulls = 0
COMMENT 'One row a call: how long, how many, how good. Exact: agrees with the relations beneath at any moment';

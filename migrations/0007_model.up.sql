CREATE OR REPLACE VIEW {{.Database}}.call_users {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
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
SELECT s.sdk_app_id AS sdk_app_id, s.comm_id AS comm_id, s.room_id AS room_id, s.user_id AS user_id,
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
    SELECT sdk_app_id, comm_id, user_id, any(room_id) AS room_id, min(joined_at) AS first_joined_at, max(left_at) AS last_left_at, countIf(left_at IS NULL) AS running,
        count() AS sessions, sum(dateDiff('second', joined_at, ifNull(left_at, joined_at))) AS presence_seconds,
        argMax(device_type, joined_at) AS device_type, argMax(sdk_version, joined_at) AS sdk_version, argMax(client_ip, joined_at) AS client_ip
    FROM {{.Database}}.user_sessions_data
    WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    GROUP BY sdk_app_id, comm_id, user_id
) AS s
LEFT JOIN
(
    SELECT sdk_app_id, comm_id, user_id,
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
    GROUP BY sdk_app_id, comm_id, user_id
) AS q ON q.sdk_app_id = s.sdk_app_id AND q.comm_id = s.comm_id AND q.user_id = s.user_id
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
AS WITH (SELECT mapFromArrays(groupArray(measure), groupArray(limits)) FROM (SELECT measure, argMax((good, poor, serious), changed_at) AS limits FROM {{.Database}}.quality_thresholds GROUP BY measure)) AS t
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
    SELECT u.sdk_app_id AS sdk_app_id, u.comm_id AS comm_id,
        sum(u.samples) AS samples, sum(u.network_changes) AS network_changes, sum(u.connections_lost) AS connections_lost,
        avg(u.score) AS quality_score, minIf((u.score, u.user_id), u.score IS NOT NULL) AS worst,
        sum(u.rtt_samples) AS rtt_samples, sum(u.rtt_sum) AS rtt_sum,
        sum(u.sys_cpu_samples) AS sys_cpu_samples, sum(u.sys_cpu_sum) AS sys_cpu_sum,
        sum(u.audio_loss_up_samples) AS audio_loss_up_samples, sum(u.audio_loss_up_sum) AS audio_loss_up_sum,
        sum(u.audio_loss_down_samples) AS audio_loss_down_samples, sum(u.audio_loss_down_sum) AS audio_loss_down_sum,
        sum(u.video_loss_up_samples) AS video_loss_up_samples, sum(u.video_loss_up_sum) AS video_loss_up_sum,
        sum(u.video_loss_down_samples) AS video_loss_down_samples, sum(u.video_loss_down_sum) AS video_loss_down_sum,
        sum(u.video_fps_down_samples) AS video_fps_down_samples, sum(u.video_fps_down_sum) AS video_fps_down_sum,
        sum(u.audio_stall_samples) AS audio_stall_samples, sum(u.audio_stall_sum) AS audio_stall_sum,
        sum(u.video_stall_samples) AS video_stall_samples, sum(u.video_stall_sum) AS video_stall_sum
    FROM
    (
        SELECT sdk_app_id, comm_id, user_id, sum(x.samples) AS samples, sum(x.network_changes) AS network_changes, sum(x.connections_lost) AS connections_lost,
            sumIf(x.rtt.samples, peer_id = '') AS rtt_samples, sumIf(x.rtt.sum, peer_id = '') AS rtt_sum,
            sumIf(x.sys_cpu.samples, peer_id = '') AS sys_cpu_samples, sumIf(x.sys_cpu.sum, peer_id = '') AS sys_cpu_sum,
            sumIf(x.audio_loss.samples, peer_id = '') AS audio_loss_up_samples, sumIf(x.audio_loss.sum, peer_id = '') AS audio_loss_up_sum,
            sumIf(x.audio_loss.samples, peer_id != '') AS audio_loss_down_samples, sumIf(x.audio_loss.sum, peer_id != '') AS audio_loss_down_sum,
            sumIf(x.video_loss.samples, peer_id = '') AS video_loss_up_samples, sumIf(x.video_loss.sum, peer_id = '') AS video_loss_up_sum,
            sumIf(x.video_loss.samples, peer_id != '') AS video_loss_down_samples, sumIf(x.video_loss.sum, peer_id != '') AS video_loss_down_sum,
            sumIf(x.video_encode_fps.samples, peer_id = '') AS video_fps_up_samples, sumIf(x.video_encode_fps.sum, peer_id = '') AS video_fps_up_sum,
            sumIf(x.video_decode_fps.samples, peer_id != '') AS video_fps_down_samples, sumIf(x.video_decode_fps.sum, peer_id != '') AS video_fps_down_sum,
            sumIf(x.audio_stall.samples, peer_id != '') AS audio_stall_samples, sumIf(x.audio_stall.sum, peer_id != '') AS audio_stall_sum,
            sumIf(x.video_stall.samples, peer_id != '') AS video_stall_samples, sumIf(x.video_stall.sum, peer_id != '') AS video_stall_sum,
            nullIf(arrayMin(arrayMap((v, l) -> if(isNaN(v) OR l.1 = l.2, 1000, least(100, greatest(0, if((v - l.1) / (l.2 - l.1) <= 1, 100 - 50 * (v - l.1) / (l.2 - l.1), 50 - 50 * (v - l.2) / (l.3 - l.2))))),
                [audio_loss_up_sum / audio_loss_up_samples, video_loss_up_sum / video_loss_up_samples, rtt_sum / rtt_samples, sys_cpu_sum / sys_cpu_samples, video_fps_up_sum / video_fps_up_samples, audio_loss_down_sum / audio_loss_down_samples, video_loss_down_sum / video_loss_down_samples, audio_stall_sum / audio_stall_samples / 20, video_stall_sum / video_stall_samples / 20, video_fps_down_sum / video_fps_down_samples],
                [t['loss'], t['loss'], t['rtt'], t['cpu'], t['fps'], t['loss'], t['loss'], t['stall'], t['stall'], t['fps']])), 1000) AS score
        FROM {{.Database}}.quality_streams_data AS x
        WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
        GROUP BY sdk_app_id, comm_id, user_id
    ) AS u
    GROUP BY sdk_app_id, comm_id
) AS q
RIGHT JOIN
(
    SELECT r.sdk_app_id AS sdk_app_id, r.comm_id AS comm_id, r.room_id AS room_id, r.created_at AS created_at, r.destroyed_at AS destroyed_at, r.is_finished AS is_finished,
        r.creator_user_id AS creator_user_id, p.users AS users, p.sessions AS sessions, p.presence_seconds AS presence_seconds, p.peak_users AS peak_users
    FROM
    (
        SELECT sdk_app_id, comm_id, uniqExact(user_id) AS users, count() AS sessions,
            sum(dateDiff('second', joined_at, ifNull(left_at, joined_at))) AS presence_seconds,
            maxIntersections(toUInt32(joined_at), ifNull(toUInt32(left_at), 4294967295)) AS peak_users
        FROM {{.Database}}.user_sessions_data
        WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
        GROUP BY sdk_app_id, comm_id
    ) AS p
    RIGHT JOIN (SELECT sdk_app_id, toLowCardinality(comm_id) AS comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id FROM {{.Database}}.rooms) AS r ON p.sdk_app_id = r.sdk_app_id AND p.comm_id = r.comm_id
) AS r ON q.sdk_app_id = r.sdk_app_id AND q.comm_id = r.comm_id
SETTINGS join_use_nulls = 0
COMMENT 'One row a call: how long, how many, how good. Exact: agrees with the relations beneath at any moment';

CREATE OR REPLACE VIEW {{.Database}}.call_metrics {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
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
AS SELECT sdk_app_id, comm_id, any(x.room_id) AS room_id, user_id, if(peer_id = '', 'up', 'down') AS direction, m.1 AS metric,
    sum((m.2).1) AS samples, sum((m.2).2) AS sum, sum / samples AS avg, min((m.2).3) AS min,
    if(sum(length((m.2).5)) = 0, NULL, quantileExactWeightedArray(0.5)((m.2).5, (m.2).6)) AS p50,
    if(sum(length((m.2).5)) = 0, NULL, quantileExactWeightedArray(0.95)((m.2).5, (m.2).6)) AS p95, max((m.2).4) AS max
FROM {{.Database}}.quality_streams_data AS x
ARRAY JOIN arrayConcat([('appCpu', app_cpu), ('sysCpu', sys_cpu), ('rtt', rtt), ('aBit', audio_bitrate), ('aBlock', audio_stall), ('aLoss', audio_loss), ('aCapEnergy', audio_capture_energy), ('aPlayEnergy', audio_play_energy), ('bigvBit', video_bitrate), ('bigvBlock', video_stall), ('bigvLoss', video_loss), ('bigvCapFps', video_capture_fps), ('bigvEncFps', video_encode_fps), ('bigvDecFps', video_decode_fps), ('bigvRecFps', video_receive_fps), ('bigvWidth', video_width), ('bigvHeight', video_height)], arrayMap((n, s, t, low, high) -> (n, (s, t, low, high, [], [])), `other.metric`, `other.samples`, `other.sum`, `other.min`, `other.max`)) AS m
WHERE (m.2).1 > 0 AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
GROUP BY sdk_app_id, comm_id, user_id, direction, metric
COMMENT 'One row for each metric of a user of a call, sent (up) or received (down, all peers together): name a call. What call_users has in columns, of all metrics. Exact: agrees with quality_samples at any moment';

CREATE OR REPLACE VIEW {{.Database}}.peer_quality {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User who receives (UserId)',
    peer_id LowCardinality(String) COMMENT 'User who sends (PeerId)',
    first_ts DateTime('UTC') COMMENT 'First sample, UTC seconds',
    last_ts DateTime('UTC') COMMENT 'Last sample, UTC seconds',
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
    video_stall_share Nullable(Float64) COMMENT 'Share of the time of the video received that was stall, from 0 to 1: stall over 2 s a sample; NULL: no sample',
    peer_audio_loss_up_avg Nullable(Float64) COMMENT 'Audio packets that the peer lost on the way to the cloud, %: average; NULL: no sample',
    peer_video_loss_up_avg Nullable(Float64) COMMENT 'Video packets that the peer lost on the way to the cloud, %: average; NULL: no sample',
    peer_rtt_avg Nullable(Float64) COMMENT 'Round trip between the peer and the cloud, ms: average; NULL: no sample',
    score Nullable(Float64) COMMENT 'Quality of what was received from this peer, from 0 (serious) to 100 (good): the lowest of the scores of loss, share of stall and frames rendered; NULL: nothing to judge by',
    peer_score Nullable(Float64) COMMENT 'Quality of what the peer sent: the lowest of the scores of its loss and rtt; NULL: nothing to judge by',
    fault LowCardinality(String) COMMENT 'Where a score under 50 comes from: sender (peer_score is under 50, too), receiver (it is not); empty: it is not under 50'
)
AS WITH (SELECT mapFromArrays(groupArray(measure), groupArray(limits)) FROM (SELECT measure, argMax((good, poor, serious), changed_at) AS limits FROM {{.Database}}.quality_thresholds GROUP BY measure)) AS t
SELECT q.sdk_app_id AS sdk_app_id, q.comm_id AS comm_id, q.room_id AS room_id, q.user_id AS user_id, q.peer_id AS peer_id, q.first_at AS first_ts, q.last_at AS last_ts,
    q.audio_loss_down_samples AS audio_loss_down_samples, q.audio_loss_down_sum / nullIf(q.audio_loss_down_samples, 0) AS audio_loss_down_avg, if(q.audio_loss_down_samples = 0, NULL, q.audio_loss_down_p95) AS audio_loss_down_p95,
    q.video_loss_down_samples AS video_loss_down_samples, q.video_loss_down_sum / nullIf(q.video_loss_down_samples, 0) AS video_loss_down_avg, if(q.video_loss_down_samples = 0, NULL, q.video_loss_down_p95) AS video_loss_down_p95,
    q.audio_bitrate_down_samples AS audio_bitrate_down_samples, q.audio_bitrate_down_sum / nullIf(q.audio_bitrate_down_samples, 0) AS audio_bitrate_down_avg, if(q.audio_bitrate_down_samples = 0, NULL, q.audio_bitrate_down_p95) AS audio_bitrate_down_p95,
    q.video_bitrate_down_samples AS video_bitrate_down_samples, q.video_bitrate_down_sum / nullIf(q.video_bitrate_down_samples, 0) AS video_bitrate_down_avg, if(q.video_bitrate_down_samples = 0, NULL, q.video_bitrate_down_p95) AS video_bitrate_down_p95,
    q.video_fps_down_samples AS video_fps_down_samples, q.video_fps_down_sum / nullIf(q.video_fps_down_samples, 0) AS video_fps_down_avg, if(q.video_fps_down_samples = 0, NULL, q.video_fps_down_p95) AS video_fps_down_p95,
    q.audio_stall_samples AS audio_stall_samples, q.audio_stall_sum / 1000 AS audio_stall_seconds, q.audio_stall_sum / nullIf(q.audio_stall_samples * 2000, 0) AS audio_stall_share,
    q.video_stall_samples AS video_stall_samples, q.video_stall_sum / 1000 AS video_stall_seconds, q.video_stall_sum / nullIf(q.video_stall_samples * 2000, 0) AS video_stall_share,
    p.audio_loss_sum / nullIf(p.audio_loss_samples, 0) AS peer_audio_loss_up_avg,
    p.video_loss_sum / nullIf(p.video_loss_samples, 0) AS peer_video_loss_up_avg,
    p.rtt_sum / nullIf(p.rtt_samples, 0) AS peer_rtt_avg,
    nullIf(arrayMin(arrayMap((v, l) -> if(isNaN(v) OR l.1 = l.2, 1000, least(100, greatest(0, if((v - l.1) / (l.2 - l.1) <= 1, 100 - 50 * (v - l.1) / (l.2 - l.1), 50 - 50 * (v - l.2) / (l.3 - l.2))))),
        [q.audio_loss_down_sum / q.audio_loss_down_samples, q.video_loss_down_sum / q.video_loss_down_samples, q.audio_stall_sum / q.audio_stall_samples / 20, q.video_stall_sum / q.video_stall_samples / 20, q.video_fps_down_sum / q.video_fps_down_samples],
        [t['loss'], t['loss'], t['stall'], t['stall'], t['fps']])), 1000) AS score,
    nullIf(arrayMin(arrayMap((v, l) -> if(isNaN(v) OR l.1 = l.2, 1000, least(100, greatest(0, if((v - l.1) / (l.2 - l.1) <= 1, 100 - 50 * (v - l.1) / (l.2 - l.1), 50 - 50 * (v - l.2) / (l.3 - l.2))))),
        [p.audio_loss_sum / p.audio_loss_samples, p.video_loss_sum / p.video_loss_samples, p.rtt_sum / p.rtt_samples],
        [t['loss'], t['loss'], t['rtt']])), 1000) AS peer_score,
    multiIf(score < 50 AND peer_score < 50, 'sender', score < 50, 'receiver', '') AS fault
FROM
(
    SELECT sdk_app_id, comm_id, user_id, peer_id, any(room_id) AS room_id, min(first_ts) AS first_at, max(last_ts) AS last_at,
        sum(x.audio_loss.samples) AS audio_loss_down_samples, sum(x.audio_loss.sum) AS audio_loss_down_sum, quantileExactWeightedArray(0.95)(x.audio_loss.values, x.audio_loss.counts) AS audio_loss_down_p95,
        sum(x.video_loss.samples) AS video_loss_down_samples, sum(x.video_loss.sum) AS video_loss_down_sum, quantileExactWeightedArray(0.95)(x.video_loss.values, x.video_loss.counts) AS video_loss_down_p95,
        sum(x.audio_bitrate.samples) AS audio_bitrate_down_samples, sum(x.audio_bitrate.sum) AS audio_bitrate_down_sum, quantileExactWeightedArray(0.95)(x.audio_bitrate.values, x.audio_bitrate.counts) AS audio_bitrate_down_p95,
        sum(x.video_bitrate.samples) AS video_bitrate_down_samples, sum(x.video_bitrate.sum) AS video_bitrate_down_sum, quantileExactWeightedArray(0.95)(x.video_bitrate.values, x.video_bitrate.counts) AS video_bitrate_down_p95,
        sum(x.video_decode_fps.samples) AS video_fps_down_samples, sum(x.video_decode_fps.sum) AS video_fps_down_sum, quantileExactWeightedArray(0.95)(x.video_decode_fps.values, x.video_decode_fps.counts) AS video_fps_down_p95,
        sum(x.audio_stall.samples) AS audio_stall_samples, sum(x.audio_stall.sum) AS audio_stall_sum,
        sum(x.video_stall.samples) AS video_stall_samples, sum(x.video_stall.sum) AS video_stall_sum
    FROM {{.Database}}.quality_streams_data AS x
    WHERE peer_id != '' AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    GROUP BY sdk_app_id, comm_id, user_id, peer_id
) AS q
LEFT JOIN
(
    SELECT sdk_app_id, comm_id, user_id, sum(s.audio_loss.samples) AS audio_loss_samples, sum(s.audio_loss.sum) AS audio_loss_sum,
        sum(s.video_loss.samples) AS video_loss_samples, sum(s.video_loss.sum) AS video_loss_sum, sum(s.rtt.samples) AS rtt_samples, sum(s.rtt.sum) AS rtt_sum
    FROM {{.Database}}.quality_streams_data AS s
    WHERE peer_id = '' AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    GROUP BY sdk_app_id, comm_id, user_id
) AS p ON p.sdk_app_id = q.sdk_app_id AND p.comm_id = q.comm_id AND p.user_id = q.peer_id
SETTINGS join_use_nulls = 0
COMMENT 'One row for each pair of a receiver and a sender in a call: how well the one received the other, and whose fault it was. Exact: agrees with quality_samples at any moment';

CREATE OR REPLACE VIEW {{.Database}}.quality_minutes {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User whose client reported (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user whose stream was received (PeerId); empty: upstream',
    direction LowCardinality(String) COMMENT 'up: what user_id sends; down: what user_id receives from peer_id',
    metric LowCardinality(String) COMMENT 'Metric by the vendor''s name (DataType)',
    minute DateTime('UTC') COMMENT 'Beginning of the minute, UTC',
    samples UInt64 COMMENT 'Samples in the minute',
    avg Float64 COMMENT 'Average, in the metric''s own unit',
    min Float64 COMMENT 'Smallest value',
    max Float64 COMMENT 'Greatest value',
    p95 Float64 COMMENT '95 % of the samples are no greater; of the values as they are',
    sum Float64 COMMENT 'Sum of the values'
)
AS SELECT sdk_app_id, comm_id, any(s.room_id) AS room_id, user_id, peer_id, if(peer_id = '', 'up', 'down') AS direction, metric, toStartOfMinute(ts) AS minute,
    count() AS samples, avg(value) AS avg, min(value) AS min, max(value) AS max, quantileExactWeighted(0.95)(value, 1) AS p95, sum(value) AS sum
FROM {{.Database}}.quality_samples AS s
GROUP BY sdk_app_id, comm_id, user_id, peer_id, metric, minute
COMMENT 'One row for each minute of each series: call, user, peer and metric. Computed from quality_samples when it is read: name a call, or a metric and a time (by minute). Exact';

CREATE OR REPLACE VIEW {{.Database}}.quality_days {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    day Date COMMENT 'UTC day of the samples',
    sdk_version LowCardinality(String) COMMENT 'Version of the TRTC SDK of the user''s last stay in the call (SdkVersion); empty: unknown',
    device_type LowCardinality(String) COMMENT 'Device and operating system of the user''s last stay in the call (DeviceType); empty: unknown',
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
    SELECT x.sdk_app_id AS sdk_app_id, x.day AS day, d.sdk_version AS sdk_version, d.device_type AS device_type, uniqExactIf(x.comm_id, x.samples > 0) AS calls, uniqExactIf(x.user_id, x.samples > 0) AS users,
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
    LEFT JOIN
    (
        SELECT call_user, argMax(device_type, joined_at) AS device_type, argMax(sdk_version, joined_at) AS sdk_version
        FROM {{.Database}}.user_sessions_data
        WHERE load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
        GROUP BY call_user
    ) AS d ON d.call_user = x.call_user
    WHERE x.load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    GROUP BY sdk_app_id, day, sdk_version, device_type
) AS q
SETTINGS join_use_nulls = 0
COMMENT 'One row for each application, UTC day, SDK version and device. For coarser groups add up the sums (average times samples) and merge the histograms of quality_streams: neither distinct users nor quantiles add up. Exact: agrees with quality_samples at any moment';

CREATE OR REPLACE VIEW {{.Database}}.events_decoded {{.OnCluster}}
(
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    comm_id LowCardinality(String) COMMENT 'Call (CommId): unique, opaque; room ids are reused, this one is not',
    room_id LowCardinality(String) COMMENT 'Room name as the application gave it; reused by later calls',
    user_id LowCardinality(String) COMMENT 'User whose log it is (UserId)',
    peer_id LowCardinality(String) COMMENT 'Remote user concerned (PeerId); empty: the event concerns the user alone',
    ts DateTime64(3, 'UTC') COMMENT 'Time of the event, UTC milliseconds (Time)',
    event_id UInt32 COMMENT 'Event by the vendor''s number (EventId)',
    category LowCardinality(String) COMMENT 'Kind of event: device, network, app, audio, video, connection, room, web; unknown: a number that event_names has not',
    event String COMMENT 'What happened, English; unknown numbers as event and the number',
    event_zh String COMMENT 'What happened, Chinese',
    value String COMMENT 'What the first parameter means, English; empty: event_values has it not',
    value_zh String COMMENT 'What the first parameter means, Chinese; empty: event_values has it not',
    stream LowCardinality(String) COMMENT 'Stream concerned (Type): big video, small video, side stream; empty: none',
    param_one Int64 COMMENT 'First parameter (ParamOne)',
    param_two Int64 COMMENT 'Second parameter (ParamTwo)'
)
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
    experience String COMMENT 'What the user saw or heard, English; unknown numbers as experience and the number',
    experience_zh String COMMENT 'What the user saw or heard, Chinese',
    abnormal_event_id UInt32 COMMENT 'Cause by the vendor''s number (AbnormalEventId); 0: none known',
    category LowCardinality(String) COMMENT 'Where the cause lies: room, camera, microphone, speaker, screen, codec, cpu, upstream, downstream; empty: no cause known; unknown: a number that abnormal_event_names has not',
    cause String COMMENT 'The cause, English; empty: none known; unknown numbers as cause and the number',
    cause_zh String COMMENT 'The cause, Chinese; empty: none known',
    peer_id LowCardinality(String) COMMENT 'Remote user who caused it (PeerId); empty: no remote user did'
)
AS SELECT u.sdk_app_id AS sdk_app_id, u.room_id AS room_id, u.user_id AS user_id, u.ts AS ts, u.experience_id AS experience_id,
    if(x.name_en = '', concat('experience ', toString(u.experience_id)), x.name_en) AS experience, if(x.name_en = '', concat('体验 ', toString(u.experience_id)), x.name_zh) AS experience_zh,
    u.abnormal_event_id AS abnormal_event_id, multiIf(u.abnormal_event_id = 0, '', a.name_en = '', 'unknown', a.category) AS category,
    multiIf(u.abnormal_event_id = 0, '', a.name_en = '', concat('cause ', toString(u.abnormal_event_id)), a.name_en) AS cause,
    multiIf(u.abnormal_event_id = 0, '', a.name_en = '', concat('原因 ', toString(u.abnormal_event_id)), a.name_zh) AS cause_zh, u.peer_id AS peer_id
FROM {{.Database}}.unusual_events AS u
LEFT ANY JOIN {{.Database}}.experience_names AS x ON x.experience_id = u.experience_id
LEFT ANY JOIN {{.Database}}.abnormal_event_names AS a ON a.abnormal_event_id = u.abnormal_event_id
SETTINGS join_use_nulls = 0
COMMENT 'unusual_events in words: one row for each cause of a bad experience of a user. Exact';

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
SELECT q.sdk_app_id AS sdk_app_id, q.comm_id AS comm_id, q.call_created_at AS call_created_at, q.room_id AS room_id, q.user_id AS user_id, q.peer_id AS peer_id, q.first_at AS first_ts, q.last_at AS last_ts,
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
    SELECT sdk_app_id, comm_id, call_created_at, user_id, peer_id, any(room_id) AS room_id, min(first_ts) AS first_at, max(last_ts) AS last_at,
        sum(x.audio_loss.samples) AS audio_loss_down_samples, sum(x.audio_loss.sum) AS audio_loss_down_sum, quantileExactWeightedArray(0.95)(x.audio_loss.values, x.audio_loss.counts) AS audio_loss_down_p95,
        sum(x.video_loss.samples) AS video_loss_down_samples, sum(x.video_loss.sum) AS video_loss_down_sum, quantileExactWeightedArray(0.95)(x.video_loss.values, x.video_loss.counts) AS video_loss_down_p95,
        sum(x.audio_bitrate.samples) AS audio_bitrate_down_samples, sum(x.audio_bitrate.sum) AS audio_bitrate_down_sum, quantileExactWeightedArray(0.95)(x.audio_bitrate.values, x.audio_bitrate.counts) AS audio_bitrate_down_p95,
        sum(x.video_bitrate.samples) AS video_bitrate_down_samples, sum(x.video_bitrate.sum) AS video_bitrate_down_sum, quantileExactWeightedArray(0.95)(x.video_bitrate.values, x.video_bitrate.counts) AS video_bitrate_down_p95,
        sum(x.video_decode_fps.samples) AS video_fps_down_samples, sum(x.video_decode_fps.sum) AS video_fps_down_sum, quantileExactWeightedArray(0.95)(x.video_decode_fps.values, x.video_decode_fps.counts) AS video_fps_down_p95,
        sum(x.audio_stall.samples) AS audio_stall_samples, sum(x.audio_stall.sum) AS audio_stall_sum,
        sum(x.video_stall.samples) AS video_stall_samples, sum(x.video_stall.sum) AS video_stall_sum
    FROM {{.Database}}.quality_streams_data AS x
    WHERE peer_id != '' AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    GROUP BY sdk_app_id, comm_id, call_created_at, user_id, peer_id
) AS q
LEFT JOIN
(
    SELECT sdk_app_id, comm_id, call_created_at, user_id, sum(s.audio_loss.samples) AS audio_loss_samples, sum(s.audio_loss.sum) AS audio_loss_sum,
        sum(s.video_loss.samples) AS video_loss_samples, sum(s.video_loss.sum) AS video_loss_sum, sum(s.rtt.samples) AS rtt_samples, sum(s.rtt.sum) AS rtt_sum
    FROM {{.Database}}.quality_streams_data AS s
    WHERE peer_id = '' AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
    GROUP BY sdk_app_id, comm_id, call_created_at, user_id
) AS p ON p.sdk_app_id = q.sdk_app_id AND p.comm_id = q.comm_id AND p.call_created_at = q.call_created_at AND p.user_id = q.peer_id
SETTINGS join_use_nulls = 0
COMMENT 'One row for each pair of a receiver and a sender in a call: how well the one received the other, and whose fault it was. Exact: agrees with quality_samples at any moment';

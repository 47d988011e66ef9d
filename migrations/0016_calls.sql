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
        SELECT mapFromArrays(groupArray(measure), groupArray((x.1, if(x.1 = x.2, 0, 50 / (x.2 - x.1)), x.2, 50 / (x.3 - x.2)))) AS limits
        FROM (SELECT measure, argMax((good, poor, serious), changed_at) AS x FROM {{.Database}}.quality_thresholds GROUP BY measure)
    )
) AS limits
SELECT sdk_app_id, comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id, toUInt64(destroyed_at - created_at) AS duration_seconds, users, sessions, presence_seconds, peak_users, samples, network_changes, connections_lost, quality_score, 
    multiIf(quality_score IS NULL, 'unknown', quality_score >= 100, 'good', quality_score >= 50, 'fair', quality_score > 0, 'poor', 'serious') AS grade, 
    if(worst = 1000, '', user_ids[indexOf(scores, worst)]) AS worst_user_id, nullIf(worst, 1000) AS worst_user_score, rtt_avg, sys_cpu_avg, audio_loss_up_avg, audio_loss_down_avg, video_loss_up_avg, video_loss_down_avg, video_fps_down_avg, audio_stall_share, video_stall_share
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

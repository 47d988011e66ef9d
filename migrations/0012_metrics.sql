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
AS SELECT sdk_app_id, comm_id, call_created_at, any(x.room_id) AS room_id, user_id, if(peer_id = '', 'up', 'down') AS direction, m.1 AS metric,
    sum((m.2).1) AS samples, sum((m.2).2) AS sum, sum / samples AS avg, min((m.2).3) AS min,
    if(sum(length((m.2).5)) = 0, NULL, quantileExactWeightedArray(0.5)((m.2).5, (m.2).6)) AS p50,
    if(sum(length((m.2).5)) = 0, NULL, quantileExactWeightedArray(0.95)((m.2).5, (m.2).6)) AS p95, max((m.2).4) AS max
FROM {{.Database}}.quality_streams_data AS x
ARRAY JOIN arrayConcat([('appCpu', app_cpu), ('sysCpu', sys_cpu), ('rtt', rtt), ('aBit', audio_bitrate), ('aBlock', audio_stall), ('aLoss', audio_loss), ('aCapEnergy', audio_capture_energy), ('aPlayEnergy', audio_play_energy), ('bigvBit', video_bitrate), ('bigvBlock', video_stall), ('bigvLoss', video_loss), ('bigvCapFps', video_capture_fps), ('bigvEncFps', video_encode_fps), ('bigvDecFps', video_decode_fps), ('bigvRecFps', video_receive_fps), ('bigvWidth', video_width), ('bigvHeight', video_height)], arrayMap((n, s, t, low, high) -> (n, (s, t, low, high, [], [])), `other.metric`, `other.samples`, `other.sum`, `other.min`, `other.max`)) AS m
WHERE (m.2).1 > 0 AND load_id NOT IN (SELECT load_id FROM {{.Database}}.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')
GROUP BY sdk_app_id, comm_id, call_created_at, user_id, direction, metric
COMMENT 'One row for each metric of a user of a call, sent (up) or received (down, all peers together): name a call. What call_users has in columns, of all metrics. Exact: agrees with quality_samples at any moment';

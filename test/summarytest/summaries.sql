/*
What the summaries of calls are of the loads that the table summary_loads names,
which has the columns sdk_app_id, comm_id, load_id (of the summary) and loads (that
it is of). The Writer makes them many times faster (load/summaries.go), and their minutes, which
SQL does not; tests hold the one against the other. Memory is bounded.
*/
INSERT INTO call_users_data (load_id, sdk_app_id, comm_id, call_created_at, room_id, user_id, first_joined_at, last_left_at, sessions, presence_seconds, device_type, sdk_version, client_ip, samples, events, network_changes, connections_lost, video_bitrate_swing_up, sys_cpu_samples, sys_cpu_avg, sys_cpu_min, sys_cpu_p50, sys_cpu_p95, sys_cpu_max, app_cpu_samples, app_cpu_avg, app_cpu_min, app_cpu_p50, app_cpu_p95, app_cpu_max, rtt_samples, rtt_avg, rtt_min, rtt_p50, rtt_p95, rtt_max, audio_loss_up_samples, audio_loss_up_avg, audio_loss_up_min, audio_loss_up_p50, audio_loss_up_p95, audio_loss_up_max, video_loss_up_samples, video_loss_up_avg, video_loss_up_min, video_loss_up_p50, video_loss_up_p95, video_loss_up_max, audio_bitrate_up_samples, audio_bitrate_up_avg, audio_bitrate_up_min, audio_bitrate_up_p50, audio_bitrate_up_p95, audio_bitrate_up_max, video_bitrate_up_samples, video_bitrate_up_avg, video_bitrate_up_min, video_bitrate_up_p50, video_bitrate_up_p95, video_bitrate_up_max, video_fps_up_samples, video_fps_up_avg, video_fps_up_min, video_fps_up_p50, video_fps_up_p95, video_fps_up_max, audio_loss_down_samples, audio_loss_down_avg, audio_loss_down_min, audio_loss_down_p50, audio_loss_down_p95, audio_loss_down_max, video_loss_down_samples, video_loss_down_avg, video_loss_down_min, video_loss_down_p50, video_loss_down_p95, video_loss_down_max, audio_bitrate_down_samples, audio_bitrate_down_avg, audio_bitrate_down_min, audio_bitrate_down_p50, audio_bitrate_down_p95, audio_bitrate_down_max, video_bitrate_down_samples, video_bitrate_down_avg, video_bitrate_down_min, video_bitrate_down_p50, video_bitrate_down_p95, video_bitrate_down_max, video_fps_down_samples, video_fps_down_avg, video_fps_down_min, video_fps_down_p50, video_fps_down_p95, video_fps_down_max, audio_stall_samples, audio_stall_seconds, audio_stall_share, video_stall_samples, video_stall_seconds, video_stall_share, `metrics.direction`, `metrics.metric`, `metrics.samples`, `metrics.sum`, `metrics.min`, `metrics.p50`, `metrics.p95`, `metrics.max`)
SELECT
    l.load_id, u.sdk_app_id, u.comm_id, u.call_created_at, u.room_id, u.user_id, u.first_joined_at, u.last_left_at, u.sessions, u.presence_seconds,
    u.device_type, u.sdk_version, u.client_ip, u.samples, u.events, u.network_changes, u.connections_lost, u.video_bitrate_swing_up,
    u.sys_cpu_samples, u.sys_cpu_avg, u.sys_cpu_min, u.sys_cpu_p50, u.sys_cpu_p95, u.sys_cpu_max, u.app_cpu_samples, u.app_cpu_avg, u.app_cpu_min,
    u.app_cpu_p50, u.app_cpu_p95, u.app_cpu_max, u.rtt_samples, u.rtt_avg, u.rtt_min, u.rtt_p50, u.rtt_p95, u.rtt_max, u.audio_loss_up_samples,
    u.audio_loss_up_avg, u.audio_loss_up_min, u.audio_loss_up_p50, u.audio_loss_up_p95, u.audio_loss_up_max, u.video_loss_up_samples,
    u.video_loss_up_avg, u.video_loss_up_min, u.video_loss_up_p50, u.video_loss_up_p95, u.video_loss_up_max, u.audio_bitrate_up_samples,
    u.audio_bitrate_up_avg, u.audio_bitrate_up_min, u.audio_bitrate_up_p50, u.audio_bitrate_up_p95, u.audio_bitrate_up_max,
    u.video_bitrate_up_samples, u.video_bitrate_up_avg, u.video_bitrate_up_min, u.video_bitrate_up_p50, u.video_bitrate_up_p95,
    u.video_bitrate_up_max, u.video_fps_up_samples, u.video_fps_up_avg, u.video_fps_up_min, u.video_fps_up_p50, u.video_fps_up_p95,
    u.video_fps_up_max, u.audio_loss_down_samples, u.audio_loss_down_avg, u.audio_loss_down_min, u.audio_loss_down_p50, u.audio_loss_down_p95,
    u.audio_loss_down_max, u.video_loss_down_samples, u.video_loss_down_avg, u.video_loss_down_min, u.video_loss_down_p50, u.video_loss_down_p95,
    u.video_loss_down_max, u.audio_bitrate_down_samples, u.audio_bitrate_down_avg, u.audio_bitrate_down_min, u.audio_bitrate_down_p50,
    u.audio_bitrate_down_p95, u.audio_bitrate_down_max, u.video_bitrate_down_samples, u.video_bitrate_down_avg, u.video_bitrate_down_min,
    u.video_bitrate_down_p50, u.video_bitrate_down_p95, u.video_bitrate_down_max, u.video_fps_down_samples, u.video_fps_down_avg,
    u.video_fps_down_min, u.video_fps_down_p50, u.video_fps_down_p95, u.video_fps_down_max, u.audio_stall_samples, u.audio_stall_seconds,
    u.audio_stall_share, u.video_stall_samples, u.video_stall_seconds, u.video_stall_share, m.metrics.1, m.metrics.2, m.metrics.3, m.metrics.4,
    m.metrics.5, m.metrics.6, m.metrics.7, m.metrics.8
FROM
(
    SELECT
        sdk_app_id, comm_id, if(s.sessions > 0, s.created, q.created) AS call_created_at, if(s.room != '', s.room, q.room) AS room_id, user_id,
        s.first_joined AS first_joined_at, if(s.running > 0, NULL, s.last_left) AS last_left_at, s.sessions AS sessions,
        s.presence_seconds AS presence_seconds, s.last.2 AS device_type, s.last.3 AS sdk_version, s.last.4 AS client_ip, q.samples AS samples,
        q.events AS events, q.network_changes AS network_changes, q.connections_lost AS connections_lost,
        if(q.video_bitrate_up_samples = 0, NULL, 50 * (q.video_bitrate_up_q[3] - q.video_bitrate_up_q[1]) / nullIf(q.video_bitrate_up_q[2], 0)) AS video_bitrate_swing_up,
        q.sys_cpu_samples AS sys_cpu_samples, q.sys_cpu_sum / nullIf(q.sys_cpu_samples, 0) AS sys_cpu_avg,
        if(q.sys_cpu_samples = 0, NULL, q.sys_cpu_low) AS sys_cpu_min, if(q.sys_cpu_samples = 0, NULL, greatest(q.sys_cpu_low, least(q.sys_cpu_q[1], q.sys_cpu_high))) AS sys_cpu_p50,
        if(q.sys_cpu_samples = 0, NULL, greatest(q.sys_cpu_low, least(q.sys_cpu_q[2], q.sys_cpu_high))) AS sys_cpu_p95, if(q.sys_cpu_samples = 0, NULL, q.sys_cpu_high) AS sys_cpu_max,
        q.app_cpu_samples AS app_cpu_samples, q.app_cpu_sum / nullIf(q.app_cpu_samples, 0) AS app_cpu_avg,
        if(q.app_cpu_samples = 0, NULL, q.app_cpu_low) AS app_cpu_min, if(q.app_cpu_samples = 0, NULL, greatest(q.app_cpu_low, least(q.app_cpu_q[1], q.app_cpu_high))) AS app_cpu_p50,
        if(q.app_cpu_samples = 0, NULL, greatest(q.app_cpu_low, least(q.app_cpu_q[2], q.app_cpu_high))) AS app_cpu_p95, if(q.app_cpu_samples = 0, NULL, q.app_cpu_high) AS app_cpu_max,
        q.rtt_samples AS rtt_samples, q.rtt_sum / nullIf(q.rtt_samples, 0) AS rtt_avg, if(q.rtt_samples = 0, NULL, q.rtt_low) AS rtt_min,
        if(q.rtt_samples = 0, NULL, greatest(q.rtt_low, least(q.rtt_q[1], q.rtt_high))) AS rtt_p50, if(q.rtt_samples = 0, NULL, greatest(q.rtt_low, least(q.rtt_q[2], q.rtt_high))) AS rtt_p95,
        if(q.rtt_samples = 0, NULL, q.rtt_high) AS rtt_max, q.audio_loss_up_samples AS audio_loss_up_samples,
        q.audio_loss_up_sum / nullIf(q.audio_loss_up_samples, 0) AS audio_loss_up_avg,
        if(q.audio_loss_up_samples = 0, NULL, q.audio_loss_up_low) AS audio_loss_up_min,
        if(q.audio_loss_up_samples = 0, NULL, greatest(q.audio_loss_up_low, least(q.audio_loss_up_q[1], q.audio_loss_up_high))) AS audio_loss_up_p50,
        if(q.audio_loss_up_samples = 0, NULL, greatest(q.audio_loss_up_low, least(q.audio_loss_up_q[2], q.audio_loss_up_high))) AS audio_loss_up_p95,
        if(q.audio_loss_up_samples = 0, NULL, q.audio_loss_up_high) AS audio_loss_up_max, q.video_loss_up_samples AS video_loss_up_samples,
        q.video_loss_up_sum / nullIf(q.video_loss_up_samples, 0) AS video_loss_up_avg,
        if(q.video_loss_up_samples = 0, NULL, q.video_loss_up_low) AS video_loss_up_min,
        if(q.video_loss_up_samples = 0, NULL, greatest(q.video_loss_up_low, least(q.video_loss_up_q[1], q.video_loss_up_high))) AS video_loss_up_p50,
        if(q.video_loss_up_samples = 0, NULL, greatest(q.video_loss_up_low, least(q.video_loss_up_q[2], q.video_loss_up_high))) AS video_loss_up_p95,
        if(q.video_loss_up_samples = 0, NULL, q.video_loss_up_high) AS video_loss_up_max, q.audio_bitrate_up_samples AS audio_bitrate_up_samples,
        q.audio_bitrate_up_sum / nullIf(q.audio_bitrate_up_samples, 0) AS audio_bitrate_up_avg,
        if(q.audio_bitrate_up_samples = 0, NULL, q.audio_bitrate_up_low) AS audio_bitrate_up_min,
        if(q.audio_bitrate_up_samples = 0, NULL, greatest(q.audio_bitrate_up_low, least(q.audio_bitrate_up_q[1], q.audio_bitrate_up_high))) AS audio_bitrate_up_p50,
        if(q.audio_bitrate_up_samples = 0, NULL, greatest(q.audio_bitrate_up_low, least(q.audio_bitrate_up_q[2], q.audio_bitrate_up_high))) AS audio_bitrate_up_p95,
        if(q.audio_bitrate_up_samples = 0, NULL, q.audio_bitrate_up_high) AS audio_bitrate_up_max,
        q.video_bitrate_up_samples AS video_bitrate_up_samples,
        q.video_bitrate_up_sum / nullIf(q.video_bitrate_up_samples, 0) AS video_bitrate_up_avg,
        if(q.video_bitrate_up_samples = 0, NULL, q.video_bitrate_up_low) AS video_bitrate_up_min,
        if(q.video_bitrate_up_samples = 0, NULL, greatest(q.video_bitrate_up_low, least(q.video_bitrate_up_q[2], q.video_bitrate_up_high))) AS video_bitrate_up_p50,
        if(q.video_bitrate_up_samples = 0, NULL, greatest(q.video_bitrate_up_low, least(q.video_bitrate_up_q[3], q.video_bitrate_up_high))) AS video_bitrate_up_p95,
        if(q.video_bitrate_up_samples = 0, NULL, q.video_bitrate_up_high) AS video_bitrate_up_max, q.video_fps_up_samples AS video_fps_up_samples,
        q.video_fps_up_sum / nullIf(q.video_fps_up_samples, 0) AS video_fps_up_avg,
        if(q.video_fps_up_samples = 0, NULL, q.video_fps_up_low) AS video_fps_up_min,
        if(q.video_fps_up_samples = 0, NULL, greatest(q.video_fps_up_low, least(q.video_fps_up_q[1], q.video_fps_up_high))) AS video_fps_up_p50,
        if(q.video_fps_up_samples = 0, NULL, greatest(q.video_fps_up_low, least(q.video_fps_up_q[2], q.video_fps_up_high))) AS video_fps_up_p95,
        if(q.video_fps_up_samples = 0, NULL, q.video_fps_up_high) AS video_fps_up_max, q.audio_loss_down_samples AS audio_loss_down_samples,
        q.audio_loss_down_sum / nullIf(q.audio_loss_down_samples, 0) AS audio_loss_down_avg,
        if(q.audio_loss_down_samples = 0, NULL, q.audio_loss_down_low) AS audio_loss_down_min,
        if(q.audio_loss_down_samples = 0, NULL, greatest(q.audio_loss_down_low, least(q.audio_loss_down_q[1], q.audio_loss_down_high))) AS audio_loss_down_p50,
        if(q.audio_loss_down_samples = 0, NULL, greatest(q.audio_loss_down_low, least(q.audio_loss_down_q[2], q.audio_loss_down_high))) AS audio_loss_down_p95,
        if(q.audio_loss_down_samples = 0, NULL, q.audio_loss_down_high) AS audio_loss_down_max, q.video_loss_down_samples AS video_loss_down_samples,
        q.video_loss_down_sum / nullIf(q.video_loss_down_samples, 0) AS video_loss_down_avg,
        if(q.video_loss_down_samples = 0, NULL, q.video_loss_down_low) AS video_loss_down_min,
        if(q.video_loss_down_samples = 0, NULL, greatest(q.video_loss_down_low, least(q.video_loss_down_q[1], q.video_loss_down_high))) AS video_loss_down_p50,
        if(q.video_loss_down_samples = 0, NULL, greatest(q.video_loss_down_low, least(q.video_loss_down_q[2], q.video_loss_down_high))) AS video_loss_down_p95,
        if(q.video_loss_down_samples = 0, NULL, q.video_loss_down_high) AS video_loss_down_max,
        q.audio_bitrate_down_samples AS audio_bitrate_down_samples,
        q.audio_bitrate_down_sum / nullIf(q.audio_bitrate_down_samples, 0) AS audio_bitrate_down_avg,
        if(q.audio_bitrate_down_samples = 0, NULL, q.audio_bitrate_down_low) AS audio_bitrate_down_min,
        if(q.audio_bitrate_down_samples = 0, NULL, greatest(q.audio_bitrate_down_low, least(q.audio_bitrate_down_q[1], q.audio_bitrate_down_high))) AS audio_bitrate_down_p50,
        if(q.audio_bitrate_down_samples = 0, NULL, greatest(q.audio_bitrate_down_low, least(q.audio_bitrate_down_q[2], q.audio_bitrate_down_high))) AS audio_bitrate_down_p95,
        if(q.audio_bitrate_down_samples = 0, NULL, q.audio_bitrate_down_high) AS audio_bitrate_down_max,
        q.video_bitrate_down_samples AS video_bitrate_down_samples,
        q.video_bitrate_down_sum / nullIf(q.video_bitrate_down_samples, 0) AS video_bitrate_down_avg,
        if(q.video_bitrate_down_samples = 0, NULL, q.video_bitrate_down_low) AS video_bitrate_down_min,
        if(q.video_bitrate_down_samples = 0, NULL, greatest(q.video_bitrate_down_low, least(q.video_bitrate_down_q[1], q.video_bitrate_down_high))) AS video_bitrate_down_p50,
        if(q.video_bitrate_down_samples = 0, NULL, greatest(q.video_bitrate_down_low, least(q.video_bitrate_down_q[2], q.video_bitrate_down_high))) AS video_bitrate_down_p95,
        if(q.video_bitrate_down_samples = 0, NULL, q.video_bitrate_down_high) AS video_bitrate_down_max,
        q.video_fps_down_samples AS video_fps_down_samples, q.video_fps_down_sum / nullIf(q.video_fps_down_samples, 0) AS video_fps_down_avg,
        if(q.video_fps_down_samples = 0, NULL, q.video_fps_down_low) AS video_fps_down_min,
        if(q.video_fps_down_samples = 0, NULL, greatest(q.video_fps_down_low, least(q.video_fps_down_q[1], q.video_fps_down_high))) AS video_fps_down_p50,
        if(q.video_fps_down_samples = 0, NULL, greatest(q.video_fps_down_low, least(q.video_fps_down_q[2], q.video_fps_down_high))) AS video_fps_down_p95,
        if(q.video_fps_down_samples = 0, NULL, q.video_fps_down_high) AS video_fps_down_max, q.audio_stall_samples AS audio_stall_samples,
        q.audio_stall_sum / 1000 AS audio_stall_seconds, q.audio_stall_sum / nullIf(q.audio_stall_samples * 2000, 0) AS audio_stall_share,
        q.video_stall_samples AS video_stall_samples, q.video_stall_sum / 1000 AS video_stall_seconds,
        q.video_stall_sum / nullIf(q.video_stall_samples * 2000, 0) AS video_stall_share
    FROM
    (
        SELECT sdk_app_id, comm_id, user_id, min(call_created_at) AS created, any(room_id) AS room, min(joined_at) AS first_joined, max(left_at) AS last_left, countIf(left_at IS NULL) AS running,
            count() AS sessions, greatest(0, sum(dateDiff('second', joined_at, ifNull(left_at, greatest(joined_at, x.last_ts))))) AS presence_seconds,
            max((joined_at, device_type, sdk_version, client_ip)) AS last
        FROM user_sessions_data
        LEFT JOIN
        (
            SELECT sdk_app_id, comm_id, max(last_ts) AS last_ts
            FROM quality_streams_data
            WHERE peer_id = '' AND load_id IN (SELECT arrayJoin(loads) FROM summary_loads)
            GROUP BY sdk_app_id, comm_id
        ) AS x USING (sdk_app_id, comm_id)
        WHERE load_id IN (SELECT arrayJoin(loads) FROM summary_loads)
        GROUP BY sdk_app_id, comm_id, user_id
    ) AS s
    FULL JOIN
    (
        SELECT sdk_app_id, comm_id, user_id, min(call_created_at) AS created, any(room_id) AS room,
            sum(x.samples) AS samples, sum(x.events) AS events, sum(x.network_changes) AS network_changes, sum(x.connections_lost) AS connections_lost,
            sumIf(x.sys_cpu.samples, peer_id = '') AS sys_cpu_samples, sumIf(x.sys_cpu.sum, peer_id = '') AS sys_cpu_sum, minIf(x.sys_cpu.min, peer_id = '' AND x.sys_cpu.samples > 0) AS sys_cpu_low, maxIf(x.sys_cpu.max, peer_id = '' AND x.sys_cpu.samples > 0) AS sys_cpu_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.sys_cpu.values, x.sys_cpu.counts, peer_id = '') AS sys_cpu_q,
            sumIf(x.app_cpu.samples, peer_id = '') AS app_cpu_samples, sumIf(x.app_cpu.sum, peer_id = '') AS app_cpu_sum, minIf(x.app_cpu.min, peer_id = '' AND x.app_cpu.samples > 0) AS app_cpu_low, maxIf(x.app_cpu.max, peer_id = '' AND x.app_cpu.samples > 0) AS app_cpu_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.app_cpu.values, x.app_cpu.counts, peer_id = '') AS app_cpu_q,
            sumIf(x.rtt.samples, peer_id = '') AS rtt_samples, sumIf(x.rtt.sum, peer_id = '') AS rtt_sum, minIf(x.rtt.min, peer_id = '' AND x.rtt.samples > 0) AS rtt_low, maxIf(x.rtt.max, peer_id = '' AND x.rtt.samples > 0) AS rtt_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.rtt.values, x.rtt.counts, peer_id = '') AS rtt_q,
            sumIf(x.audio_loss.samples, peer_id = '') AS audio_loss_up_samples, sumIf(x.audio_loss.sum, peer_id = '') AS audio_loss_up_sum, minIf(x.audio_loss.min, peer_id = '' AND x.audio_loss.samples > 0) AS audio_loss_up_low, maxIf(x.audio_loss.max, peer_id = '' AND x.audio_loss.samples > 0) AS audio_loss_up_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.audio_loss.values, x.audio_loss.counts, peer_id = '') AS audio_loss_up_q,
            sumIf(x.video_loss.samples, peer_id = '') AS video_loss_up_samples, sumIf(x.video_loss.sum, peer_id = '') AS video_loss_up_sum, minIf(x.video_loss.min, peer_id = '' AND x.video_loss.samples > 0) AS video_loss_up_low, maxIf(x.video_loss.max, peer_id = '' AND x.video_loss.samples > 0) AS video_loss_up_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.video_loss.values, x.video_loss.counts, peer_id = '') AS video_loss_up_q,
            sumIf(x.audio_bitrate.samples, peer_id = '') AS audio_bitrate_up_samples, sumIf(x.audio_bitrate.sum, peer_id = '') AS audio_bitrate_up_sum, minIf(x.audio_bitrate.min, peer_id = '' AND x.audio_bitrate.samples > 0) AS audio_bitrate_up_low, maxIf(x.audio_bitrate.max, peer_id = '' AND x.audio_bitrate.samples > 0) AS audio_bitrate_up_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.audio_bitrate.values, x.audio_bitrate.counts, peer_id = '') AS audio_bitrate_up_q,
            sumIf(x.video_bitrate.samples, peer_id = '') AS video_bitrate_up_samples, sumIf(x.video_bitrate.sum, peer_id = '') AS video_bitrate_up_sum, minIf(x.video_bitrate.min, peer_id = '' AND x.video_bitrate.samples > 0) AS video_bitrate_up_low, maxIf(x.video_bitrate.max, peer_id = '' AND x.video_bitrate.samples > 0) AS video_bitrate_up_high, quantilesExactWeightedArrayIf(0.05, 0.5, 0.95)(x.video_bitrate.values, x.video_bitrate.counts, peer_id = '') AS video_bitrate_up_q,
            sumIf(x.video_encode_fps.samples, peer_id = '') AS video_fps_up_samples, sumIf(x.video_encode_fps.sum, peer_id = '') AS video_fps_up_sum, minIf(x.video_encode_fps.min, peer_id = '' AND x.video_encode_fps.samples > 0) AS video_fps_up_low, maxIf(x.video_encode_fps.max, peer_id = '' AND x.video_encode_fps.samples > 0) AS video_fps_up_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.video_encode_fps.values, x.video_encode_fps.counts, peer_id = '') AS video_fps_up_q,
            sumIf(x.audio_loss.samples, peer_id != '') AS audio_loss_down_samples, sumIf(x.audio_loss.sum, peer_id != '') AS audio_loss_down_sum, minIf(x.audio_loss.min, peer_id != '' AND x.audio_loss.samples > 0) AS audio_loss_down_low, maxIf(x.audio_loss.max, peer_id != '' AND x.audio_loss.samples > 0) AS audio_loss_down_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.audio_loss.values, x.audio_loss.counts, peer_id != '') AS audio_loss_down_q,
            sumIf(x.video_loss.samples, peer_id != '') AS video_loss_down_samples, sumIf(x.video_loss.sum, peer_id != '') AS video_loss_down_sum, minIf(x.video_loss.min, peer_id != '' AND x.video_loss.samples > 0) AS video_loss_down_low, maxIf(x.video_loss.max, peer_id != '' AND x.video_loss.samples > 0) AS video_loss_down_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.video_loss.values, x.video_loss.counts, peer_id != '') AS video_loss_down_q,
            sumIf(x.audio_bitrate.samples, peer_id != '') AS audio_bitrate_down_samples, sumIf(x.audio_bitrate.sum, peer_id != '') AS audio_bitrate_down_sum, minIf(x.audio_bitrate.min, peer_id != '' AND x.audio_bitrate.samples > 0) AS audio_bitrate_down_low, maxIf(x.audio_bitrate.max, peer_id != '' AND x.audio_bitrate.samples > 0) AS audio_bitrate_down_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.audio_bitrate.values, x.audio_bitrate.counts, peer_id != '') AS audio_bitrate_down_q,
            sumIf(x.video_bitrate.samples, peer_id != '') AS video_bitrate_down_samples, sumIf(x.video_bitrate.sum, peer_id != '') AS video_bitrate_down_sum, minIf(x.video_bitrate.min, peer_id != '' AND x.video_bitrate.samples > 0) AS video_bitrate_down_low, maxIf(x.video_bitrate.max, peer_id != '' AND x.video_bitrate.samples > 0) AS video_bitrate_down_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.video_bitrate.values, x.video_bitrate.counts, peer_id != '') AS video_bitrate_down_q,
            sumIf(x.video_decode_fps.samples, peer_id != '') AS video_fps_down_samples, sumIf(x.video_decode_fps.sum, peer_id != '') AS video_fps_down_sum, minIf(x.video_decode_fps.min, peer_id != '' AND x.video_decode_fps.samples > 0) AS video_fps_down_low, maxIf(x.video_decode_fps.max, peer_id != '' AND x.video_decode_fps.samples > 0) AS video_fps_down_high, quantilesExactWeightedArrayIf(0.5, 0.95)(x.video_decode_fps.values, x.video_decode_fps.counts, peer_id != '') AS video_fps_down_q,
            sumIf(x.audio_stall.samples, peer_id != '') AS audio_stall_samples, sumIf(x.audio_stall.sum, peer_id != '') AS audio_stall_sum,
            sumIf(x.video_stall.samples, peer_id != '') AS video_stall_samples, sumIf(x.video_stall.sum, peer_id != '') AS video_stall_sum
        FROM quality_streams_data AS x
        WHERE load_id IN (SELECT arrayJoin(loads) FROM summary_loads)
        GROUP BY sdk_app_id, comm_id, user_id
    ) AS q USING (sdk_app_id, comm_id, user_id)
) AS u
INNER JOIN summary_loads AS l USING (sdk_app_id, comm_id)
LEFT JOIN
(
    SELECT sdk_app_id, comm_id, user_id, arraySort(groupArray((direction, metric, samples, total, low, p50, p95, high))) AS metrics
    FROM
    (
        SELECT sdk_app_id, comm_id, user_id, if(peer_id = '', 'up', 'down') AS direction, m.1 AS metric,
            sum((m.2).1) AS samples, sum((m.2).2) AS total, min((m.2).3) AS low,
            if(sum(length((m.2).5)) = 0, nan, greatest(min((m.2).3), least(quantileExactWeightedArray(0.5)((m.2).5, (m.2).6), max((m.2).4)))) AS p50,
            if(sum(length((m.2).5)) = 0, nan, greatest(min((m.2).3), least(quantileExactWeightedArray(0.95)((m.2).5, (m.2).6), max((m.2).4)))) AS p95, max((m.2).4) AS high
        FROM quality_streams_data AS x
        ARRAY JOIN arrayConcat([('appCpu', app_cpu), ('sysCpu', sys_cpu), ('rtt', rtt), ('aBit', audio_bitrate), ('aBlock', audio_stall), ('aLoss', audio_loss), ('aCapEnergy', audio_capture_energy), ('aPlayEnergy', audio_play_energy), ('bigvBit', video_bitrate), ('bigvBlock', video_stall), ('bigvLoss', video_loss), ('bigvCapFps', video_capture_fps), ('bigvEncFps', video_encode_fps), ('bigvDecFps', video_decode_fps), ('bigvRecFps', video_receive_fps), ('bigvWidth', video_width), ('bigvHeight', video_height)], arrayMap((n, s, t, low, high) -> (n, (s, t, low, high, [], [])), `other.metric`, `other.samples`, `other.sum`, `other.min`, `other.max`)) AS m
        WHERE (m.2).1 > 0 AND load_id IN (SELECT arrayJoin(loads) FROM summary_loads)
        GROUP BY sdk_app_id, comm_id, user_id, direction, metric
    )
    GROUP BY sdk_app_id, comm_id, user_id
) AS m USING (sdk_app_id, comm_id, user_id)
SETTINGS join_use_nulls = 0, join_algorithm = 'grace_hash', max_bytes_in_join = 40000000, max_bytes_before_external_group_by = 40000000, max_threads = 1, max_block_size = 2048,
    min_insert_block_size_rows = 0, min_insert_block_size_bytes = 4194304, insert_deduplicate = 0, max_partitions_per_insert_block = 0;

INSERT INTO peer_quality_data (load_id, sdk_app_id, comm_id, call_created_at, room_id, user_id, peer_id, first_ts, last_ts, audio_loss_down_samples, audio_loss_down_avg, audio_loss_down_min, audio_loss_down_p50, audio_loss_down_p95, audio_loss_down_max, video_loss_down_samples, video_loss_down_avg, video_loss_down_min, video_loss_down_p50, video_loss_down_p95, video_loss_down_max, audio_bitrate_down_samples, audio_bitrate_down_avg, audio_bitrate_down_min, audio_bitrate_down_p50, audio_bitrate_down_p95, audio_bitrate_down_max, video_bitrate_down_samples, video_bitrate_down_avg, video_bitrate_down_min, video_bitrate_down_p50, video_bitrate_down_p95, video_bitrate_down_max, video_fps_down_samples, video_fps_down_avg, video_fps_down_min, video_fps_down_p50, video_fps_down_p95, video_fps_down_max, audio_stall_samples, audio_stall_seconds, audio_stall_share, video_stall_samples, video_stall_seconds, video_stall_share, peer_audio_loss_up_avg, peer_video_loss_up_avg, peer_rtt_avg)
SELECT
    l.load_id, q.sdk_app_id, q.comm_id, q.created, q.room, q.user_id, q.peer_id, q.first_at, q.last_at, q.audio_loss_down_samples,
    q.audio_loss_down_sum / nullIf(q.audio_loss_down_samples, 0), if(q.audio_loss_down_samples = 0, NULL, q.audio_loss_down_low),
    if(q.audio_loss_down_samples = 0, NULL, greatest(q.audio_loss_down_low, least(q.audio_loss_down_q[1], q.audio_loss_down_high))), if(q.audio_loss_down_samples = 0, NULL, greatest(q.audio_loss_down_low, least(q.audio_loss_down_q[2], q.audio_loss_down_high))),
    if(q.audio_loss_down_samples = 0, NULL, q.audio_loss_down_high), q.video_loss_down_samples,
    q.video_loss_down_sum / nullIf(q.video_loss_down_samples, 0), if(q.video_loss_down_samples = 0, NULL, q.video_loss_down_low),
    if(q.video_loss_down_samples = 0, NULL, greatest(q.video_loss_down_low, least(q.video_loss_down_q[1], q.video_loss_down_high))), if(q.video_loss_down_samples = 0, NULL, greatest(q.video_loss_down_low, least(q.video_loss_down_q[2], q.video_loss_down_high))),
    if(q.video_loss_down_samples = 0, NULL, q.video_loss_down_high), q.audio_bitrate_down_samples,
    q.audio_bitrate_down_sum / nullIf(q.audio_bitrate_down_samples, 0), if(q.audio_bitrate_down_samples = 0, NULL, q.audio_bitrate_down_low),
    if(q.audio_bitrate_down_samples = 0, NULL, greatest(q.audio_bitrate_down_low, least(q.audio_bitrate_down_q[1], q.audio_bitrate_down_high))), if(q.audio_bitrate_down_samples = 0, NULL, greatest(q.audio_bitrate_down_low, least(q.audio_bitrate_down_q[2], q.audio_bitrate_down_high))),
    if(q.audio_bitrate_down_samples = 0, NULL, q.audio_bitrate_down_high), q.video_bitrate_down_samples,
    q.video_bitrate_down_sum / nullIf(q.video_bitrate_down_samples, 0), if(q.video_bitrate_down_samples = 0, NULL, q.video_bitrate_down_low),
    if(q.video_bitrate_down_samples = 0, NULL, greatest(q.video_bitrate_down_low, least(q.video_bitrate_down_q[1], q.video_bitrate_down_high))), if(q.video_bitrate_down_samples = 0, NULL, greatest(q.video_bitrate_down_low, least(q.video_bitrate_down_q[2], q.video_bitrate_down_high))),
    if(q.video_bitrate_down_samples = 0, NULL, q.video_bitrate_down_high), q.video_fps_down_samples,
    q.video_fps_down_sum / nullIf(q.video_fps_down_samples, 0), if(q.video_fps_down_samples = 0, NULL, q.video_fps_down_low),
    if(q.video_fps_down_samples = 0, NULL, greatest(q.video_fps_down_low, least(q.video_fps_down_q[1], q.video_fps_down_high))), if(q.video_fps_down_samples = 0, NULL, greatest(q.video_fps_down_low, least(q.video_fps_down_q[2], q.video_fps_down_high))),
    if(q.video_fps_down_samples = 0, NULL, q.video_fps_down_high), q.audio_stall_samples, q.audio_stall_sum / 1000,
    q.audio_stall_sum / nullIf(q.audio_stall_samples * 2000, 0), q.video_stall_samples, q.video_stall_sum / 1000,
    q.video_stall_sum / nullIf(q.video_stall_samples * 2000, 0), p.audio_loss_up_avg, p.video_loss_up_avg, p.rtt_avg
FROM
(
    SELECT sdk_app_id, comm_id, user_id, peer_id, min(call_created_at) AS created, any(room_id) AS room, min(first_ts) AS first_at, max(last_ts) AS last_at,
        sum(x.audio_loss.samples) AS audio_loss_down_samples, sum(x.audio_loss.sum) AS audio_loss_down_sum, minIf(x.audio_loss.min, x.audio_loss.samples > 0) AS audio_loss_down_low, maxIf(x.audio_loss.max, x.audio_loss.samples > 0) AS audio_loss_down_high, quantilesExactWeightedArray(0.5, 0.95)(x.audio_loss.values, x.audio_loss.counts) AS audio_loss_down_q,
        sum(x.video_loss.samples) AS video_loss_down_samples, sum(x.video_loss.sum) AS video_loss_down_sum, minIf(x.video_loss.min, x.video_loss.samples > 0) AS video_loss_down_low, maxIf(x.video_loss.max, x.video_loss.samples > 0) AS video_loss_down_high, quantilesExactWeightedArray(0.5, 0.95)(x.video_loss.values, x.video_loss.counts) AS video_loss_down_q,
        sum(x.audio_bitrate.samples) AS audio_bitrate_down_samples, sum(x.audio_bitrate.sum) AS audio_bitrate_down_sum, minIf(x.audio_bitrate.min, x.audio_bitrate.samples > 0) AS audio_bitrate_down_low, maxIf(x.audio_bitrate.max, x.audio_bitrate.samples > 0) AS audio_bitrate_down_high, quantilesExactWeightedArray(0.5, 0.95)(x.audio_bitrate.values, x.audio_bitrate.counts) AS audio_bitrate_down_q,
        sum(x.video_bitrate.samples) AS video_bitrate_down_samples, sum(x.video_bitrate.sum) AS video_bitrate_down_sum, minIf(x.video_bitrate.min, x.video_bitrate.samples > 0) AS video_bitrate_down_low, maxIf(x.video_bitrate.max, x.video_bitrate.samples > 0) AS video_bitrate_down_high, quantilesExactWeightedArray(0.5, 0.95)(x.video_bitrate.values, x.video_bitrate.counts) AS video_bitrate_down_q,
        sum(x.video_decode_fps.samples) AS video_fps_down_samples, sum(x.video_decode_fps.sum) AS video_fps_down_sum, minIf(x.video_decode_fps.min, x.video_decode_fps.samples > 0) AS video_fps_down_low, maxIf(x.video_decode_fps.max, x.video_decode_fps.samples > 0) AS video_fps_down_high, quantilesExactWeightedArray(0.5, 0.95)(x.video_decode_fps.values, x.video_decode_fps.counts) AS video_fps_down_q,
        sum(x.audio_stall.samples) AS audio_stall_samples, sum(x.audio_stall.sum) AS audio_stall_sum,
        sum(x.video_stall.samples) AS video_stall_samples, sum(x.video_stall.sum) AS video_stall_sum
    FROM quality_streams_data AS x
    WHERE peer_id != '' AND load_id IN (SELECT arrayJoin(loads) FROM summary_loads)
    GROUP BY sdk_app_id, comm_id, user_id, peer_id
) AS q
INNER JOIN summary_loads AS l ON l.sdk_app_id = q.sdk_app_id AND l.comm_id = q.comm_id
LEFT JOIN (SELECT sdk_app_id, comm_id, user_id, audio_loss_up_avg, video_loss_up_avg, rtt_avg FROM call_users_data WHERE load_id IN (SELECT load_id FROM summary_loads)) AS p
    ON p.sdk_app_id = q.sdk_app_id AND p.comm_id = q.comm_id AND p.user_id = q.peer_id
SETTINGS join_use_nulls = 0, join_algorithm = 'grace_hash', max_bytes_in_join = 40000000, max_bytes_before_external_group_by = 40000000, max_threads = 1, max_block_size = 2048,
    min_insert_block_size_rows = 0, min_insert_block_size_bytes = 4194304, insert_deduplicate = 0, max_partitions_per_insert_block = 0;

INSERT INTO calls_data (load_id, sdk_app_id, comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id, users, sessions, presence_seconds, peak_users, samples, network_changes, connections_lost, rtt_avg, sys_cpu_avg, audio_loss_up_avg, audio_loss_down_avg, video_loss_up_avg, video_loss_down_avg, video_fps_down_avg, audio_stall_share, video_stall_share, user_ids)
SELECT
    l.load_id, r.sdk_app_id, r.comm_id, r.room_id, r.created_at, r.destroyed_at, r.is_finished, r.creator_user_id, u.users, u.sessions,
    u.presence_seconds, p.peak, u.samples, u.network_changes, u.connections_lost, u.call_rtt_avg, u.call_sys_cpu_avg, u.call_audio_loss_up_avg,
    u.call_audio_loss_down_avg, u.call_video_loss_up_avg, u.call_video_loss_down_avg, u.call_video_fps_down_avg, u.call_audio_stall_share,
    u.call_video_stall_share, u.user_ids
FROM rooms_data AS r
INNER JOIN summary_loads AS l ON l.sdk_app_id = r.sdk_app_id AND l.comm_id = r.comm_id
LEFT JOIN
(
    SELECT sdk_app_id, comm_id, countIf(x.sessions > 0) AS users, sum(x.sessions) AS sessions, sum(x.presence_seconds) AS presence_seconds,
        sum(x.samples) AS samples, sum(x.network_changes) AS network_changes, sum(x.connections_lost) AS connections_lost,
        sum(x.rtt_avg * x.rtt_samples) / nullIf(sum(x.rtt_samples), 0) AS call_rtt_avg,
        sum(x.sys_cpu_avg * x.sys_cpu_samples) / nullIf(sum(x.sys_cpu_samples), 0) AS call_sys_cpu_avg,
        sum(x.audio_loss_up_avg * x.audio_loss_up_samples) / nullIf(sum(x.audio_loss_up_samples), 0) AS call_audio_loss_up_avg,
        sum(x.audio_loss_down_avg * x.audio_loss_down_samples) / nullIf(sum(x.audio_loss_down_samples), 0) AS call_audio_loss_down_avg,
        sum(x.video_loss_up_avg * x.video_loss_up_samples) / nullIf(sum(x.video_loss_up_samples), 0) AS call_video_loss_up_avg,
        sum(x.video_loss_down_avg * x.video_loss_down_samples) / nullIf(sum(x.video_loss_down_samples), 0) AS call_video_loss_down_avg,
        sum(x.video_fps_down_avg * x.video_fps_down_samples) / nullIf(sum(x.video_fps_down_samples), 0) AS call_video_fps_down_avg,
        sum(x.audio_stall_seconds) / nullIf(sum(x.audio_stall_samples) * 2, 0) AS call_audio_stall_share,
        sum(x.video_stall_seconds) / nullIf(sum(x.video_stall_samples) * 2, 0) AS call_video_stall_share,
        arraySort(groupArray(toString(user_id))) AS user_ids
    FROM call_users_data AS x
    WHERE load_id IN (SELECT load_id FROM summary_loads)
    GROUP BY sdk_app_id, comm_id
) AS u ON u.sdk_app_id = r.sdk_app_id AND u.comm_id = r.comm_id
LEFT JOIN
(
    SELECT sdk_app_id, comm_id, maxIntersections(toUInt32(joined_at), ifNull(toUInt32(left_at), 4294967295)) AS peak
    FROM user_sessions_data
    WHERE load_id IN (SELECT arrayJoin(loads) FROM summary_loads)
    GROUP BY sdk_app_id, comm_id
) AS p ON p.sdk_app_id = r.sdk_app_id AND p.comm_id = r.comm_id
WHERE r.load_id IN (SELECT arrayJoin(loads) FROM summary_loads)
SETTINGS join_use_nulls = 0, join_algorithm = 'grace_hash', max_bytes_in_join = 40000000, max_bytes_before_external_group_by = 40000000, max_threads = 1, max_block_size = 2048,
    min_insert_block_size_rows = 0, min_insert_block_size_bytes = 4194304, insert_deduplicate = 0, max_partitions_per_insert_block = 0;

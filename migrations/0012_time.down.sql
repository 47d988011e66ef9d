/* The rows are in quality_streams_copy. */ DROP TABLE IF EXISTS {{.Database}}.quality_streams_data {{.OnCluster}} SYNC;
/* The rows are in user_sessions_copy. */ DROP TABLE IF EXISTS {{.Database}}.user_sessions_data {{.OnCluster}} SYNC;

{{include "0002_data.up.sql"}}

{{include "0005_streams.up.sql"}}

INSERT INTO {{.Database}}.user_sessions_data (load_id, sdk_app_id, comm_id, room_id, user_id, joined_at, left_at, is_finished, device_type, sdk_version, client_ip)
SELECT load_id, sdk_app_id, comm_id, room_id, user_id, joined_at, left_at, is_finished, device_type, sdk_version, client_ip
FROM {{.Database}}.user_sessions_copy
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0, max_threads = 1, max_block_size = 4096, min_insert_block_size_bytes = 16777216;

{{/* What is inserted is compact: a wide part needs memory for each of its columns. What it is merged to is not. */}}
ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}} MODIFY SETTING min_bytes_for_wide_part = 33554432;

INSERT INTO {{.Database}}.quality_streams_data (load_id, sdk_app_id, comm_id, room_id, user_id, peer_id, day, first_ts, last_ts, samples, events, network_changes, connections_lost,
    app_cpu, sys_cpu, rtt, audio_bitrate, audio_stall, audio_loss, audio_capture_energy, audio_play_energy, video_bitrate, video_stall, video_loss, video_capture_fps, video_encode_fps, video_decode_fps, video_receive_fps, video_width, video_height, `other.metric`, `other.samples`, `other.sum`, `other.min`, `other.max`)
SELECT load_id, sdk_app_id, comm_id, room_id, user_id, peer_id, day, first_ts, last_ts, samples, events, network_changes, connections_lost,
    app_cpu, sys_cpu, rtt, audio_bitrate, audio_stall, audio_loss, audio_capture_energy, audio_play_energy, video_bitrate, video_stall, video_loss, video_capture_fps, video_encode_fps, video_decode_fps, video_receive_fps, video_width, video_height, `other.metric`, `other.samples`, `other.sum`, `other.min`, `other.max`
FROM {{.Database}}.quality_streams_copy
WHERE samples > 0 OR events > 0
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0, max_threads = 1, max_block_size = 4096, min_insert_block_size_bytes = 16777216;

ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}} RESET SETTING min_bytes_for_wide_part;

{{include "0004_views.up.sql"}}

{{include "0010_joins.up.sql"}}

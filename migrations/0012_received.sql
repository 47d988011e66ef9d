{{/* What a user receives from all peers, in rows of their own without samples. */}}
INSERT INTO {{.Database}}.quality_streams_data /* if quality_streams_data has rows */ (load_id, sdk_app_id, comm_id, room_id, user_id, peer_id, day, call_created_at, device_type, sdk_version, received)
SELECT load_id, sdk_app_id, comm_id, any(room_id), user_id, '', day, call_created_at, device_type, sdk_version,
    (sum(samples), (sum(audio_loss.samples), sum(audio_loss.sum)), (sum(video_loss.samples), sum(video_loss.sum)), (sum(audio_stall.samples), sum(audio_stall.sum)), (sum(video_stall.samples), sum(video_stall.sum)), (sum(video_decode_fps.samples), sum(video_decode_fps.sum)))
FROM {{.Database}}.quality_streams_data
WHERE is_down
GROUP BY load_id, sdk_app_id, comm_id, user_id, day, call_created_at, device_type, sdk_version
ORDER BY sdk_app_id, day, comm_id, user_id
SETTINGS max_bytes_before_external_group_by = 200000000, max_bytes_before_external_sort = 200000000, max_partitions_per_insert_block = 0, insert_deduplicate = 0, max_threads = 1, max_block_size = 4096, min_insert_block_size_rows = 16384, min_insert_block_size_bytes = 0;

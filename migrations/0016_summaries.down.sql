ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}}
    ADD COLUMN IF NOT EXISTS received Tuple(samples UInt64, audio_loss Tuple(samples UInt32, sum Float64), video_loss Tuple(samples UInt32, sum Float64), audio_stall Tuple(samples UInt32, sum Float64), video_stall Tuple(samples UInt32, sum Float64), video_decode_fps Tuple(samples UInt32, sum Float64)) COMMENT 'Where peer_id is empty: what the user''s streams from all peers have on the day with the device, as far as the part knows it; elsewhere 0. What is asked of a user need not read a row for each peer' CODEC(ZSTD(1)) AFTER `other.max`;

ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}} /* if quality_streams_data has rows */ DELETE WHERE samples = 0 AND events = 0 SETTINGS mutations_sync = 2;

{{/* What is inserted is compact: a wide part needs memory for each of its columns. */}}
ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}} /* if quality_streams_data has rows */ MODIFY SETTING min_bytes_for_wide_part = 33554432;

{{include "0012_received.sql"}}

ALTER TABLE {{.Database}}.quality_streams_data {{.OnCluster}} /* if quality_streams_data has rows */ RESET SETTING min_bytes_for_wide_part;

{{include "0012_calls.sql"}}

{{include "0012_metrics.sql"}}

{{include "0012_peers.sql"}}

{{include "0014_waiting.up.sql"}}

ALTER TABLE {{.Database}}.ledger_parts {{.OnCluster}} DELETE WHERE part = 'summary' SETTINGS mutations_sync = 2;
ALTER TABLE {{.Database}}.ledger_parts {{.OnCluster}} MODIFY COLUMN part COMMENT 'What of the unit: room, users, series, events; unusual; scale';

/* The rows are made of those of other tables. */ DROP TABLE IF EXISTS {{.Database}}.calls_data {{.OnCluster}} SYNC;
/* The rows are made of those of other tables. */ DROP TABLE IF EXISTS {{.Database}}.peer_quality_data {{.OnCluster}} SYNC;
/* The rows are made of those of other tables. */ DROP TABLE IF EXISTS {{.Database}}.call_users_data {{.OnCluster}} SYNC;

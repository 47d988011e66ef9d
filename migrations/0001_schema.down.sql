DROP VIEW IF EXISTS {{.Database}}.disk_usage {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.archive_runs {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.ledger {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.unusual_events_decoded {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.events_decoded {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.session_days {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.judged_limits {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.peer_quality {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.call_metrics {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.call_minutes {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.call_users {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.calls {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.quality_minutes {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.quality_days {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.quality_streams {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.unusual_events {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.realtime_figures {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.market_hours {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.usage_rooms {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.usage_days {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.daily_scale {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.user_events {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.quality_samples {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.user_sessions {{.OnCluster}} SYNC;
DROP VIEW IF EXISTS {{.Database}}.rooms {{.OnCluster}} SYNC;

DROP TABLE IF EXISTS {{.Database}}.abnormal_event_names {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.experience_names {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.event_values {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.event_names {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Database}}.quality_thresholds {{.OnCluster}} SYNC;

DROP TABLE IF EXISTS {{.Store}}.calls_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.calls_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.peer_quality_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.peer_quality_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.call_users_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.call_users_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.quality_streams_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.quality_streams_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.realtime_figures_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.realtime_figures_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.market_hours_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.market_hours_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.usage_rooms_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.usage_rooms_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.usage_days_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.usage_days_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.daily_scale_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.daily_scale_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.unusual_events_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.unusual_events_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.user_events_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.user_events_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.quality_samples_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.quality_samples_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.user_sessions_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.user_sessions_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.rooms_data {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.rooms_data_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.erased {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Store}}.raw_responses {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.raw_responses_shard {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.archive_runs_data {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Store}}.ledger_units {{.OnCluster}} SYNC;
DROP TABLE IF EXISTS {{.Store}}.ledger_parts {{.OnCluster}} SYNC;
{{if .OnCluster}}DROP TABLE IF EXISTS {{.Store}}.load_floor {{.OnCluster}} SYNC;
{{end -}}
DROP TABLE IF EXISTS {{.Store}}.hidden_loads {{.OnCluster}} SYNC;

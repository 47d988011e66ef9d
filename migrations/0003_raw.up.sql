CREATE TABLE IF NOT EXISTS {{.Database}}.raw_responses {{.OnCluster}}
(
    response_id UInt64 COMMENT 'The response; ledger_parts says what was made from it',
    asked_at DateTime64(3, 'UTC') COMMENT 'When it was asked for, by the client''s clock',
    run_id LowCardinality(String) COMMENT 'The run that asked',
    sdk_app_id UInt32 COMMENT 'TRTC application (SdkAppId)',
    action LowCardinality(String) COMMENT 'The vendor''s action (Action)',
    request String COMMENT 'What was asked, JSON as it was sent' CODEC(ZSTD(3)),
    body String COMMENT 'What the vendor answered, as it came' CODEC(ZSTD(3)),
    expires_at DateTime('UTC') COMMENT 'When it may be deleted'
)
ENGINE = {{engine "MergeTree"}}
PARTITION BY toDate(expires_at)
ORDER BY response_id
TTL expires_at
SETTINGS ttl_only_drop_parts = 1
COMMENT 'The vendor''s responses from which the tables were made, for callvault replay; kept as long as CALLVAULT_RAW says';

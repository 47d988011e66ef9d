{{/* Claims are written at each pass and end with it. On a server alone they are in memory,
where they make no parts. Its restart ends them, which their holders notice. */ -}}

CREATE TABLE IF NOT EXISTS {{.Store}}.lease {{.OnCluster}}
(
    name String COMMENT 'What is held: archive (a pass), migrate (a change of the schema) or backup',
    claim_id String COMMENT 'One attempt to hold it; never used again once released',
    holder String COMMENT 'Who claims: host, process and run, for people to read',
    at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Time of this claim or renewal by the server''s clock',
    ttl_ms UInt32 COMMENT 'How long the claim lives after at, milliseconds',
    released Bool COMMENT 'true: the claim was given up or withdrawn, for good'
)
{{if .Alone}}ENGINE = Memory
{{else}}ENGINE = {{everywhere "MergeTree"}}
ORDER BY (name, claim_id, at)
{{end}}COMMENT 'Claims on what only one process may do at a time; a claim is live while it is not released and at + ttl_ms is in the future';

CREATE TABLE IF NOT EXISTS {{.Store}}.schema_migrations {{.OnCluster}}
(
    version Int64 COMMENT 'Version of the schema; -1 is none',
    dirty UInt8 COMMENT '1 while the version is being applied, and after it failed',
    sequence UInt64 COMMENT 'Nanoseconds since 1970; the row with the greatest one counts'
)
ENGINE = {{everywhere "MergeTree"}}
ORDER BY sequence
COMMENT 'History of schema versions, kept by golang-migrate';

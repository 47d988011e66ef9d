CREATE TABLE IF NOT EXISTS {{.Store}}.lease_keeper {{.OnCluster}}
(
    name String COMMENT 'What is held, as in lease',
    claim_id String COMMENT 'The claim that has it, or was the last to have it',
    holder String COMMENT 'Who claims: host, process and run, for people to read',
    at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Time of this claim or renewal by the server''s clock',
    ttl_ms UInt32 COMMENT 'How long the claim lives after at, milliseconds; 0: it was given up',
    stamp String COMMENT 'Mark of the last write: a process that reads its mark back knows that its write was made'
)
ENGINE = KeeperMap('{{.KeeperPath}}')
PRIMARY KEY name
COMMENT 'Claims on what only one process may do at a time, among all replicas; a claim is live while at + ttl_ms is in the future';
{{if .OnCluster}}
CREATE TABLE IF NOT EXISTS {{.Store}}.away {{.OnCluster}}
(
    node String COMMENT 'Replica, by the macros shard and replica, such as 1-r2',
    since DateTime('UTC') COMMENT 'When it was found away or behind, by the server''s clock'
)
ENGINE = KeeperMap('{{.KeeperPath}}-away')
PRIMARY KEY node
COMMENT 'Replicas that may lack rows that are visible, and must not answer. The program adds a replica before it commits without it, and removes it when it has caught up';

CREATE OR REPLACE VIEW {{.Store}}.here {{.OnCluster}} (behind UInt8 COMMENT '0: this replica may answer. Otherwise reading it fails')
AS SELECT throwIf(count() > 0, 'this replica was away and has not caught up yet: ask another one, or wait for the next pass') AS behind
FROM {{.Store}}.away WHERE node = concat(getMacro('shard'), '-', getMacro('replica'))
COMMENT 'Whether this replica may answer';
{{end -}}

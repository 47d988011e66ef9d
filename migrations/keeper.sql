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

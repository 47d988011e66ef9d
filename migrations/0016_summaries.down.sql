{{include "0012_calls.sql"}}

{{include "0012_peers.sql"}}

{{include "0014_waiting.up.sql"}}

ALTER TABLE {{.Database}}.ledger_parts {{.OnCluster}} DELETE WHERE part = 'summary' SETTINGS mutations_sync = 2;
ALTER TABLE {{.Database}}.ledger_parts {{.OnCluster}} MODIFY COLUMN part COMMENT 'What of the unit: room, users, series, events; unusual; scale';

/* The rows are made of those of other tables. */ DROP TABLE IF EXISTS {{.Database}}.calls_data {{.OnCluster}} SYNC;
/* The rows are made of those of other tables. */ DROP TABLE IF EXISTS {{.Database}}.peer_quality_data {{.OnCluster}} SYNC;
/* The rows are made of those of other tables. */ DROP TABLE IF EXISTS {{.Database}}.call_users_data {{.OnCluster}} SYNC;

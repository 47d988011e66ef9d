{{include "0016_calls.sql"}}

{{include "0016_ledger.sql"}}

ALTER TABLE {{.Database}}.calls_data {{.OnCluster}} DROP COLUMN IF EXISTS missing, DROP COLUMN IF EXISTS is_complete;
ALTER TABLE {{.Database}}.raw_responses {{.OnCluster}} DROP COLUMN IF EXISTS reason;
ALTER TABLE {{.Database}}.ledger_units {{.OnCluster}}
    DROP COLUMN IF EXISTS failed_kept, DROP COLUMN IF EXISTS failed_attempts,
    MODIFY COLUMN reason COMMENT 'Why it is failed or lost, or what a provisional one waits for',
    MODIFY COLUMN failed_parts COMMENT 'Kinds of the parts that failed in the last attempt',
    MODIFY COLUMN failed_keys COMMENT 'Keys of the parts that failed in the last attempt',
    MODIFY COLUMN failed_reasons COMMENT 'Reasons of the parts that failed in the last attempt',
    MODIFY COLUMN attempts COMMENT 'Passes that failed, or to which the vendor answered null where data is due, since it was last archived';
ALTER TABLE {{.Database}}.ledger_parts {{.OnCluster}} DROP COLUMN IF EXISTS reason;

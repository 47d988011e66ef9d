ALTER TABLE {{.Database}}.ledger_units {{.OnCluster}}
    MODIFY COLUMN reason COMMENT 'Why it is failed or lost',
    MODIFY COLUMN attempts COMMENT 'Passes that failed since it was last archived';

{{include "0009_expired.up.sql"}}
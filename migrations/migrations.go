// Package migrations holds the schema as SQL files and nothing else.
//
// NNNN_name.up.sql and NNNN_name.down.sql are the versions; bootstrap.sql is
// what must exist before the first of them can run: the lease that excludes
// other migrators and the table of versions. keeper.sql is that lease's table in
// Keeper, for servers that have one.
//
// A file holds statements that each end with ";" at the end of a line, and is
// a text/template with these words (see load/schema, which renders them):
//
//	{{.Database}}   the database, quoted
//	{{.OnCluster}}  "" or ON CLUSTER `name`
//	{{engine "ReplacingMergeTree" "archived_at"}}
//	                the engine with its arguments, or its replicated form
//	{{.KeeperPath}} where Keeper keeps the leases of this database
//	{{include "0007_model.up.sql"}}
//	                another file, run once more: its views have changed in place
//
// Every statement can be run again (IF NOT EXISTS, OR REPLACE, IF EXISTS): a
// version that failed half-way is healed by running it once more. A statement in
// which is said /* if x has rows */ is left out where the table x has none, and a
// view where a later version makes it again and nothing needs it until then.
package migrations

import "embed"

// FS holds the files of this directory.
//
//go:embed *.sql
var FS embed.FS

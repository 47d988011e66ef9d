// Package migrations holds the schema as SQL files and nothing else.
//
// NNNN_name.up.sql and NNNN_name.down.sql are the versions; bootstrap.sql is
// what must exist before the first of them can run: the lease that excludes
// other migrators and the table of versions. keeper.sql is that lease's table in
// Keeper, for servers that have one. internal/catalogue lists all relations and
// tables.
//
// A file holds statements that each end with ";" at the end of a line, and is
// a text/template with these words (see load/schema, which renders them):
//
//	{{.Database}}   the database of the relations, quoted
//	{{.Store}}      the database of the tables, quoted
//	{{.Databases}}  both, as literals
//	{{.OnCluster}}  "" or ON CLUSTER `name`
//	{{engine "ReplacingMergeTree" "archived_at"}}
//	                the engine with its arguments, or its replicated form
//	{{.KeeperPath}} where Keeper keeps the leases of this database
//	{{define "rooms"}} … {{end}}
//	                a block of columns, each with its comment, one a line
//	{{columns "rooms"}}
//	                these columns, as a table has them
//	{{columns "rooms" | compressed 1}}
//	                each with a codec, ZSTD of that level: the samples, with many rows, have 1,
//	                and tables of sums 6
//	{{columns "rooms" | shown}}
//	                without codecs and defaults, as a view has them
//	{{columns "rooms" | names}}
//	                their names, as a SELECT has them
//	{{columns "sent" | without "min" "max"}}
//	                without those whose names end with _min or _max
//	{{measure "sys_cpu" "Processor load of the device, % (sysCpu)"}}
//	                the columns sys_cpu_samples, _avg, _min, _p50, _p95 and _max
//	{{histogram "rtt" "rtt" "Round trip, ms"}}, {{sums "rtt" "rtt" "Round trip, ms"}}
//	                a metric of a stream, with the vendor's name: its column of the
//	                table (.Stored), the view's columns with or without a histogram
//	                (.Shown) and what the view selects for them (.Selected)
//	{{let "grading" "excess"}}
//	                one expression of a block of lines "name = expression"
//	{{list a b}}    values, for range and index
//
// Every statement can be run again (IF NOT EXISTS, OR REPLACE, IF EXISTS): a
// version that failed half-way is healed by running it once more.
package migrations

import "embed"

// FS holds the files of this directory.
//
//go:embed *.sql
var FS embed.FS

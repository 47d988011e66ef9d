// Package summarytest compares the summaries of calls in an archive with summaries that SQL
// makes from the archive's other tables.
package summarytest

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/test/archivetest"
)

// summaries fills the tables of summaries.
//
//go:embed summaries.sql
var summaries string

// tables of summaries, in the order in which they are made.
var tables = []string{"call_users_data", "peer_quality_data", "calls_data"}

const hidden = "(" + catalogue.Hidden + ")"

// calls selects the calls with visible rows, with the load of the visible summary (0: none)
// and the other visible loads.
const calls = `
	SELECT sdk_app_id, comm_id, maxIf(load_id, summary), groupUniqArrayIf(load_id, NOT summary) FROM
	(
		SELECT sdk_app_id, toLowCardinality(comm_id) AS comm_id, load_id, false AS summary FROM rooms_data
		UNION ALL SELECT sdk_app_id, comm_id, load_id, false FROM user_sessions_data
		UNION ALL SELECT sdk_app_id, comm_id, load_id, false FROM quality_streams_data
		UNION ALL SELECT sdk_app_id, key, load_id, true FROM ledger_parts WHERE part = 'summary'
	)
	WHERE load_id NOT IN ` + hidden + `
	GROUP BY sdk_app_id, comm_id`

// Check fails the test if a visible summary differs from the visible rows of its call, or is
// missing. conn is a connection to the database of the tables. No other process may write
// meanwhile.
func Check(t testing.TB, conn driver.Conn) {
	t.Helper()
	ctx := context.Background()
	exec := func(q string) {
		t.Helper()
		if err := conn.Exec(ctx, q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	exec("DROP TABLE IF EXISTS summary_loads")
	exec("CREATE TABLE summary_loads (sdk_app_id UInt32, comm_id LowCardinality(String), load_id UInt64, loads Array(UInt64)) ENGINE = MergeTree ORDER BY (sdk_app_id, comm_id)")
	defer exec("DROP TABLE summary_loads")
	exec("INSERT INTO summary_loads " + calls)
	made := summaries
	for _, table := range tables {
		made = strings.ReplaceAll(made, table, table+"_again")
		exec("DROP TABLE IF EXISTS " + table + "_again")
		exec("CREATE TABLE " + table + "_again AS " + table)
		defer exec("DROP TABLE " + table + "_again")
	}
	for statement := range strings.SplitSeq(made, ";\n") {
		if strings.TrimSpace(statement) != "" {
			exec(statement)
		}
	}
	for _, table := range tables {
		line := lineOf(t, conn, table)
		have := "SELECT " + line + " FROM " + table + " WHERE load_id NOT IN " + hidden
		if table == "calls_data" { // the summary of a call whose room could not be read is made from the other rows
			have += " AND comm_id IN (SELECT comm_id FROM rooms_data WHERE load_id NOT IN " + hidden + ")"
		}
		want := "SELECT " + line + " FROM " + table + "_again"
		for _, x := range []struct{ name, q string }{{"too much", have + " EXCEPT " + want}, {"wanting", want + " EXCEPT " + have}} {
			if lines := archivetest.Strings(t, conn, "SELECT * FROM ("+x.q+") ORDER BY 1 LIMIT 2"); len(lines) > 0 {
				t.Errorf("%s: %s:\n%s", table, x.name, strings.Join(lines, "\n"))
			}
		}
		if n := archivetest.Strings(t, conn, "SELECT toString(count() - uniqExact("+line+")) FROM "+table+" WHERE load_id NOT IN "+hidden); n[0] != "0" {
			t.Errorf("%s: %s rows twice", table, n[0])
		}
	}
}

// lineOf returns a row as text, with the precision of sums in another order.
func lineOf(t testing.TB, conn driver.Conn, table string) string {
	t.Helper()
	columns := archivetest.Strings(t, conn, "SELECT concat(if(type LIKE '%Float64%', concat('CAST(', name, ', \\'', replaceAll(type, 'Float64', 'Float32'), '\\')'), name)) FROM system.columns WHERE database = currentDatabase() AND table = '"+table+"' AND name NOT IN ('is_complete', 'missing', 'minutes', 'whys', 'judged_by', 'judgement') ORDER BY position") // these are the ledger's, and what SQL does not make
	return fmt.Sprintf("toString(tuple(%s))", strings.Join(columns, ", "))
}

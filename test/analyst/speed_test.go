package analyst

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// samplesOfCall is about how many samples a call of the simulator's mix of kinds has.
const samplesOfCall = 17_000

// bigArchive starts an engine with an archive of so many samples. It fills the archive unless
// an earlier run did. Two applications have half of the calls each, spread over a month.
func bigArchive(t *testing.T, dir string, samples int64) *server {
	t.Helper()
	library := embeddedtest.Library(t)
	srv, err := embedded.Start(t.Context(), embedded.Options{Library: library, Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := srv.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	s := open(t, srv.DSN())
	mark := filepath.Join(dir, "filled")
	if _, err := os.Stat(mark); err == nil {
		return serverOf(srv.HTTPURL(), s)
	}
	if _, err := os.Stat(filepath.Join(dir, "begun")); err == nil {
		t.Fatalf("%s is half filled; remove it", dir)
	}
	if err := os.WriteFile(filepath.Join(dir, "begun"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var sims []*simulator.Simulator
	for i, app := range []uint32{1400353843, 1400353844} {
		calls := int(samples/samplesOfCall/2*11/10) + 100
		sims = append(sims, simulate(t, simulator.Options{Seed: uint64(i + 1), Calls: calls, Apps: []uint32{app}, Retention: month}))
	}
	n, err := fillAll(t.Context(), s, samples/2, sims...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d samples written in %v", n, time.Since(begun).Round(time.Second))
	if _, err := upkeep.Purge(t.Context(), s); err != nil { // every pass begins with a purge
		t.Fatal(err)
	}
	for _, table := range column(t, s, "SELECT name FROM system.tables WHERE startsWith(database, currentDatabase()) AND name LIKE '%\\_data'") {
		settle(t, s, table)
	}
	t.Logf("merged after %v", time.Since(begun).Round(time.Second))
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return serverOf(srv.HTTPURL(), s)
}

// settle waits until the engine has no merges of its own left.
func settle(t *testing.T, s *store.Store, table string) {
	t.Helper()
	for {
		running := column(t, s, "SELECT toString(count()) FROM system.merges WHERE startsWith(database, currentDatabase()) AND table = '"+table+"'")
		if running[0] == "0" {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(time.Second):
		}
	}
}

// column reads one column of strings.
func column(t testing.TB, s *store.Store, q string) []string {
	t.Helper()
	return archivetest.Strings(t, s.Conn(), q)
}

// goals holds the longest medians of each kind of question on two cores.
var goals = map[string]time.Duration{"dashboard": 100 * time.Millisecond, "page": 50 * time.Millisecond, "ad hoc": time.Second}

const timesAsked = 25

// TestSpeed measures the questions of the cookbook in an archive of
// CALLVAULT_BENCH_SAMPLES samples. With -update it writes docs/queries.md.
func TestSpeed(t *testing.T) {
	samples, err := strconv.ParseInt(strings.ReplaceAll(os.Getenv("CALLVAULT_BENCH_SAMPLES"), "_", ""), 10, 64)
	if err != nil {
		t.Skip("make bench-queries sets CALLVAULT_BENCH_SAMPLES")
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("callvault-queries-%d", samples))
	srv := bigArchive(t, dir, samples)
	if err := srv.auth.Conn().Exec(t.Context(), "SYSTEM STOP MERGES"); err != nil { // an archive always has some parts to merge
		t.Fatal(err)
	}
	_, all := questions(t)
	ids := bigIDs(t, srv.auth, all)
	var b strings.Builder
	b.WriteString(sizes(t, srv.auth))
	b.WriteString("| question | goal, ms | median, ms | fastest, ms | CPU, ms | rows read | MB read |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, q := range all {
		took, c := measure(t, srv, ids.Replace(q.sql))
		median := took[len(took)/2]
		over := ""
		if median > goals[q.kind] {
			over = " over"
		}
		fmt.Fprintf(&b, "| %s | %d | %s%s | %s | %s | %d | %.1f |\n", q.title, goals[q.kind].Milliseconds(), millis(median), over, millis(took[0]),
			millis(processor(t, srv.auth, ids.Replace(q.sql))), c.Rows, float64(c.Bytes)/1e6)
	}
	t.Log("\n" + b.String())
	if *update {
		writeReport(t, b.String())
	}
}

func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64)
}

// measure runs a query until the caches are warm, and then several more times.
func measure(t *testing.T, srv *server, sql string) (took []time.Duration, c cost) {
	t.Helper()
	for i := range timesAsked + 2 {
		begun := time.Now()
		answer, now, err := srv.query(t.Context(), sql, "Native")
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if answer == "" {
			t.Errorf("nothing found: %s", sql)
		}
		if i >= 2 {
			took = append(took, time.Since(begun))
		}
		c = now
	}
	slices.Sort(took)
	return took, c
}

// processor returns the processor time of a query as the server reports it, for all threads
// together: the least of several runs.
func processor(t *testing.T, s *store.Store, sql string) time.Duration {
	t.Helper()
	least := time.Duration(math.MaxInt64)
	for range 5 {
		var micros int64
		ctx := clickhouse.Context(t.Context(), clickhouse.WithProfileEvents(func(events []clickhouse.ProfileEvent) {
			for _, e := range events {
				if e.Name == "OSCPUVirtualTimeMicroseconds" && e.ThreadID == 0 {
					micros += e.Value
				}
			}
		}))
		rows, err := s.Conn().Query(ctx, sql)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		least = min(least, time.Duration(micros)*time.Microsecond)
	}
	return least
}

// bigIDs replaces the cookbook's call with a call of this archive: a meeting of four in the
// middle of the month.
func bigIDs(t *testing.T, s *store.Store, all []question) *strings.Replacer {
	t.Helper()
	row := column(t, s, `
		SELECT arrayJoin([c.comm_id, c.room_id, c.worst_user_id]) FROM
		(SELECT comm_id, room_id, worst_user_id FROM calls WHERE users = 4 AND created_at >= '2026-05-15' AND room_id NOT LIKE '%''%' AND NOT match(concat(comm_id, room_id, worst_user_id), '[^a-zA-Z0-9_]')
			AND worst_user_id != '' ORDER BY bad_minutes = 0, created_at, comm_id LIMIT 1) AS c`)
	if len(row) != 3 {
		t.Fatalf("no call for the examples: %q", row)
	}
	var pairs []string
	for i, name := range []string{"comm_id", "room_id", "user_id"} {
		of := regexp.MustCompile(name + " = '([^']+)'")
		for _, q := range all {
			if m := of.FindStringSubmatch(q.sql); m != nil {
				pairs = append(pairs, "'"+m[1]+"'", "'"+row[i]+"'")
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// sizes says how large the archive is.
func sizes(t *testing.T, s *store.Store) string {
	t.Helper()
	rows := column(t, s, `
		WITH (SELECT sum(rows) FROM system.parts WHERE active AND startsWith(database, currentDatabase()) AND table = 'quality_samples_data') AS samples
		SELECT concat('| ', table, ' | ', toString(sum(rows)), ' | ', toString(round(sum(bytes_on_disk) / 1e6, 1)), ' | ', toString(round(sum(bytes_on_disk) / samples, 4)), ' | ', toString(count()), ' |')
		FROM system.parts WHERE active AND startsWith(database, currentDatabase()) AND table LIKE '%\\_data' GROUP BY table ORDER BY sum(bytes_on_disk) DESC`)
	return "| table | rows | MB | bytes a sample | parts |\n| --- | ---: | ---: | ---: | ---: |\n" + strings.Join(rows, "\n") + "\n\n"
}

// writeReport puts the tables into docs/queries.md.
func writeReport(t *testing.T, tables string) {
	t.Helper()
	const file = "../../docs/queries.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), "<!-- measured -->\n")
	_, tail, end := strings.Cut(rest, "<!-- end -->\n")
	if !ok || !end {
		t.Fatalf("%s has no place for the measurements", file)
	}
	if err := os.WriteFile(file, []byte(head+"<!-- measured -->\n"+tables+"<!-- end -->\n"+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

package load

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/upkeep"
	"github.com/callvault/callvault/test/proxytest"
)

// tapped returns the DSN of a database behind a tap.
func tapped(t *testing.T, dsn string) (through string, tap *proxytest.Tap) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	tap = proxytest.NewTap(t, u.Host)
	u.Host = tap.Addr()
	return u.String(), tap
}

// TestLongAcknowledgementLost loses the server's answer to each statement of a run, and the
// statement itself. The run goes on, and no row is there twice.
func TestLongAcknowledgementLost(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	direct := open(t, dsn)
	through, tap := tapped(t, dsn)
	s := open(t, through)
	generation := 0
	for _, statement := range []string{
		"INSERT INTO hidden_loads (load_id, step) FORMAT", "INSERT INTO rooms_data", "INSERT INTO user_sessions_data",
		"INSERT INTO quality_samples_data", "INSERT INTO user_events_data", "INSERT INTO ledger_parts",
		"INSERT INTO hidden_loads (load_id, step) SELECT", "INSERT INTO ledger_units",
	} {
		for _, when := range []proxytest.When{proxytest.Before, proxytest.After} {
			generation++
			calls := []fixture{newFixture(0, generation), newFixture(1, generation)}
			tap.Arm(proxytest.Rule{Statement: statement, When: when, Cut: true})
			retries := archiveAll(t, s, calls)
			if !tap.Disarm() || retries == 0 {
				t.Fatalf("%s %s: %d retries", when, statement, retries)
			}
			check(t, direct, calls...)
		}
	}
	_, err := upkeep.Purge(t.Context(), direct)
	must(t, err)
	value(t, direct, "SELECT count() FROM rooms_data", 2)
	value(t, direct, "SELECT count() FROM quality_samples_data WHERE load_id IN ("+catalogue.Hidden+")", 0)
}

// TestLateCommit holds a commit back until its lease has expired and another writer has
// committed. The late commit changes nothing, and its writer returns an error.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	direct := open(t, dsn)
	through, tap := tapped(t, dsn)
	s := open(t, through)
	must(t, direct.StoreConn().Exec(t.Context(), "CREATE TABLE guard (held Bool) ENGINE = MergeTree ORDER BY ()"))
	old, fresh := newFixture(1, 0), newFixture(1, 1)
	w := NewWriter(s, "late", WriterOptions{Guard: func() string { return "NOT (SELECT max(held) FROM guard)" }, Attempts: 1})
	must(t, old.add(t.Context(), w, true))
	must(t, old.commit(t.Context(), w))
	tap.Arm(proxytest.Rule{Statement: "INSERT INTO hidden_loads (load_id, step) SELECT", Do: func() {
		if err := direct.StoreConn().Exec(t.Context(), "INSERT INTO guard VALUES (true)"); err != nil {
			t.Error(err)
		}
		fresh.put(t, direct, WriterOptions{})
	}})
	if err := w.Flush(t.Context()); err == nil {
		t.Error("the late commit succeeded")
	}
	check(t, direct, fresh)
	_, err := upkeep.Purge(t.Context(), direct)
	must(t, err)
	check(t, direct, fresh)
}

// TestHalfAnInsert leaves some rows of an insert, as one that was cut off
// between two blocks does.
func TestHalfAnInsert(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 0)
	half := f
	half.generation = 1
	w := NewWriter(s, "cut off", WriterOptions{})
	must(t, half.add(t.Context(), w, false))
	w.mu.Lock()
	b := w.buf
	w.mu.Unlock()
	ids := s.IDs().Open(2)
	for i, h := range b.halves() {
		h.load = ids[i]
	}
	must(t, hidden.Insert(t.Context(), s.StoreConn(), ids, hidden.Opened))
	b.sort()
	b.samples.runs = b.samples.runs[:len(b.samples.runs)/2]
	must(t, w.insertSamples(t.Context(), &b.samples))
	must(t, w.insertSessions(t.Context(), b.sessions[:1]))
	s.IDs().Close(ids)
	value(t, s, "SELECT count() FROM quality_samples", 0)
	f.put(t, s, WriterOptions{})
	check(t, s, f)
	_, err := upkeep.Purge(t.Context(), s)
	must(t, err)
	check(t, s, f)
	value(t, s, "SELECT count() FROM quality_samples_data", uint64(fixtureUsers*fixtureSeries*f.seriesRows()))
}

// dataAndLedger lists the tables that loads write to.
func dataAndLedger() []string {
	names := []string{"hidden_loads", "ledger_parts", "ledger_units"}
	for _, t := range catalogue.Loaded() {
		names = append(names, t.Name)
	}
	return names
}

// TestLongNoDeduplication replaces a call by the very same rows, with a
// deduplication window in force that would drop blocks seen before, and with
// one that has long been left behind when the same rows come again.
func TestLongNoDeduplication(t *testing.T) {
	t.Parallel()
	for _, window := range []int{2, 1000} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			s := open(t, database(t))
			for _, table := range dataAndLedger() {
				must(t, s.StoreConn().Exec(t.Context(), fmt.Sprintf("ALTER TABLE %s MODIFY SETTING non_replicated_deduplication_window = %d", table, window)))
			}
			f := newFixture(1, 0)
			for i := range 5 {
				f.put(t, s, WriterOptions{})
				check(t, s, f)
				if i == 2 { // delete, then insert the same again
					must(t, s.StoreConn().Exec(t.Context(), "INSERT INTO hidden_loads (load_id, step) SELECT DISTINCT load_id, 'replaced' FROM ledger_parts"))
					_, err := upkeep.Purge(t.Context(), s)
					must(t, err)
					value(t, s, "SELECT count() FROM quality_samples_data", 0)
				}
			}
		})
	}
}

// TestFailingView lets a materialized view throw in the middle of a run. Visible rows stay,
// no new row is visible, and the next run succeeds.
func TestFailingView(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	old, fresh := newFixture(1, 0), newFixture(1, 2)
	old.put(t, s, WriterOptions{})
	for _, table := range []string{"quality_samples_data", "user_events_data", "ledger_parts", "hidden_loads", "ledger_units"} {
		must(t, s.StoreConn().Exec(t.Context(), "CREATE MATERIALIZED VIEW broken ENGINE = Null AS SELECT throwIf(1, 'this view is broken') AS x FROM "+table))
		w := NewWriter(s, "run", WriterOptions{Attempts: 2, Backoff: time.Millisecond})
		err := fresh.add(t.Context(), w, false)
		if err == nil {
			err = fresh.commit(t.Context(), w)
		}
		if err == nil {
			err = w.Close(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), "this view is broken") {
			t.Fatalf("view on %s: %v", table, err)
		}
		must(t, s.StoreConn().Exec(t.Context(), "DROP VIEW broken SYNC"))
		seen := old
		if number(t, s, fmt.Sprintf("SELECT count() FROM quality_samples WHERE value >= %d", fresh.generation*1000)) > 0 {
			seen = fresh // only the ledger does not know of the commit
		}
		check(t, s, seen)
	}
	fresh.put(t, s, WriterOptions{})
	check(t, s, fresh)
	if e := entry(t, s, fresh.unit); e.State != ledger.Archived || e.Counts.Samples != uint64(fixtureUsers*fixtureSeries*fresh.seriesRows()) {
		t.Errorf("ledger: %+v", e)
	}
}

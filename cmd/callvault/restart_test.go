package main

import (
	"slices"
	"strconv"
	"testing"

	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/proxytest"
)

// TestLongRestartsAroundAPass kills ClickHouse and starts it again at the statements of a pass
// that do not archive: before the server gets the statement, or after it has run it and
// before the client gets the answer. The pass itself succeeds.
func TestLongRestartsAroundAPass(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 51, Calls: 4, QPS: -1})
	d := newTiered(t)
	in.env = append(in.env, "CLICKHOUSE_DSN="+d.dsn)
	plain := in.env
	in.archive(t, exitDone)

	both := []proxytest.When{proxytest.Before, proxytest.After}
	days := 11
	for _, c := range []struct {
		statement string
		when      []proxytest.When
		env       []string // one that ends with = gets a number of days, fewer each time
	}{
		{statement: "SELECT database, name, engine FROM system.tables", when: both[:1]}, // the schema
		{statement: "INSERT INTO archive_runs_data", when: both[1:]},
		{statement: "INSERT INTO lease", when: both},
		{statement: "SELECT claim_id, any(holder)", when: both[:1]},
		{statement: "ALTER TABLE rooms_data MODIFY SETTING storage_policy", when: both[1:], env: []string{"CALLVAULT_STORAGE_POLICY=tiered", "CALLVAULT_COLD_AFTER="}},
		{statement: "ALTER TABLE user_events_data MODIFY TTL", when: both[1:], env: []string{"CALLVAULT_COLD_AFTER="}},
		{statement: "SELECT groupUniqArray(load_id)", when: both[:1], env: []string{"CALLVAULT_RETENTION=2d", "CALLVAULT_KEEP="}},
		{statement: "INSERT INTO ledger_units SELECT", when: both[1:], env: []string{"CALLVAULT_RETENTION=2d", "CALLVAULT_KEEP="}},
		{statement: "DELETE FROM", when: both[1:], env: []string{"CALLVAULT_RETENTION=2d", "CALLVAULT_KEEP="}},
		{statement: "ALTER TABLE ledger_parts DELETE", when: both[:1], env: []string{"CALLVAULT_RETENTION=2d", "CALLVAULT_KEEP="}},
		{statement: "ALTER TABLE hidden_loads DELETE", when: both[1:], env: []string{"CALLVAULT_RETENTION=2d", "CALLVAULT_KEEP="}},
	} {
		for _, when := range c.when {
			in.env = slices.Clone(plain)
			for _, e := range c.env {
				if e[len(e)-1] == '=' {
					days--
					e += strconv.Itoa(days) + "d"
				}
				in.env = append(in.env, e)
			}
			d.tap.Arm(proxytest.Rule{Statement: c.statement, When: when, Cut: true, Do: func() { d.restart(t, true) }})
			in.archive(t, exitDone)
			if !d.tap.Disarm() {
				t.Errorf("there was no %s", c.statement)
			}
			in.store = d.direct()
			if last := in.runs(t, runs.Filter{Limit: 1}); len(last) != 1 || last[0].Outcome != runs.Done {
				t.Errorf("%s %s: the run is in the history as %+v", when, c.statement, last)
			}
		}
		if c.statement == "ALTER TABLE user_events_data MODIFY TTL" { // all is kept until here
			compare(t, in.store, in.truth)
		}
	}
	if n := in.number(t, "SELECT count() FROM ledger_units FINAL WHERE state = 'expired' AND kind = 'call'"); n == 0 {
		t.Error("nothing has expired")
	}
	if n := in.number(t, "SELECT count() FROM rooms WHERE comm_id NOT IN (SELECT key FROM ledger_units FINAL WHERE kind = 'call' AND state IN ('archived', 'provisional'))"); n > 0 {
		t.Errorf("%d calls are there that have expired", n)
	}
	agree(t, in.store)
}

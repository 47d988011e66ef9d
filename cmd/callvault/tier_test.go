package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/embeddedtest"
)

// newTiered returns a database of the test's own. Its storage policy tiered has a second
// volume, cold.
func newTiered(t *testing.T) *database {
	t.Helper()
	dir, cold := embeddedtest.Dir(t), embeddedtest.Dir(t)
	if err := os.Mkdir(filepath.Join(dir, "config.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	storage := `<clickhouse><storage_configuration><disks><cold><path>` + cold + `/</path></cold></disks>
		<policies><tiered><volumes><default><disk>default</disk></default><cold><disk>cold</disk></cold></volumes></tiered></policies>
		</storage_configuration></clickhouse>`
	if err := os.WriteFile(filepath.Join(dir, "config.d", "storage.xml"), []byte(storage), 0o600); err != nil {
		t.Fatal(err)
	}
	return newDatabase(t, dir)
}

// TestLongColdStorage moves old data to a second disk, changes the age, and turns it off
// again.
func TestLongColdStorage(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 41, Calls: 10, QPS: -1})
	d := newTiered(t)
	in.store = d.direct()
	in.env = append(in.env, "CLICKHOUSE_DSN="+d.engine.DSN())
	plain := in.env
	with := func(settings ...string) { in.env = append(slices.Clone(plain), settings...) }

	for _, c := range [][]string{
		{"CALLVAULT_STORAGE_POLICY", "CALLVAULT_STORAGE_POLICY=nowhere"},
		{"CALLVAULT_COLD_VOLUME", "CALLVAULT_STORAGE_POLICY=tiered", "CALLVAULT_COLD_AFTER=30d", "CALLVAULT_COLD_VOLUME=frozen"},
		{"CALLVAULT_COLD_AFTER", "CALLVAULT_COLD_AFTER=1h"},
	} {
		with(c[1:]...)
		code, _, errs := in.callvault(t.Context(), "migrate", "up")
		if code != exitUsage || !strings.HasPrefix(errs, "callvault: "+c[0]+": ") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit code %d\n%s", c[1:], code, errs)
		}
	}

	with("CALLVAULT_STORAGE_POLICY=tiered", "CALLVAULT_COLD_AFTER=30d")
	in.archive(t, exitDone)
	const old = "INSERT INTO unusual_events_data (load_id, sdk_app_id, ts) VALUES (7, 1, '2020-05-05 00:00:00')"
	if err := both(in.store).Exec(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	moved := func() bool {
		return in.number(t, "SELECT count() FROM system.parts WHERE active AND startsWith(database, currentDatabase()) AND disk_name = 'cold'") > 0
	}
	for deadline := time.Now().Add(time.Minute); !moved(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing has moved")
		}
	}
	if n := in.number(t, "SELECT countIf(disk_name = 'cold') + 10 * countIf(disk_name != 'cold' AND partition = '202005') FROM system.parts WHERE active AND startsWith(database, currentDatabase())"); n != 1 {
		t.Errorf("%d, want only the old part in the cold", n)
	}
	in.rules(t, 14, "toIntervalDay(30) TO VOLUME IF EXISTS ''cold''")
	changed := "SELECT toUInt64(max(toUnixTimestamp(metadata_modification_time))) FROM system.tables WHERE startsWith(database, currentDatabase()) AND name LIKE '%\\_data'"
	before := in.number(t, changed)
	in.archive(t, exitDone)
	if after := in.number(t, changed); after != before {
		t.Error("a second pass with the same settings changed the tables")
	}
	with("CALLVAULT_COLD_AFTER=60d")
	in.archive(t, exitDone)
	in.rules(t, 14, "toIntervalDay(60) TO VOLUME IF EXISTS ''cold''")
	with()
	if err := both(in.store).Exec(t.Context(), "ALTER TABLE daily_scale_data MODIFY TTL day_start + INTERVAL 30 YEAR"); err != nil {
		t.Fatal(err)
	}
	in.archive(t, exitDone)
	in.rules(t, 0, "TO VOLUME")
	in.rules(t, 1, " TTL day_start + toIntervalYear(30)") // not this program's
	if err := both(in.store).Exec(t.Context(), "DELETE FROM unusual_events_data WHERE load_id = 7"); err != nil {
		t.Fatal(err)
	}
	compare(t, in.store, in.truth)
}

// rules checks how many tables have a rule in their definitions.
func (in *installation) rules(t *testing.T, want uint64, rule string) {
	t.Helper()
	const tables = "SELECT count() FROM system.tables WHERE startsWith(database, currentDatabase()) AND name LIKE '%\\_data' AND position(engine_full, '"
	if n := in.number(t, tables+rule+"') > 0"); n != want {
		t.Errorf("%d tables have %q, want %d", n, rule, want)
	}
}

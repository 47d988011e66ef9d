package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/proxytest"
)

// TestLongSleeperChangesNothing stops a pass that is about to commit. Its lease
// expires and another pass takes over. When the sleeper wakes up, its commit
// arrives, and changes nothing.
func TestLongSleeperChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, simulator.Options{Calls: 6, Mix: simulator.MixOneToOne})
	w.lease = shortLease
	p, reached := w.atStatement(proxytest.Rule{Statement: "INSERT INTO hidden_loads (load_id, step) SELECT"}, (*pass).stop)
	w.lease = longLease
	if !reached {
		t.Fatal("no commit")
	}
	w.pass().end(exitDone)
	before := w.checksums()
	p.signal(syscall.SIGCONT)
	if code := p.wait(t); code != exitFailed || strings.Count(p.errs.String(), "\n") != 1 || !strings.Contains(p.errs.String(), "lease") {
		t.Errorf("exit code %d\n%s", code, p.errs.String())
	}
	if after := w.checksums(); after != before {
		t.Errorf("before %s\nafter %s", before, after)
	}
	w.finish()
}

// TestLongCommitThatComesLate keeps the commit of a pass back until it is dead and
// another pass has committed.
func TestLongCommitThatComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, simulator.Options{Calls: 6, Mix: simulator.MixOneToOne})
	killed, late := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(late) })
	defer release()
	w.lease = longLease // a short one may be lost on a busy machine
	w.db.tap.Arm(proxytest.Rule{Statement: "INSERT INTO hidden_loads (load_id, step) SELECT", Do: func() {
		close(killed)
		<-late
	}})
	p := w.pass()
	select {
	case <-killed:
	case <-p.done:
		t.Fatalf("no commit\n%s", p.errs.String())
	}
	p.kill()
	p.died()
	w.expire()
	w.pass().end(exitDone)
	before := w.checksums()
	release()
	w.pass().end(exitDone) // by the time it has ended, the late one has arrived
	if after := w.checksums(); after != before {
		t.Errorf("before %s\nafter %s", before, after)
	}
	w.finish()
}

// TestLongEngineRestarts ends ClickHouse before and after a commit, with kill -9 and with a
// normal stop.
func TestLongEngineRestarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5, simulator.Options{Calls: 6, Mix: simulator.MixOneToOne})
	for when, hard := range map[proxytest.When]bool{proxytest.Before: false, proxytest.After: true} {
		r := proxytest.Rule{Statement: "INSERT INTO hidden_loads (load_id, step) SELECT", When: when}
		p, reached := w.atStatement(r, func(*pass) { w.db.restart(t, hard) }, "--again")
		if !reached {
			t.Fatal("no commit")
		}
		p.end(exitDone)
	}
	w.finish()
}

// TestLongDiskFull lets ClickHouse refuse inserts because the disk is full, table by table.
// The pass ends soon with one line, no call is visible in part, and a pass with free space
// completes the archive.
func TestLongDiskFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 6, simulator.Options{Calls: 6, Mix: simulator.MixOneToOne})
	w.pass().end(exitDone)
	for _, table := range []string{"quality_samples_data", "hidden_loads", "ledger_units"} {
		w.note("no space for %s", table)
		w.exec("ALTER TABLE " + table + " MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000")
		before := w.checksums()
		p := w.pass("--again")
		p.end(exitFailed)
		if said := p.errs.String(); !strings.Contains(said, "space") || !strings.Contains(said, "make room on ClickHouse's disk default, "+w.db.dir) {
			t.Errorf("%s: %s", table, said)
		}
		if after := w.checksums(); after != before {
			t.Errorf("%s: before %s\nafter %s", table, before, after)
		}
		w.exec("ALTER TABLE " + table + " RESET SETTING min_free_disk_bytes_to_perform_insert")
	}
	w.finish()
}

func (w *world) exec(sql string) {
	w.t.Helper()
	if err := both(w.db.direct()).Exec(w.t.Context(), sql); err != nil {
		w.t.Fatal(err)
	}
}

// TestLongDiskFullForReal fills a small disk, if the test may mount one.
func TestLongDiskFullForReal(t *testing.T) {
	t.Parallel()
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	const size = 160 << 20
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprint("size=", size)); err != nil {
		t.Skipf("may not mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	w := newWorldIn(t, disk, 7, simulator.Options{Calls: 6, Mix: simulator.MixOneToOne})
	w.migrate()
	ballast := filepath.Join(disk, "ballast")
	var free syscall.Statfs_t
	if err := syscall.Statfs(disk, &free); err != nil {
		t.Fatal(err)
	}
	const left = 200 << 10
	if err := os.WriteFile(ballast, make([]byte, int(free.Bavail)*int(free.Bsize)-left), 0o600); err != nil {
		t.Fatal(err)
	}
	w.pass().end(exitFailed)
	if n := w.db.number(t, "SELECT count() FROM rooms"); n > 0 {
		t.Errorf("%d calls are visible", n)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	w.finish()
}

func (w *world) migrate() {
	w.t.Helper()
	if p := start(w.t, w.env, "migrate", "up"); p.wait(w.t) != exitDone {
		w.t.Fatal(p.errs.String())
	}
}

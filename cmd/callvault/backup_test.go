package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/proxytest"
)

// run runs the built program to its end.
func (w *world) run(code int, args ...string) (errs string) {
	w.t.Helper()
	p := start(w.t, append(slices.Clone(w.env), "CALLVAULT_LEASE="+w.lease.String()), args...)
	got := p.wait(w.t)
	w.note("%s: exit %d%s", strings.Join(args, " "), got, firstLines(p.errs.String()))
	if got != code {
		w.t.Fatalf("%v: exit code %d, want %d\n%s", args, got, code, p.errs.String())
	}
	return p.errs.String()
}

// backups are those in a place.
func backups(t *testing.T, store *store.Store, dir string) []backup.Note {
	t.Helper()
	p, err := backup.Open(store.Conn(), dir, struct{ ID, Secret, Token string }{})
	if err != nil {
		t.Fatal(err)
	}
	notes, err := backup.List(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return notes
}

// lose drops the archive. Stop all readers first.
func (w *world) lose() {
	w.t.Helper()
	if _, err := w.watch.end(); err != nil {
		w.t.Errorf("what a reader saw: %v", err)
	}
	store := w.db.direct()
	for _, q := range []string{"DROP DATABASE trtc SYNC", "DROP DATABASE trtc_store SYNC", "CREATE DATABASE trtc ENGINE = Atomic"} {
		if err := both(store).Exec(w.t.Context(), q); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestLongRestoredArchiveGoesOn loses the archive after a full and two incremental backups,
// with passes between and after them. The restored archive is as it was at the last backup,
// and one good pass completes it.
func TestLongRestoredArchiveGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 21, simulator.Options{Calls: 8, Mix: simulator.MixOneToOne})
	dir := filepath.Join(t.TempDir(), "backups")
	w.pass().end(exitDone)
	for _, q := range []string{ // tables that people have made are backed up, too
		"CREATE TABLE staff (user_id String) ENGINE = MergeTree ORDER BY user_id", "INSERT INTO staff VALUES ('a')",
		"CREATE VIEW our_calls AS SELECT count() AS calls FROM rooms",
	} {
		if err := both(w.db.direct()).Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	w.run(exitDone, "backup", "--to", dir, "--verify")
	for range 2 {
		w.move(8*time.Hour, nil)
		w.pass().end(exitDone)
		w.run(exitDone, "backup", "--to", dir, "--verify", "--quiet")
	}
	rows := w.db.number(t, "SELECT count() FROM quality_samples")
	w.move(8*time.Hour, nil)
	w.pass().end(exitDone)

	notes := backups(t, w.db.direct(), dir)
	if len(notes) != 3 || notes[0].Kind != backup.Full || notes[1].Base != notes[0].Name || notes[2].Base != notes[0].Name {
		t.Fatalf("backups %+v", notes)
	}
	for _, n := range notes {
		if n.Verified == nil || len(n.Differs) > 0 {
			t.Errorf("%s is not verified", n.Name)
		}
	}
	moved := dir + "-moved" // a restore asks the place, not the backup, where the base is
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if errs := w.run(exitFailed, "restore", "--from", moved); !strings.Contains(errs, "the database is not empty: there are ") {
		t.Errorf("restored over the archive: %s", errs)
	}
	w.lose()
	w.run(exitDone, "restore", "--from", moved)
	if n := w.db.number(t, "SELECT count() FROM quality_samples"); n != rows {
		t.Errorf("%d samples came back, want %d", n, rows)
	}
	agree(t, w.db.direct())
	w.pass().end(exitDone) // equal to the truth
	w.purge()
	w.nothingLeft()
	w.run(exitDone, "restore", notes[0].Name, "--from", moved, "--database", "beside")
	for _, name := range []string{"trtc", "beside"} {
		if n := w.db.number(t, "SELECT count() FROM "+name+".staff WHERE (SELECT calls FROM "+name+".our_calls) = (SELECT count() FROM "+name+".rooms)"); n != 1 {
			t.Errorf("what people have made in %s: %d", name, n)
		}
	}
	if n := w.db.number(t, "SELECT count() FROM beside.rooms"); n == 0 || n > w.db.number(t, "SELECT count() FROM rooms") {
		t.Errorf("%d calls beside", n)
	}
	if n := w.db.number(t, "SELECT count() FROM system.databases WHERE name LIKE '%verify%'"); n > 0 {
		t.Errorf("%d databases of verifications are left", n)
	}
}

// TestBackupDuringPass checks that a backup during a pass is refused, or waits and then holds the pass's rows.
func TestBackupDuringPass(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 22, Calls: 10, QPS: -1})
	dir := t.TempDir()
	in.archive(t, exitDone, "--from", "2d")
	in.vendor.at(20, func() {
		code, _, errs := in.callvault(t.Context(), "backup", "--to", dir)
		if code != exitBusy || !strings.Contains(errs, "another pass is running") {
			t.Errorf("exit code %d\n%s", code, errs)
		}
	})
	in.archive(t, exitDone, "--again")
	held, err := lease.Acquire(t.Context(), in.store.StoreConn(), lease.Archive, "a pass", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan int)
	go func() {
		code, _, _ := in.callvault(t.Context(), "backup", "--to", dir, "--wait", "1m", "--verify")
		ended <- code
	}()
	await(t, "the backup to begin", func() bool {
		all := in.runs(t, runs.Filter{Command: "backup", Outcomes: []runs.Outcome{runs.Running}})
		return len(all) == 1
	})
	if err := held.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d", code)
	}
	all := in.runs(t, runs.Filter{Command: "backup"})
	if len(all) != 2 || all[0].Outcome != runs.Done || all[1].Outcome != runs.Busy {
		t.Errorf("runs %+v", all)
	}
}

// TestLongKilledBackup kills backups and verifications at each of their statements. What
// they leave is no backup, and the next backup is good.
func TestLongKilledBackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 23, simulator.Options{Calls: 5, Mix: simulator.MixOneToOne})
	dir := t.TempDir()
	w.pass().end(exitDone)
	w.lease = 4 * shortLease // a backup keeps a small machine busy
	for _, statement := range []string{"BACKUP DATABASE", "SELECT 'abnormal", "SELECT toString(status)", "RESTORE DATABASE", "DROP TABLE", "DROP DATABASE"} {
		for _, when := range []proxytest.When{proxytest.Before, proxytest.After} {
			before := len(backups(t, w.db.direct(), dir))
			w.killed(proxytest.Rule{Statement: statement, When: when, Cut: true}, "backup", "--to", dir, "--full", "--verify", "--quiet")
			w.untilNoBackup()
			if statement != "BACKUP DATABASE" { // there the next backup waits for the lease of the killed one
				w.expire()
			}
			after := backups(t, w.db.direct(), dir)
			if noted := slices.Contains([]string{"RESTORE DATABASE", "DROP TABLE", "DROP DATABASE"}, statement); noted != (len(after) > before) {
				t.Errorf("%s %s: %d backups, then %d", when, statement, before, len(after))
			}
		}
	}
	w.lease = longLease
	w.run(exitDone, "backup", "--to", dir, "--verify", "--quiet")
	w.run(exitDone, "backup", "--to", dir, "--full", "--verify", "--quiet")
	for _, n := range backups(t, w.db.direct(), dir) {
		w.run(exitDone, "backup", "verify", n.Name, "--to", dir, "--quiet")
	}
	w.finish()
}

// killed runs the program and kills it at a statement.
func (w *world) killed(r proxytest.Rule, args ...string) {
	w.t.Helper()
	w.t.Logf("%s %s", r.When, r.Statement)
	var p *program
	started := make(chan struct{})
	r.N = 1
	r.Do = func() { <-started; p.kill() }
	w.db.tap.Arm(r)
	p = start(w.t, append(slices.Clone(w.env), "CALLVAULT_LEASE="+w.lease.String()), args...)
	close(started)
	if code := p.wait(w.t); code != -1 {
		w.t.Errorf("%s %s: exit code %d, but it was to be killed\n%s", r.When, r.Statement, code, p.errs.String())
	}
	w.db.tap.Disarm()
}

// expire ends the leases of programs that were killed, as time would.
func (w *world) expire() {
	w.t.Helper()
	const q = "INSERT INTO lease (name, claim_id, holder, ttl_ms, released) SELECT name, claim_id, any(holder), max(ttl_ms), true FROM lease GROUP BY name, claim_id HAVING NOT max(released)"
	if err := both(w.db.direct()).Exec(w.t.Context(), q); err != nil {
		w.t.Fatal(err)
	}
}

// untilNoBackup waits until the server has ended the backup of a killed program.
func (w *world) untilNoBackup() {
	w.t.Helper()
	await(w.t, "BACKUP and RESTORE to end", func() bool {
		return w.db.number(w.t, "SELECT count() FROM system.backups WHERE status IN ('CREATING_BACKUP', 'RESTORING')") == 0
	})
}

// TestLongKilledRestore kills restores. Nothing is archived into the databases that they
// leave, and the same command begins anew.
func TestLongKilledRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 24, simulator.Options{Calls: 5, Mix: simulator.MixOneToOne})
	dir := t.TempDir()
	w.pass().end(exitDone)
	w.run(exitDone, "backup", "--to", dir)
	w.lose()
	for _, at := range []proxytest.Rule{
		{Statement: "RESTORE DATABASE", When: proxytest.Before}, {Statement: "RESTORE DATABASE", When: proxytest.After},
		{Statement: "DROP TABLE IF EXISTS", When: proxytest.After}, {Statement: "DROP TABLE `trtc_store`.`restoring`", When: proxytest.Before}, {Statement: "INSERT INTO lease", When: proxytest.After},
	} {
		at.Cut = true
		w.killed(at, "restore", "--from", dir)
		w.untilNoBackup()
		if errs := w.run(exitFailed, "archive", "--quiet"); !strings.Contains(errs, "the database is being restored from a backup") {
			t.Errorf("archived into a half of an archive: %s", errs)
		}
	}
	w.run(exitDone, "restore", "--from", dir)
	w.pass().end(exitDone)
	w.nothingLeft()
}

// TestBackupThatDiffers verifies a backup that differs from its note, and a backup with a
// broken file.
func TestBackupThatDiffers(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 25, Calls: 3, QPS: -1})
	in.archive(t, exitDone)
	dir := t.TempDir()
	code, out, errs := in.callvault(t.Context(), "backup", "--to", dir, "--json")
	var n backup.Note
	if err := json.Unmarshal([]byte(out), &n); code != exitDone || err != nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, errs)
	}
	i := slices.IndexFunc(n.Content, func(c backup.Content) bool { return c.Of == "user_sessions" })
	n.Content[i].Rows++
	text, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, n.Name+".json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs = in.callvault(t.Context(), "backup", "verify", "--to", dir)
	if code != exitPartial || !strings.Contains(errs, "differs: user_sessions: ") || !strings.Contains(errs, "the backup differs from the archive") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	// It is no base from now on.
	code, out, errs = in.callvault(t.Context(), "backup", "--to", dir)
	if code != exitDone || !strings.Contains(out, "-full: ") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	broken := 0
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if strings.Contains(path, "/quality_samples_data/") && strings.HasSuffix(path, ".bin") {
			broken++
			return os.Truncate(path, 10)
		}
		return err
	})
	if err != nil || broken == 0 {
		t.Fatalf("%d files broken, %v", broken, err)
	}
	code, _, errs = in.callvault(t.Context(), "backup", "verify", "--to", dir)
	if code != exitFailed || strings.Count(errs, "\n") != 1 || strings.Contains(errs, "Stack trace") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}

// upload copies a folder to a bucket.
func upload(t *testing.T, dir, to, keyID string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, to+strings.TrimPrefix(path, dir), bytes.NewReader(content))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Credential="+keyID+"/")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", path, resp.Status)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBackupsInObjectStorage verifies and restores a chain in a bucket. The embedded
// ClickHouse reads from there and refuses to write.
func TestBackupsInObjectStorage(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 26, Calls: 5, QPS: -1})
	const id, secret = "AKIABACKUPTEST", "the-secret-of-the-backups"
	address := bucket(t, id) + "/lake/backups"
	in.env = append(in.env, "AWS_ACCESS_KEY_ID="+id, "AWS_SECRET_ACCESS_KEY="+secret, "CALLVAULT_BACKUP_TO="+address+"/")
	said := ""
	do := func(code int, args ...string) string {
		t.Helper()
		got, out, errs := in.callvault(t.Context(), args...)
		if said += out + errs; got != code || code != exitDone && strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit code %d, want %d\n%s", args, got, code, errs)
		}
		return out + errs
	}
	dir := t.TempDir()
	in.archive(t, exitDone, "--from", "2d")
	do(exitDone, "backup", "--to", dir)
	in.archive(t, exitDone)
	do(exitDone, "backup", "--to", dir)
	upload(t, dir, address, id)
	var notes []backup.Note
	if err := json.Unmarshal([]byte(do(exitDone, "backup", "list", "--json")), &notes); err != nil || len(notes) != 2 || notes[1].Base != notes[0].Name || notes[1].Bytes >= notes[1].Whole {
		t.Fatalf("%v, %+v", err, notes)
	}
	do(exitDone, "backup", "verify", "--quiet")
	if err := json.Unmarshal([]byte(do(exitDone, "backup", "list", "--json")), &notes); err != nil || notes[1].Verified == nil {
		t.Errorf("%v, %+v", err, notes)
	}
	name := in.store.Database() + "_restored"
	do(exitDone, "restore", "--database", name, "--quiet")
	restored, err := connect.Store(t.Context(), embeddedtest.Shared(t).DatabaseDSN(name), store.Options{Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, restored, in.truth)
	restored.Close()
	in.exec(t, "DROP DATABASE "+name+" SYNC")
	in.exec(t, "DROP DATABASE "+name+"_store SYNC")
	if errs := do(exitFailed, "backup"); !strings.Contains(errs, "the embedded ClickHouse cannot write backups to object storage; back up to a folder") {
		t.Error(errs)
	}
	in.env = append(in.env, "AWS_ACCESS_KEY_ID=AKIAANOTHER")
	do(exitFailed, "backup", "list")
	in.env = append(in.env, "AWS_SESSION_TOKEN=x")
	do(exitUsage, "backup")
	if strings.Contains(said, secret) {
		t.Errorf("the secret is told\n%s", said)
	}
	for _, q := range []string{
		"SELECT count() FROM system.errors WHERE position(last_error_message, 'the-secret' || '-of-the-backups') > 0",
		"SELECT count() FROM system.backups WHERE position(name || base_backup_name || error, '" + secret + "') > 0",
	} {
		if n := in.number(t, q); n > 0 {
			t.Errorf("ClickHouse shows the secret: %s", q)
		}
	}
}

func TestBackupSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 27, Calls: 1, QPS: -1})
	empty := t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"backup"}, exitUsage, "CALLVAULT_BACKUP_TO: is not set"},
		{[]string{"backup", "--to", empty}, exitFailed, "nothing is archived yet"},
		{[]string{"backup", "--to", empty, "--full-every", "often"}, exitUsage, `--full-every "often" is not a duration`},
		{[]string{"backup", "--to", "ftp://x/y"}, exitUsage, "cannot back up there: want a folder"},
		{[]string{"backup", "verify", "--to", empty}, exitFailed, "there is no backup in " + empty},
		{[]string{"restore", "2026-11-25T02-00-00Z-full", "--from", empty}, exitFailed, "there is no backup in " + empty},
		{[]string{"restore", "--from", filepath.Join(empty, "missing")}, exitFailed, "there is no backup in "},
	} {
		code, _, errs := in.callvault(t.Context(), c.args...)
		if code != c.code || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit code %d, want %d and %q\n%s", c.args, code, c.code, c.want, errs)
		}
	}
	in.archive(t, exitDone)
	if code, _, errs := in.callvault(t.Context(), "backup", "--to", "/proc/nowhere"); code != exitFailed || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}

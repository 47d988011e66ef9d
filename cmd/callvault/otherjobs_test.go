package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/verify"
)

// scheduleOnly returns a setting that leaves only these schedules.
func scheduleOnly(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"archive", "expiring", "verify", "backup"} {
		text := files[name]
		if text == "" {
			text = "never\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name+".cron"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "CALLVAULT_SCHEDULES=" + dir
}

// TestServeVerifiesAndBacksUp checks that both jobs are due since the archive began.
func TestServeVerifiesAndBacksUp(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 31, Calls: 5, QPS: -1})
	in.archive(t, exitDone)
	dir := t.TempDir()
	s := in.serve(t, "CALLVAULT_BACKUP_TO="+dir, scheduleOnly(t, map[string]string{
		"verify": "@every 1s\nargs: --sample 2\n", "backup": "@every 1s\nargs: --full --verify --wait 1m\n",
	}))
	s.until(t, `"run done","schedule":"verify"`, `"run done","schedule":"backup"`)
	_, metrics := s.get(t, "/metrics")
	for _, want := range []string{
		`callvault_last_success_timestamp_seconds{app="1400353843",command="backup"}`,
		`callvault_last_success_timestamp_seconds{app="1400353843",command="verify"}`,
		`callvault_runs_total{command="backup",outcome="failed",schedule="backup"} 0`,
		`callvault_schedule_last_begun_timestamp_seconds{schedule="verify"}`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in the metrics\n%s", want, metrics)
		}
	}
	s.stop()
	log := s.end(t, exitDone)
	for _, command := range []string{verify.Command, backup.Command} {
		all := in.runs(t, runs.Filter{Command: command, Outcomes: []runs.Outcome{runs.Done}})
		if len(all) == 0 || all[0].Schedule != command || len(all[0].Complete) != 1 || !strings.Contains(log, all[0].ID) {
			t.Errorf("%s: runs %+v\n%s", command, all, log)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*-full.json")); len(files) == 0 {
		t.Error("no backup")
	}
}

// TestServeTellsOfFailures checks the notifications of a failed backup and of an archive that differs.
func TestServeTellsOfFailures(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 32, Calls: 3, QPS: -1})
	in.archive(t, exitDone)
	if err := both(in.store).Exec(t.Context(), "DELETE FROM rooms_data WHERE 1 SETTINGS lightweight_deletes_sync = 2"); err != nil {
		t.Fatal(err)
	}
	var told syncBuffer
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		_ = r.Write(&b)
		_, _ = told.Write([]byte(b.String()))
	}))
	t.Cleanup(hook.Close)
	s := in.serve(t, "CALLVAULT_BACKUP_TO=/proc/nowhere", "CALLVAULT_NOTIFY_URL="+hook.URL, scheduleOnly(t, map[string]string{
		"verify": "@every 1s\nargs: --all\n", "backup": "@every 1s\n",
	}))
	s.until(t, `"run failed","schedule":"verify"`, `"run failed","schedule":"backup"`)
	s.stop()
	if log := s.end(t, exitDone); !strings.Contains(log, `"msg":"differs"`) {
		t.Errorf("log\n%s", log)
	}
	for _, want := range []string{"callvault backup: failed: back up to /proc/nowhere", "callvault verify: partial: the archive and the vendor differ"} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("nobody is told %q\n%s", want, told.String())
		}
	}
	for command, want := range map[string]runs.Outcome{verify.Command: runs.Partial, backup.Command: runs.Failed} {
		if all := in.runs(t, runs.Filter{Command: command, Outcomes: []runs.Outcome{want}}); len(all) == 0 || len(all[0].Complete) > 0 {
			t.Errorf("%s: runs %+v", command, all)
		}
	}
}

// TestPassWaitsForBackup begins a pass while a backup holds the lease.
func TestPassWaitsForBackup(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 33, Calls: 3, QPS: -1})
	in.archive(t, exitDone)
	held, err := runs.Take(t.Context(), in.store, "archive", runs.BackupHolder+lease.Holder(), longLease)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan int)
	go func() {
		code, _, _ := in.callvault(t.Context(), "archive", "--quiet")
		ended <- code
	}()
	await(t, "the pass to want the lease", func() bool {
		return in.number(t, "SELECT uniqExact(claim_id) FROM lease WHERE name = 'archive' AND NOT startsWith(holder, '"+runs.BackupHolder+"')") > 1
	})
	if err := held.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

// TestShorterPlan has a vendor that keeps less than the settings say. All of its data is
// archived, and one line says what to set.
func TestShorterPlan(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 8, Calls: 30, QPS: -1, Retention: 7 * 24 * time.Hour})
	in.env = append(in.env, "CALLVAULT_RETENTION=14d")
	code, _, errs := in.callvault(t.Context(), "archive", "--quiet")
	if code != exitDone || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "set CALLVAULT_RETENTION=7d") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	compare(t, in.store, in.truth)
}

// TestOneBadAccount checks that an account with a wrong key, and an unknown application, do
// not keep other data from being archived.
func TestOneBadAccount(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 9, Calls: 20, Apps: []uint32{1400353843, 1400353844}, QPS: -1})
	file := filepath.Join(t.TempDir(), "callvault.yaml")
	text := fmt.Sprintf(`
accounts:
  - name: broken
    secret_id: %s
    secret_key: not-this-one
    sdk_app_ids: [1400353845]
  - name: good
    secret_id: %s
    secret_key: %s
    sdk_app_ids: [5, 1400353843, 1400353844]
`, in.sim.SecretID(), in.sim.SecretID(), in.sim.SecretKey())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	in.env = append(in.env, "CALLVAULT_SDK_APP_IDS=") // the accounts have theirs
	code, _, errs := in.callvault(t.Context(), "archive", "--quiet", "--config", file)
	if code != exitPartial || !strings.Contains(errs, "broken: ") || !strings.Contains(errs, "InvalidParameter.SdkAppId") || strings.Contains(errs, "not-this-one") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	compare(t, in.store, in.truth)
}

// TestStatements checks leading comments, statements without a result, and several statements.
func TestStatements(t *testing.T) {
	in := install(t, simulator.Options{Seed: 1, Calls: 1, QPS: -1})
	in.archive(t, exitDone)
	q := "-- how many\nSELECT count() FROM rooms;\nOPTIMIZE TABLE " + in.store.Database() + "_store.rooms_data;\nSELECT 2"
	code, out, errs := in.callvault(t.Context(), "sql", "--write", "--format", "tsv", q)
	if code != exitDone || out != "count()\n1\n2\n2\n" {
		t.Errorf("exit code %d, %q\n%s", code, out, errs)
	}
}

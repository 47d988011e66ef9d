package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// installation is a simulated vendor, a database and the settings that join them.
type installation struct {
	sim    *simulator.Simulator
	vendor *vendor
	truth  *simulator.Truth
	store  *store.Store
	now    func() time.Time // the program's
	env    []string
}

// install makes calls of two users unless a mix is named: most tests need calls of any kind.
// It sets the program's retention if the vendor's is not the default.
func install(t *testing.T, o simulator.Options) *installation {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	o.Now = frozen(now)
	o.Mix = cmp.Or(o.Mix, simulator.MixOneToOne)
	in := installAt(t, newVendor(t, o), embeddedtest.Database(t), now)
	if o.Retention > 0 {
		in.env = append(in.env, "CALLVAULT_RETENTION="+o.Retention.String())
	}
	return in
}

// installAt joins a vendor whose time is now with a database.
func installAt(t *testing.T, v *vendor, dsn string, now time.Time) *installation {
	t.Helper()
	store, err := connect.Store(t.Context(), dsn, store.Options{Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &installation{sim: v.Simulator, vendor: v, truth: v.Truth(now), store: store, now: time.Now, env: environment(t, v, dsn)}
}

// environment has the settings that join a vendor with a database.
func environment(t *testing.T, v *vendor, dsn string) []string {
	t.Helper()
	return []string{
		"HOME=" + t.TempDir(), "CLICKHOUSE_DSN=" + dsn, "CALLVAULT_TRTC_ENDPOINT=" + v.url,
		"CALLVAULT_SDK_APP_IDS=" + joined(v.Apps()), "CALLVAULT_QPS=100000", "CALLVAULT_PATIENCE=0",
		"TENCENTCLOUD_SECRET_ID=" + v.SecretID(), "TENCENTCLOUD_SECRET_KEY=" + v.SecretKey(),
	}
}

// callvault runs the program in this process.
func (in *installation) callvault(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(ctx, &process{args: args, environ: in.env, stdout: &out, stderr: &errs, now: in.now, attempts: impatient()})
	return code, out.String(), errs.String()
}

// archive makes a pass and returns its report.
func (in *installation) archive(t *testing.T, wantCode int, args ...string) *archive.Report {
	t.Helper()
	code, out, errs := in.callvault(t.Context(), append([]string{"archive", "--json"}, args...)...)
	if code != wantCode {
		t.Fatalf("archive: exit code %d, want %d\n%s", code, wantCode, errs)
	}
	var s archive.Report
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("report: %v\n%s", err, out)
	}
	return &s
}

func TestArchiveEqualsTruth(t *testing.T) {
	t.Parallel()
	seed := setting(t, "CALLVAULT_SEED", uint64(time.Now().UnixNano()))
	for _, dialect := range []string{"legacy", "current"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			t.Logf("seed %d", seed)
			in := install(t, simulator.Options{
				Seed: seed, Calls: 20, Mix: simulator.MixAll, Apps: []uint32{1400353843, 1400353844}, QPS: -1,
				Legacy: dialect == "legacy", Current: dialect == "current",
			})
			first := in.archive(t, exitDone)
			compare(t, in.store, in.truth)

			second := in.archive(t, exitDone)
			compare(t, in.store, in.truth)
			if a, b := first.Counts.Total(), second.Counts.Total(); b > a/3 {
				t.Errorf("the second pass asked %d requests, the first %d: %v", b, a, second.Counts.Requests)
			}

			in.archive(t, exitDone, "--again")
			compare(t, in.store, in.truth)
			if !strings.HasPrefix(slices.Sorted(maps.Keys(first.Counts.Requests))[0], "Describe") {
				t.Errorf("requests %v", first.Counts.Requests)
			}
		})
	}
}

func TestArchiveNarrowed(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 7, Calls: 40, Apps: []uint32{1, 2}, QPS: -1})
	in.archive(t, exitDone, "--app", "2", "--from", "3d")
	since := time.Now().Add(-3 * 24 * time.Hour).Unix()
	want := 0
	for r := range in.truth.Rooms() {
		if r.SdkAppID == 2 && (!r.IsFinished || r.DestroyedAt > since) {
			want++
		}
	}
	var got, other uint64
	q := fmt.Sprint("SELECT countIf(sdk_app_id = 2), countIf(sdk_app_id != 2) FROM rooms")
	if err := both(in.store).QueryRow(t.Context(), q).Scan(&got, &other); err != nil {
		t.Fatal(err)
	}
	if int(got) != want || other != 0 {
		t.Errorf("%d calls of the application, want %d; %d of another", got, want, other)
	}
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
}

func TestWrongSecret(t *testing.T) {
	in := install(t, simulator.Options{Seed: 1, Calls: 1})
	in.env = append(in.env, "TENCENTCLOUD_SECRET_KEY=not-this-one")
	code, _, errs := in.callvault(t.Context(), "archive")
	if code != exitFailed || strings.Count(errs, "\n") != 1 || strings.Contains(errs, "not-this-one") ||
		!strings.Contains(errs, "AuthFailure.SignatureFailure") || !strings.Contains(errs, "RequestId") || !strings.Contains(errs, "check TENCENTCLOUD_SECRET_ID") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}

func TestForeignApp(t *testing.T) {
	in := install(t, simulator.Options{Seed: 1, Calls: 1})
	code, _, errs := in.callvault(t.Context(), "archive", "--app", "1400000001")
	_ = code
	if code == exitDone || !strings.Contains(errs, "1400000001") && !strings.Contains(errs, "SdkAppId") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}

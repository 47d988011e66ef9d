package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/summarytest"
)

// TestLongReplay damages the tables as a mistake in decoding would, and makes them anew
// without the vendor.
func TestLongReplay(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 11, Calls: 40, Mix: simulator.MixAll, QPS: -1})
	in.archive(t, exitDone)
	for _, spoil := range []string{
		"ALTER TABLE quality_samples_data UPDATE number = number + 1, odd = odd + 1 WHERE 1 SETTINGS mutations_sync = 2",
		"ALTER TABLE user_sessions_data UPDATE device_type = 'none' WHERE 1 SETTINGS mutations_sync = 2",
		"ALTER TABLE user_events_data DELETE WHERE 1 SETTINGS mutations_sync = 2",
		"ALTER TABLE unusual_events_data DELETE WHERE 1 SETTINGS mutations_sync = 2",
	} {
		if err := both(in.store).Exec(t.Context(), spoil); err != nil {
			t.Fatal(err)
		}
	}
	asked := in.sim.Stats().Requests
	code, out, errs := in.callvault(t.Context(), "replay", "--json")
	var r archive.Replay
	if code != exitDone || json.Unmarshal([]byte(out), &r) != nil || r.Calls != 40 {
		t.Fatalf("replay: exit code %d, %s\n%s", code, out, errs)
	}
	if now := in.sim.Stats().Requests; !maps.Equal(now, asked) {
		t.Errorf("the vendor was asked: %v", now)
	}
	compare(t, in.store, in.truth)
	summarytest.Check(t, in.store.StoreConn())
	var bytes, samples uint64
	q := "SELECT (SELECT sum(data_compressed_bytes) FROM system.parts WHERE active AND startsWith(database, currentDatabase()) AND table = 'raw_responses'), (SELECT count() FROM quality_samples)"
	if err := both(in.store).QueryRow(t.Context(), q).Scan(&bytes, &samples); err != nil {
		t.Fatal(err)
	}
	t.Logf("raw responses take %.2f bytes a sample", float64(bytes)/float64(samples))

	// A later pass has no more to do than without the replay.
	again := in.archive(t, exitDone)
	if n := again.Counts.Requests["DescribeCallDetailInfo"]; n > 10 {
		t.Errorf("the pass after the replay asked for %d series", n)
	}
	compare(t, in.store, in.truth)
}

// TestReplayWithoutResponses names what it cannot replay, and leaves it.
func TestReplayWithoutResponses(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 12, Calls: 5, QPS: -1})
	in.env = append(in.env, "CALLVAULT_RAW=off")
	in.archive(t, exitDone)
	if code, _, errs := in.callvault(t.Context(), "replay"); code != exitPartial {
		t.Errorf("replay: exit code %d\n%s", code, errs)
	}
	compare(t, in.store, in.truth)
}

// dateTime matches the time of a point after the simulated vendor has changed its type.
var dateTime = regexp.MustCompile(`"Time":"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"`)

// TestLongReplayHeals lets the vendor change a type. Parts that cannot be read are set aside,
// and their answers are kept. The test then rewrites the kept answers as they were before, to
// stand for a version that can read them. The replay makes the archive equal to the truth,
// although the vendor has dropped half of the data by then.
func TestLongReplayHeals(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 31, Calls: 14, Mix: simulator.MixAll, QPS: -1, Faults: simulator.Faults{DateTimes: 0.6}})
	in.env = append(in.env, "CALLVAULT_RAW=off") // what cannot be read is kept in any case
	sum := in.archive(t, exitPartial)
	if n := sum.Total().Incomplete; n == 0 {
		t.Fatal("nothing was set aside")
	}
	lacking := in.number(t, "SELECT count() FROM calls WHERE has(missing, 'series') AND NOT is_complete")
	if lacking == 0 || lacking != in.number(t, "SELECT uniqExact(key) FROM ledger WHERE part = 'series' AND state = 'failed'") {
		t.Errorf("%d calls say that they lack series", lacking)
	}
	if err := both(in.store).Exec(t.Context(), "INSERT INTO ledger_units SELECT * REPLACE ('lost' AS state, now64(6) AS updated_at) FROM ledger_units FINAL WHERE kind = 'call' AND notEmpty(failed_parts) AND cityHash64(key) % 2 = 0 AND key IN (SELECT comm_id FROM rooms WHERE is_finished AND destroyed_at < now() - INTERVAL 2 HOUR)"); err != nil {
		t.Fatal(err)
	}
	samples := in.number(t, "SELECT count() FROM quality_samples")
	in.learn(t)
	code, _, errs := in.callvault(t.Context(), "replay")
	if strings.Contains(errs, "not replayed") || code == exitFailed {
		t.Fatalf("replay: exit code %d\n%s", code, errs)
	}
	if n := in.number(t, "SELECT count() FROM quality_samples"); n <= samples {
		t.Errorf("%d samples, %d before", n, samples)
	}
	over := "comm_id IN (SELECT comm_id FROM rooms WHERE is_finished AND destroyed_at < now() - INTERVAL 2 HOUR)"
	if n := in.number(t, "SELECT count() FROM calls WHERE NOT is_complete AND "+over); n > 0 {
		t.Errorf("%d calls that are over lack something", n)
	}
	truth := in.truth.Except(in.running()...)
	compareSamples(t, in.store, "(SELECT * FROM quality_samples WHERE "+over+")", truth.QualitySamples())
	summarytest.Check(t, in.store.StoreConn())
}

// running are the calls that have not been over for two hours.
func (in *installation) running() (ids []string) {
	for r := range in.truth.Rooms() {
		if !r.IsFinished || r.DestroyedAt >= time.Now().Unix()-7200 {
			ids = append(ids, r.CommID)
		}
	}
	return ids
}

// learn changes the times in the kept answers back to numbers.
func (in *installation) learn(t *testing.T) {
	t.Helper()
	const columns = "response_id, asked_at, run_id, sdk_app_id, action, request, body, expires_at"
	type row struct {
		id                         uint64
		asked, expires             time.Time
		run, action, request, body string
		app                        uint32
	}
	var all []row
	var r row
	archivetest.Each(t, both(in.store), "SELECT "+columns+" FROM raw_responses WHERE reason != ''", nil, func() { all = append(all, r) },
		&r.id, &r.asked, &r.run, &r.app, &r.action, &r.request, &r.body, &r.expires)
	if len(all) == 0 {
		t.Fatal("no answers are kept")
	}
	if err := both(in.store).Exec(t.Context(), "DELETE FROM raw_responses WHERE reason != ''"); err != nil {
		t.Fatal(err)
	}
	batch, err := both(in.store).PrepareBatch(t.Context(), "INSERT INTO raw_responses ("+columns+")")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		body := dateTime.ReplaceAllStringFunc(r.body, func(s string) string {
			at, err := time.Parse(time.DateTime, dateTime.FindStringSubmatch(s)[1])
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf(`"Time":%d`, at.Unix())
		})
		if err := batch.Append(r.id, r.asked, r.run, r.app, r.action, r.request, body, r.expires); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

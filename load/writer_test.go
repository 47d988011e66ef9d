package load

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/bodies"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
	"github.com/callvault/callvault/test/summarytest"
)

// entry reads the ledger's entry of a unit.
func entry(t *testing.T, s *store.Store, u call.Unit) ledger.Row {
	t.Helper()
	var found []ledger.Row
	must(t, ledger.Of(s).Rows(t.Context(), ledger.Filter{App: u.App, Kind: u.Kind, Keys: []string{u.Key}}, func(e ledger.Row) { found = append(found, e) }))
	if len(found) != 1 {
		t.Fatalf("ledger of %v: %+v", u, found)
	}
	return found[0]
}

func TestArchiveOnce(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 1)
	f.put(t, s, WriterOptions{})
	check(t, s, f)
	e := entry(t, s, f.unit)
	want := ledger.Counts{Rooms: 1, Sessions: 3, Events: 3, Samples: uint64(12 * f.seriesRows()), NullSamples: 3}
	if e.State != ledger.Archived || e.Counts != want || e.RunID != "run" || !e.StartsAt.Equal(t0) || time.Since(e.Updated) > time.Hour {
		t.Errorf("ledger: got %+v, want counts %+v", e, want)
	}
	value(t, s, "SELECT count() FROM ledger WHERE kind = 'call' AND part != ''", 10)
}

// putProvisional archives the call as if it were running: the parts of even users are
// settled, the others open.
func (f fixture) putProvisional(t *testing.T, w *Writer) {
	t.Helper()
	must(t, f.add(t.Context(), w, false))
	must(t, w.End(t.Context(), ledger.Entry{Unit: f.unit, State: ledger.Provisional, StartsAt: t0, HeldUntil: t0.Add(time.Minute)}))
	must(t, w.Flush(t.Context()))
}

// addOpen adds the open parts again, in the next generation.
func (f fixture) addOpen(t *testing.T, w *Writer) {
	t.Helper()
	f.generation++
	must(t, w.Add(t.Context(), f.unit, f.part(call.PartSeries, 1), call.Rows{RoomID: "room", CreatedAt: t0, Samples: f.samples(1)}))
	must(t, w.Add(t.Context(), f.unit, f.part(call.PartUsers, 1), call.Rows{CreatedAt: t0, Sessions: []call.Session{{UserID: "user1", JoinedAt: t0, Finished: true, LeftAt: t0.Add(time.Minute)}}}))
}

// completeResumed goes on from what is settled of the call, and completes it.
func (f fixture) completeResumed(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWriter(s, "second", WriterOptions{})
	known, err := w.Resume(t.Context(), f.unit)
	must(t, err)
	if len(known.Parts) != 6 || len(known.Sessions) != 2 {
		t.Fatalf("known: %+v", known)
	}
	f.addOpen(t, w)
	must(t, f.commit(t.Context(), w))
	must(t, w.Close(t.Context()))
}

// TestResume completes a provisional call: what is settled stays, the rest is
// replaced.
func TestResume(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 0)
	f.putProvisional(t, NewWriter(s, "first", WriterOptions{}))
	f.completeResumed(t, s)
	n, more := uint64(f.seriesRows()), uint64(f.seriesRows()+1)
	value(t, s, "SELECT count() FROM quality_samples", fixtureSeries*(2*n+more))
	value(t, s, "SELECT count() FROM user_sessions WHERE user_id = 'user1' AND left_at IS NOT NULL", 1)
	value(t, s, "SELECT count() FROM user_sessions", 3)
	value(t, s, "SELECT count() FROM user_events", 2) // of settled users
	value(t, s, "SELECT count() FROM rooms", 0)
	if e := entry(t, s, f.unit); e.Counts.Samples != fixtureSeries*(2*n+more) || e.Counts.Sessions != 3 || e.State != ledger.Archived {
		t.Errorf("ledger: %+v", e)
	}
	summarytest.Check(t, s.StoreConn())
	if n, err := upkeep.Purge(t.Context(), s); err != nil || n != 2 { // the open load, and the summary
		t.Errorf("purge: %d, %v; want 2", n, err)
	}
}

// TestResumeWaiting goes on from the rows that a killed run has inserted of a new call.
func TestResumeWaiting(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	s := open(t, dsn)
	f := newFixture(1, 0)
	killed := NewWriter(open(t, dsn), "killed", WriterOptions{})
	must(t, killed.Note(t.Context(), []ledger.Entry{{Unit: f.unit, State: ledger.Pending, StartsAt: t0}}))
	must(t, f.add(t.Context(), killed, true))
	_, err := upkeep.Purge(t.Context(), s)
	must(t, err)
	value(t, s, "SELECT count() FROM rooms_data", 0) // not settled
	value(t, s, "SELECT count() FROM user_sessions", 0)
	value(t, s, "SELECT count() FROM ledger WHERE part != '' AND state = 'pending'", 6)
	if e := entry(t, s, f.unit); !e.Waiting || e.State != ledger.Pending {
		t.Errorf("ledger: %+v", e)
	}
	f.completeResumed(t, s)
	value(t, s, "SELECT count() FROM user_sessions", 3)
	value(t, s, "SELECT count() FROM quality_samples", fixtureSeries*uint64(3*f.seriesRows()+1))
	_, err = upkeep.Purge(t.Context(), s)
	must(t, err)
	value(t, s, "SELECT count() FROM quality_samples_data", fixtureSeries*uint64(3*f.seriesRows()+1))
}

// TestResumeTakesNothingTwice checks that Resume does not use a load with seconds that are
// already held. A process without the lease has written it.
func TestResumeTakesNothingTwice(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	s := open(t, dsn)
	f := newFixture(1, 0)
	late := NewWriter(open(t, dsn), "late", WriterOptions{})
	f.putProvisional(t, NewWriter(s, "first", WriterOptions{}))
	must(t, f.add(t.Context(), late, false))
	must(t, late.Flush(t.Context()))
	f.completeResumed(t, s)
	value(t, s, "SELECT count() FROM quality_samples", fixtureSeries*uint64(3*f.seriesRows()+1))
	// If that process wakes up and commits, nothing changes.
	must(t, f.commit(t.Context(), late))
	if err := late.Flush(t.Context()); !errors.Is(err, hidden.ErrOvertaken) {
		t.Errorf("late commit: %v", err)
	}
}

// TestFailedUnitKeepsWhatIsSettled checks that a failed unit keeps its settled parts and shows nothing.
func TestFailedUnitKeepsWhatIsSettled(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 0)
	w := NewWriter(s, "run", WriterOptions{})
	must(t, f.add(t.Context(), w, false))
	failed := []ledger.FailedPart{{Kind: call.PartEvents, Key: "user7", Reason: "poisoned"}}
	must(t, w.End(t.Context(), ledger.Entry{Unit: f.unit, State: ledger.Failed, Reason: "events of user7: poisoned", StartsAt: t0, Attempts: 2, Failed: failed}))
	must(t, w.Close(t.Context()))
	_, err := upkeep.Purge(t.Context(), s)
	must(t, err)
	value(t, s, "SELECT count() FROM quality_samples", 0)
	value(t, s, "SELECT count() FROM quality_samples_data", fixtureSeries*uint64(2*f.seriesRows()))
	e := entry(t, s, f.unit)
	if diff := cmp.Diff(failed, e.Failed); diff != "" || e.State != ledger.Failed || e.Attempts != 2 || !e.Waiting {
		t.Errorf("ledger: %+v\n%s", e, diff)
	}
	value(t, s, "SELECT count() FROM ledger WHERE part = 'events' AND part_key = 'user7' AND state = 'failed' AND reason = 'poisoned'", 1)
}

// TestGuard checks that nothing becomes visible if the server sees no live lease.
func TestGuard(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 0)
	f.put(t, s, WriterOptions{})
	w := NewWriter(s, "late", WriterOptions{Guard: func() string { return "1 = 2" }})
	later := newFixture(1, 1)
	must(t, later.add(t.Context(), w, true))
	must(t, later.commit(t.Context(), w))
	if err := w.Flush(t.Context()); !errors.Is(err, hidden.ErrOvertaken) {
		t.Fatalf("flush: %v", err)
	}
	check(t, s, f)
}

func TestRawResponses(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	w := NewWriter(s, "run", WriterOptions{KeepRaw: time.Hour})
	body := []byte(`{"Response":{"RequestId":"1"}}`)
	id, err := w.KeepResponse(t.Context(), Response{App: app, Action: "DescribeRoomInfo", Request: []byte("{}"), Body: body, Asked: time.Now()})
	must(t, err)
	series := simulator.Canned{Seed: 3, Start: t0, Seconds: 600, Users: 3, Peers: 2}.Series()
	keep := func(reason string) uint64 {
		id, err := w.KeepResponse(t.Context(), Response{App: app, Request: []byte("{}"), Body: series, Asked: time.Now(), Reason: reason})
		must(t, err)
		return id
	}
	whole, odd := keep(""), keep("cut short")
	f := newFixture(1, 0)
	must(t, f.add(t.Context(), w, true))
	must(t, f.commit(t.Context(), w))
	must(t, w.Close(t.Context()))
	got, err := Bodies(t.Context(), s, []uint64{id, 1, whole, odd})
	must(t, err)
	if len(got) != 3 || string(got[id]) != string(body) || !bytes.Equal(got[whole], series) || !bytes.Equal(got[odd], series) {
		t.Errorf("got %d bodies, %.100q", len(got), got[whole])
	}
	// People can read what could not be read; of the other, the points are columns.
	value(t, s, fmt.Sprintf("SELECT length(body) FROM raw_responses WHERE response_id = %d", odd), uint64(len(series)))
	value(t, s, fmt.Sprintf("SELECT count() FROM raw_responses WHERE response_id = %d AND length(body) < %d AND length(numbers) = length(times)", whole, len(series)/50), 1)
	must(t, s.StoreConn().Exec(t.Context(), fmt.Sprintf("ALTER TABLE raw_responses UPDATE numbers = arrayPopBack(numbers) WHERE response_id = %d SETTINGS mutations_sync = 2", whole)))
	if _, err := Bodies(t.Context(), s, []uint64{whole}); !errors.Is(err, bodies.ErrDamaged) {
		t.Errorf("damaged: %v", err)
	}
	off := NewWriter(s, "run", WriterOptions{})
	if id, err := off.KeepResponse(t.Context(), Response{Body: body}); id != 0 || err != nil {
		t.Errorf("kept as %d, %v", id, err)
	}
}

// TestRawResponsesOfNothing checks that a run without rows keeps only the responses that
// could not be read whole.
func TestRawResponsesOfNothing(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	w := NewWriter(s, "run", WriterOptions{KeepRaw: time.Hour})
	var ids []uint64
	recycled := 0
	for _, reason := range []string{"", "cut short", ""} {
		id, err := w.KeepResponse(t.Context(), Response{App: app, Request: []byte("{}"), Body: []byte("{}"), Asked: time.Now(), Reason: reason, Recycle: func() { recycled++ }})
		must(t, err)
		ids = append(ids, id)
	}
	must(t, w.Close(t.Context()))
	got, err := Bodies(t.Context(), s, ids)
	must(t, err)
	if len(got) != 1 || got[ids[1]] == nil || recycled != 3 {
		t.Errorf("kept %v, recycled %d", got, recycled)
	}
}

// TestNotes checks that pending units are in the ledger at once, and others when the next
// unit is ended or with Close.
func TestNotes(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	w := NewWriter(s, "run", WriterOptions{})
	note := func(key string, state ledger.State) {
		must(t, w.Note(t.Context(), []ledger.Entry{{Unit: call.Unit{App: app, Kind: call.UnitList, Key: key}, State: state, StartsAt: time.Now(), Deadline: time.Now()}}))
	}
	note("a", ledger.Pending)
	note("b", ledger.Provisional)
	value(t, s, "SELECT count() FROM ledger_units WHERE key = 'a'", 1)
	value(t, s, "SELECT count() FROM ledger_units", 1)
	f := newFixture(1, 0)
	must(t, f.add(t.Context(), w, true))
	must(t, f.commit(t.Context(), w))
	must(t, w.Flush(t.Context()))
	value(t, s, "SELECT count() FROM ledger_units WHERE key IN ('a', 'b')", 2)
	note("c", ledger.Archived)
	must(t, w.Flush(t.Context()))
	value(t, s, "SELECT count() FROM ledger_units WHERE key = 'c'", 0)
	must(t, w.Close(t.Context()))
	value(t, s, "SELECT count() FROM ledger_units WHERE key = 'c'", 1)
}

// TestManyRawResponses checks that responses go to the table while rows are still being
// collected, that each is recycled once, and that none is lost during an insert.
func TestManyRawResponses(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	w := NewWriter(s, "run", WriterOptions{KeepRaw: time.Hour})
	const n, size = 60, 1 << 20
	ids := make([]uint64, n)
	var recycled atomic.Int64
	var keep errgroup.Group
	for i := range n {
		keep.Go(func() (err error) {
			body := bytes.Repeat([]byte{byte(i)}, size)
			ids[i], err = w.KeepResponse(t.Context(), Response{App: app, Body: body, Asked: time.Now(), Recycle: func() {
				recycled.Add(1)
				clear(body)
			}})
			return err
		})
	}
	must(t, keep.Wait())
	if early := recycled.Load(); early < n-2*rawBatch/size {
		t.Errorf("%d of %d are in the table before a flush", early, n)
	}
	must(t, w.Close(t.Context()))
	if recycled.Load() != n {
		t.Errorf("%d of %d recycled", recycled.Load(), n)
	}
	got, err := Bodies(t.Context(), s, ids)
	must(t, err)
	for i, id := range ids {
		if !bytes.Equal(got[id], bytes.Repeat([]byte{byte(i)}, size)) {
			t.Errorf("response %d: %d bytes, not as they were", i, len(got[id]))
		}
	}
	value(t, s, "SELECT count() FROM raw_responses", n)
}

// TestLostKeepsWhatCame checks a call that was visible, then failed, and was then dropped by
// the vendor. It shows its last rows, each once, whether its series came again or not.
func TestLostKeepsWhatCame(t *testing.T) {
	for _, again := range []bool{true, false} {
		t.Run(fmt.Sprint(again), func(t *testing.T) { lostKeeps(t, again) })
	}
}

func lostKeeps(t *testing.T, again bool) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 0)
	f.putProvisional(t, NewWriter(s, "first", WriterOptions{}))
	failing := NewWriter(s, "failing", WriterOptions{})
	_, err := failing.Resume(t.Context(), f.unit)
	must(t, err)
	settled := func(kind call.PartKind) call.Part {
		p := f.part(kind, 1)
		p.Settled = true
		return p
	}
	left := call.Session{UserID: "user1", JoinedAt: t0, Finished: true, LeftAt: t0.Add(time.Minute)}
	if again {
		must(t, failing.Add(t.Context(), f.unit, settled(call.PartSeries), call.Rows{RoomID: "room", CreatedAt: t0, Samples: f.samples(1)}))
	}
	must(t, failing.Add(t.Context(), f.unit, settled(call.PartUsers), call.Rows{CreatedAt: t0, Sessions: []call.Session{left}}))
	must(t, failing.End(t.Context(), ledger.Entry{Unit: f.unit, State: ledger.Failed, StartsAt: t0}))
	must(t, failing.Close(t.Context()))
	w := NewWriter(s, "last", WriterOptions{})
	must(t, w.ResumeAll(t.Context(), f.unit, t0))
	must(t, w.End(t.Context(), ledger.Entry{Unit: f.unit, State: ledger.Lost, StartsAt: t0}))
	must(t, w.Close(t.Context()))
	value(t, s, "SELECT count() FROM rooms", 1)
	value(t, s, "SELECT count() FROM user_sessions", 3)
	value(t, s, "SELECT count() FROM user_sessions WHERE user_id = 'user1' AND left_at IS NOT NULL", 1)
	value(t, s, "SELECT count() FROM quality_samples", fixtureUsers*fixtureSeries*uint64(f.seriesRows()))
	value(t, s, "SELECT uniqExact(user_id, peer_id, metric, ts) FROM quality_samples", fixtureUsers*fixtureSeries*uint64(f.seriesRows()))
	if e := entry(t, s, f.unit); e.State != ledger.Lost || e.Counts.Rooms != 1 || e.Counts.Sessions != 3 {
		t.Errorf("ledger: %+v", e)
	}
}

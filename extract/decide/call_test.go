package decide

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/transform"
)

// before returns a call of ten minutes that ended an hour ago.
func before() Before {
	return Before{
		Room:  call.Room{CommID: "c", RoomID: "r", CreatedAt: at(70), DestroyedAt: at(60), Finished: true},
		Asked: at(0), Oldest: at(600), Settle: 15 * time.Minute, Retention: 600 * time.Minute, Limits: plan.Limits{Window: time.Hour, Users: 6},
	}
}

// stay returns a session that has ended.
func stay(user string, joined, left int) call.Session {
	return call.Session{UserID: user, RoomID: "r", JoinedAt: at(joined), LeftAt: at(left), Finished: true}
}

// TestBegin checks what the new data replaces, and what null means.
func TestBegin(t *testing.T) {
	inLedger := func(e ledger.Entry) func(*Before) { return func(b *Before) { b.Ledger, b.InLedger = e, true } }
	known := ledger.Entry{State: ledger.Provisional, StartsAt: at(70)}
	moved := ledger.Entry{State: ledger.Provisional, StartsAt: at(71)}
	null := []ledger.FailedPart{{Kind: call.PartSeries, Reason: ledger.NullReason, Attempts: 2}}
	for _, c := range []struct {
		name     string
		change   []func(*Before)
		replaces bool
		created  time.Time
		accepts  bool
	}{
		{"new", nil, false, at(70), false},
		{"known", []func(*Before){inLedger(known)}, false, at(70), false},
		{"again", []func(*Before){inLedger(known), func(b *Before) { b.Again = true }}, true, at(70), false},
		{"again, partly gone", []func(*Before){inLedger(known), func(b *Before) { b.Again, b.Oldest = true, at(65) }}, false, at(70), false},
		{"created at another time", []func(*Before){inLedger(moved)}, true, at(70), false},
		{"so it is, partly gone", []func(*Before){inLedger(moved), func(b *Before) { b.Oldest = at(65) }}, false, at(71), false},
		{"no creation", []func(*Before){inLedger(moved), func(b *Before) { b.NoCreation, b.RowProblem = true, "odd" }}, false, at(71), false},
		{"null in three passes", []func(*Before){inLedger(ledger.Entry{State: ledger.Provisional, StartsAt: at(70), Failed: null, Attempts: 3})}, false, at(70), true},
		{"null in two, failed in three", []func(*Before){inLedger(ledger.Entry{State: ledger.Provisional, StartsAt: at(70), Attempts: 3,
			Failed: append([]ledger.FailedPart{{Kind: call.PartUsers, Reason: "no", Attempts: 3}}, null...)})}, false, at(70), false},
		{"compared, not known", []func(*Before){func(b *Before) { b.Compare = true }}, true, at(70), false},
		{"compared, archived", []func(*Before){inLedger(ledger.Entry{State: ledger.Archived, StartsAt: at(70)}), func(b *Before) { b.Compare = true }}, true, at(70), true},
		{"compared, waits for null", []func(*Before){inLedger(ledger.Entry{State: ledger.Provisional, StartsAt: at(70), Failed: null}), func(b *Before) { b.Compare = true }}, true, at(70), true},
		{"compared, failed", []func(*Before){inLedger(ledger.Entry{State: ledger.Failed, StartsAt: at(70), Attempts: 1}), func(b *Before) { b.Compare = true }}, true, at(70), false},
	} {
		b := before()
		for _, change := range c.change {
			change(&b)
		}
		d := Begin(b)
		if d.Replaces != c.replaces || !d.Room.CreatedAt.Equal(c.created) || d.AcceptsNull() != c.accepts {
			t.Errorf("%s: replaces %v, created %v, accepts null %v", c.name, d.Replaces, d.Room.CreatedAt, d.AcceptsNull())
		}
	}
}

// TestEnded checks when no answer can change any more.
func TestEnded(t *testing.T) {
	running := call.Session{UserID: "a", JoinedAt: at(70)}
	for _, c := range []struct {
		name   string
		change func(*Before)
		list   UserList
		want   bool
	}{
		{"all have left", func(*Before) {}, UserList{Sessions: []call.Session{stay("a", 70, 60)}}, true},
		{"it runs", func(b *Before) { b.Room.Finished = false }, UserList{Sessions: []call.Session{stay("a", 70, 60)}}, false},
		{"it has just ended", func(b *Before) { b.Room.DestroyedAt = at(10) }, UserList{}, false},
		{"somebody is there", func(*Before) {}, UserList{Sessions: []call.Session{running}}, false},
		{"somebody is there for a day", func(b *Before) { b.Asked = at(-60 * 24) }, UserList{Sessions: []call.Session{running}}, true},
		{"nobody knows who", func(*Before) {}, UserList{Unnamed: []call.Window{{Start: at(70), End: at(60)}}}, false},
		{"the row is damaged", func(b *Before) { b.RowProblem = "odd" }, UserList{}, false},
	} {
		b := before()
		c.change(&b)
		d := Begin(b)
		if d.TakeUsers(&c.list); d.Ended != c.want || (d.SettledTo == call.Forever) != c.want {
			t.Errorf("%s: ended %v, settled to %d", c.name, d.Ended, d.SettledTo)
		}
	}
}

// TestEntry checks the call's entry in the ledger.
func TestEntry(t *testing.T) {
	no := Failure{Reason: "no"}
	gone := ledger.FailedPart{Kind: call.PartSeries, Key: ledger.BeforeKey + "then", Reason: "dropped", Attempts: 1}
	for _, c := range []struct {
		name   string
		ledger ledger.Entry
		do     func(*Call)
		state  ledger.State
		held   time.Time
		failed []ledger.FailedPart
		tries  int
		reason string
	}{
		{"all came", ledger.Entry{}, func(*Call) {}, ledger.Archived, at(60), nil, 0, ""},
		{"a part failed", ledger.Entry{}, func(d *Call) { d.Miss(call.PartEvents, "a", at(65), no) }, ledger.Provisional, at(65).Add(-time.Second),
			[]ledger.FailedPart{{Kind: call.PartEvents, Key: "a", Reason: "no", Attempts: 1}}, 1, "events a: no"},
		{"as before", ledger.Entry{State: ledger.Provisional, Attempts: 1, StartsAt: at(70), Failed: []ledger.FailedPart{{Kind: call.PartEvents, Key: "a", Reason: "no", Attempts: 1}}},
			func(d *Call) { d.Miss(call.PartEvents, "a", at(65), no) }, ledger.Provisional, at(65).Add(-time.Second),
			[]ledger.FailedPart{{Kind: call.PartEvents, Key: "a", Reason: "no", Attempts: 2}}, 2, "events a: no"},
		{"it was lost before", ledger.Entry{State: ledger.Provisional, StartsAt: at(70), Failed: []ledger.FailedPart{gone}}, func(*Call) {}, ledger.Archived, at(60),
			[]ledger.FailedPart{gone}, 0, "dropped"},
		{"null is accepted", ledger.Entry{State: ledger.Provisional, StartsAt: at(70), Attempts: 3}, (*Call).AcceptNull, ledger.Archived, at(60), nil, 3,
			ledger.NullReason + ", in 4 passes: accepted as an answer"},
		{"its beginning is lost", ledger.Entry{}, func(d *Call) { d.Begins(at(66)) }, ledger.Archived, at(60), []ledger.FailedPart{{Kind: call.PartSeries,
			Key: ledger.BeforeKey + at(70).Format(time.RFC3339), Reason: "the vendor had dropped everything between " + at(70).Format(time.RFC3339) + " and " + at(66).Format(time.RFC3339)}}, 0,
			"the vendor had dropped everything between " + at(70).Format(time.RFC3339) + " and " + at(66).Format(time.RFC3339)},
	} {
		b := before()
		b.Ledger, b.InLedger = c.ledger, c.ledger.State != ""
		d := Begin(b)
		d.TakeUsers(&UserList{Sessions: []call.Session{stay("a", 70, 60)}})
		c.do(d)
		want := ledger.Entry{Unit: call.Unit{Key: "c"}, State: c.state, Reason: c.reason, StartsAt: at(70), HeldUntil: c.held, Deadline: c.held.Add(600 * time.Minute), Attempts: c.tries, Failed: c.failed, EventsOf: ledger.EventsOfAll}
		if diff := cmp.Diff(want, d.Entry(call.Unit{Key: "c"})); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestNulls checks for which users an answer is null where samples are due.
func TestNulls(t *testing.T) {
	d := Begin(before())
	list := UserList{Sessions: []call.Session{stay("a", 70, 60), stay("b", 61, 60), {UserID: "c", JoinedAt: at(60).Add(-5 * time.Second), LeftAt: at(60), Finished: true}, stay("d", 10, 5)}}
	d.TakeUsers(&list)
	d.SetPresence(list.Sessions, nil)
	r := plan.Request{Window: call.Window{Start: at(70), End: at(5)}}
	for _, id := range []string{"a", "b", "c", "d"} {
		r.Users = append(r.Users, plan.User{ID: id, From: uint32(at(70).Unix()), To: uint32(at(5).Unix())})
	}
	for _, c := range []struct {
		name string
		none bool
		null []call.Series
		want Nulls
	}{
		{"nothing", false, nil, Nulls{}},
		{"what a user sends", false, []call.Series{{UserID: "a"}}, Nulls{[]string{"a"}, []string{"a"}}},
		{"what a user receives", false, []call.Series{{UserID: "a", PeerID: "b"}}, Nulls{[]string{"a"}, []string{"a"}}},
		{"from one who was not there with him", false, []call.Series{{UserID: "d", PeerID: "b"}}, Nulls{}},
		{"of a stay of five seconds", false, []call.Series{{UserID: "c"}}, Nulls{}},
		{"of one who has just left", false, []call.Series{{UserID: "d"}}, Nulls{[]string{"d"}, nil}},
		{"all", true, nil, Nulls{r.UserIDs(), r.UserIDs()}},
	} {
		if diff := cmp.Diff(c.want, d.SeriesNulls(r, nil, c.none, c.null)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestUnnamedWindows checks that each second is asked for once, whatever the order of the
// windows.
func TestUnnamedWindows(t *testing.T) {
	window := func(start, end int) call.Window { return call.Window{Start: at(start), End: at(end)} }
	want := []call.Window{window(300, 240), {Start: at(240).Add(time.Second), End: at(200)}, {Start: at(200).Add(time.Second), End: at(150)}}
	for _, unnamed := range [][]call.Window{
		{window(300, 200), window(200, 150)},
		{window(200, 150), window(300, 200)},
		{window(300, 200), window(300, 200), window(200, 150)},
	} {
		got := Begin(before()).UnnamedWindows(&UserList{Unnamed: unnamed})
		if !slices.Equal(got, want) {
			t.Errorf("%v: %v", unnamed, got)
		}
	}
}

// TestJudge compares the sessions that came with the vendor's Totals.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name    string
		totals  []int // of each window
		rows    []int // number of sessions that came in each
		ofCalls bool
		want    bool // they count calls
		broken  bool
	}{
		{"all came", []int{1, 2}, []int{1, 2}, false, false, false},
		{"a window is short", []int{1, 3}, []int{1, 2}, false, false, true},
		{"they count the call", []int{3, 3}, []int{1, 2}, false, true, false},
		{"they do, and one window cannot tell", []int{3}, []int{2}, false, false, true},
		{"they do, and some are missing", []int{4, 4}, []int{1, 2}, true, true, true},
	} {
		b := before()
		b.Room.CreatedAt, b.Room.DestroyedAt = at(540), at(60)
		d, n := Begin(b), 0
		list, windows := d.NewUserList(nil, 4*time.Hour)
		for i, total := range c.totals {
			var sessions []call.Session
			for range c.rows[i] {
				n++
				sessions = append(sessions, call.Session{UserID: user(n), JoinedAt: windows[i].Start, LeftAt: windows[i].End, Finished: true})
			}
			list.BeginWindow()
			list.Page(windows[i], sessions, transform.Info{Total: total, HasTotal: true, Received: len(sessions)})
			list.EndWindow(windows[i], total, true, len(sessions), len(sessions) < total && !c.ofCalls)
		}
		if got := list.Judge(c.ofCalls); got != c.want || list.BrokenFrom.IsZero() == c.broken {
			t.Errorf("%s: they count calls: %v; broken from %v: %s", c.name, got, list.BrokenFrom, list.Reason)
		}
	}
}

// TestOverdue checks the new entry of a unit that the vendor has dropped.
func TestOverdue(t *testing.T) {
	day := at(1440)
	for _, c := range []struct {
		name   string
		kind   call.UnitKind
		entry  ledger.Entry
		state  ledger.State
		reason string
	}{
		{"a call that was never archived", call.UnitCall, ledger.Entry{State: ledger.Pending}, ledger.Lost, "the vendor dropped it before it was archived"},
		{"one that failed", call.UnitCall, ledger.Entry{State: ledger.Failed, Reason: "no"}, ledger.Lost, "the vendor dropped it before it could be archived: no"},
		{"one of which something is missing", call.UnitCall, ledger.Entry{State: ledger.Provisional, Reason: "no", Failed: []ledger.FailedPart{{Kind: call.PartUsers}}}, ledger.Lost,
			"the vendor dropped it before all of it was archived: no"},
		{"one that ran", call.UnitCall, ledger.Entry{State: ledger.Provisional, HeldUntil: at(5)}, ledger.Lost,
			"the vendor dropped everything after " + at(5).Format(time.RFC3339) + " before it was archived"},
		{"a day that was counted", call.UnitScale, ledger.Entry{State: ledger.Provisional, StartsAt: day, HeldUntil: at(0)}, ledger.Archived, ""},
		{"a day that was not over", call.UnitScale, ledger.Entry{State: ledger.Provisional, StartsAt: day, HeldUntil: at(1)}, ledger.Lost,
			"the vendor dropped everything after " + at(1).Format(time.RFC3339) + " before it was archived"},
		{"a list", call.UnitList, ledger.Entry{State: ledger.Provisional, StartsAt: day, HeldUntil: at(0)}, ledger.Archived, ""},
		{"a list that failed", call.UnitList, ledger.Entry{State: ledger.Failed, StartsAt: day, HeldUntil: at(0), Reason: "no"}, ledger.Lost, "no"},
		{"a list read in part", call.UnitList, ledger.Entry{State: ledger.Provisional, StartsAt: day, HeldUntil: at(1)}, ledger.Lost,
			"calls after " + at(1).Format(time.RFC3339) + " are unknown: no pass was made while the vendor had them"},
	} {
		c.entry.Unit.Kind = c.kind
		if got := Overdue(c.entry); got.State != c.state || got.Reason != c.reason {
			t.Errorf("%s: %s, %q", c.name, got.State, got.Reason)
		}
	}
}

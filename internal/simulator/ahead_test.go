package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// hoard is what an archiver has gathered over several walks: a row by its
// identity, the latest wins.
type hoard struct {
	lines   map[string]map[string]string
	samples map[uint64]bool
}

// add takes over what a walk has found.
func (h *hoard) add(w *walker) {
	if h.lines == nil {
		h.lines, h.samples = map[string]map[string]string{}, map[uint64]bool{}
	}
	for relation, lines := range w.lines {
		if h.lines[relation] == nil {
			h.lines[relation] = map[string]string{}
		}
		for line := range lines {
			h.lines[relation][identity(relation, line)] = line
		}
	}
	for hash := range w.samples {
		h.samples[hash] = true
	}
}

// identity is the columns that tell a row from others.
func identity(relation, line string) string {
	fields := strings.Split(line, "\t")
	switch relation {
	case "rooms":
		return fields[1]
	case "user_sessions":
		return fields[1] + "\t" + fields[3] + "\t" + fields[4]
	}
	return line
}

// check compares with a truth.
func (h *hoard) check(t *testing.T, truth *Truth) {
	t.Helper()
	w := &walker{lines: map[string]map[string]int{}, samples: h.samples}
	for relation, rows := range h.lines {
		w.lines[relation] = map[string]int{}
		for _, line := range rows {
			w.lines[relation][line]++
		}
	}
	checkWalk(t, w, truth)
}

func aheadOptions(now *time.Time) Options {
	return Options{
		Seed: 9, Calls: 3, Retention: 30 * time.Hour, Ahead: 4 * 24 * time.Hour, Long: 1, LongFor: 60 * time.Hour,
		Straddle: true, QPS: -1, Now: func() time.Time { return *now },
	}
}

// TestLongNightsAhead walks the account each night while calls begin, go on for
// longer than the vendor remembers, end and expire. Each night the walk is
// what the vendor tells, and what has gathered is the truth of a watcher.
func TestLongNightsAhead(t *testing.T) {
	now := fixed
	s, err := New(aheadOptions(&now))
	if err != nil {
		t.Fatal(err)
	}
	var h hoard
	var nights []time.Time
	for night := range 5 {
		now = fixed.Add(time.Duration(night) * 23 * time.Hour)
		nights = append(nights, now)
		w := archive(t, s, current, now.Unix())
		h.add(w)
		checkWalk(t, w, s.Truth(now).Since(now))
		h.check(t, s.Truth(now).Asked(nights...))
	}
	if a, b := s.Truth(now).Asked(nights...).Summary(), s.Truth(now).Since(fixed).Summary(); a.Relations["user_sessions"] != b.Relations["user_sessions"] || a.Relations["quality_samples"] != b.Relations["quality_samples"] {
		t.Error("asking each night is not the same as watching")
	}
	whole, seen, left := count(s.Truth(now)), count(s.Truth(now).Since(fixed)), count(s.Truth(now).Since(now))
	if whole < seen || seen <= left || left == 0 {
		t.Errorf("%d rows in all, %d seen, %d left", whole, seen, left)
	}
}

// TestOutage walks only before and after a time that is longer than the
// vendor remembers.
func TestOutage(t *testing.T) {
	now := fixed
	s, err := New(aheadOptions(&now))
	if err != nil {
		t.Fatal(err)
	}
	var h hoard
	later := fixed.Add(60 * time.Hour)
	for _, now = range []time.Time{fixed, later} {
		h.add(archive(t, s, current, now.Unix()))
	}
	truth := s.Truth(later)
	h.check(t, truth.Asked(fixed, later))
	if got, all := count(truth.Asked(fixed, later)), count(truth.Since(fixed)); got >= all {
		t.Errorf("%d rows, %d without the outage", got, all)
	}
}

func count(truth *Truth) (n int64) {
	for _, relation := range truth.Summary().Relations {
		n += relation.Rows
	}
	return n
}

// TestNothingAheadIsTold asks for calls that are still to come.
func TestNothingAheadIsTold(t *testing.T) {
	c := newClient(t, Options{Calls: 50, Ahead: 14 * 24 * time.Hour})
	for i := range c.s.calls[DefaultApp] {
		x := &c.s.calls[DefaultApp][i]
		if x.start <= fixed.Unix() {
			continue
		}
		params := about(x, 3600)
		params["DataType"] = []string{"all"}
		if answer := c.must(detail, params); integer(answer["Total"]) != 0 || len(rows(answer["UserList"])) != 0 {
			t.Fatalf("answer about a call ahead: %v", answer)
		}
	}
	list := object{"SdkAppId": DefaultApp, "StartTime": fixed.Unix() - 60, "EndTime": fixed.Unix() + 86000, "PageNumber": 0, "PageSize": 100}
	for _, room := range rows(c.must("DescribeRoomInfo", list)["RoomList"]) {
		if integer(room["CreateTime"]) > fixed.Unix() {
			t.Errorf("room %v is still to come", room)
		}
	}
}

// TestDensityAhead counts calls by the day and checks that the special ones
// come again.
func TestDensityAhead(t *testing.T) {
	c := newClient(t, Options{Calls: 1400, Ahead: 28 * 24 * time.Hour})
	perDay, again := map[int64]int{}, map[shape]bool{}
	for _, x := range c.s.calls[DefaultApp] {
		perDay[(x.start-fixed.Unix()+100*day)/day]++
		if x.start > fixed.Unix() {
			again[x.shape] = true
		}
	}
	for d, n := range perDay {
		if d > 85 && d < 128 && (n < 60 || n > 140) {
			t.Errorf("%d calls on day %d, want about 100", n, d-100)
		}
	}
	if !again[dayLong] || !again[webinar] || !again[onTheHour] || again[pairOn] || again[busy] {
		t.Errorf("shapes ahead: %v", again)
	}
}

// TestWeeksOfNights lets a month pass in virtual time.
func TestWeeksOfNights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Options{Calls: 40, Ahead: 30 * 24 * time.Hour, Long: 2, Now: time.Now, QPS: 20})
		known := map[string]bool{}
		for range 30 {
			time.Sleep(24 * time.Hour)
			now := time.Now().Unix()
			list := object{"SdkAppId": DefaultApp, "StartTime": now - 86400, "EndTime": now}
			found, _ := c.pages("DescribeRoomInfo", "RoomList", "CommId", list, 100)
			for id := range found {
				known[id] = true
			}
		}
		before, total := 0, 0
		for room := range c.s.Truth(time.Now()).Rooms() {
			total++
			if !known[room.CommID] {
				before++ // ended more than a day before the first night
			}
		}
		if total < 120 || before > 45 {
			t.Errorf("%d calls in all, %d of them not seen", total, before)
		}
		x := callOf(t, c.s, longRun)
		params := about(x, 3600)
		params["StartTime"], params["EndTime"], params["DataType"] = time.Now().Unix()-3600, time.Now().Unix(), []string{"all"}
		c.must(detail, params) // seconds of nine digits are numbers, too
		if took := time.Duration(x.end-x.start) * time.Second; took < 20*24*time.Hour {
			t.Errorf("the long call takes %s", took)
		}
	})
}

// TestExcept leaves one call out and nothing else.
func TestExcept(t *testing.T) {
	c := newClient(t, Options{Calls: 6})
	truth := c.s.Truth(fixed)
	out := callOf(t, c.s, onTheHour).commID()
	without, want := truth.Except(out), map[UserSession]bool{}
	for s := range truth.UserSessions() {
		if s.CommID != out {
			want[s] = true
		}
	}
	for s := range without.UserSessions() {
		if !want[s] {
			t.Errorf("session %+v", s)
		}
		delete(want, s)
	}
	a, b := truth.Summary().Relations, without.Summary().Relations
	if len(want) > 0 || b["rooms"].Rows != 5 || a["unusual_events"] != b["unusual_events"] || a["daily_scale"] != b["daily_scale"] {
		t.Errorf("left out, too: %v; %v and %v", want, a, b)
	}
}

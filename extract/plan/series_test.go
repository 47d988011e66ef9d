package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
)

// describe writes a plan as text: for each request its window, then each user, with the
// seconds it owns unless these are the whole window. Seconds count from at(0).
func describe(requests []plan.Request) []string {
	var out []string
	zero := at(0).Unix()
	for _, r := range requests {
		start, end := r.Window.Start.Unix(), r.Window.End.Unix()
		line := fmt.Sprintf("%d..%d", start-zero, end-zero)
		for _, u := range r.Users {
			line += " " + u.ID
			if from, to := int64(u.From), int64(u.To); from != start || to != end {
				line += fmt.Sprintf("=%d..%d", from-zero, to-zero)
			}
		}
		out = append(out, line)
	}
	return out
}

func crowd(n, join, leave int) []call.Session {
	var out []call.Session
	for i := range n {
		out = append(out, session(string(rune('a'+i)), join, leave))
	}
	return out
}

func TestSeries(t *testing.T) {
	day := window(-86400, 86400)
	type sessions = []call.Session
	for _, c := range []struct {
		name     string
		sessions sessions
		held     plan.Held
		within   call.Window
		want     []string
	}{
		{"nobody", nil, nil, day, nil},
		{"two people, ten minutes", sessions{session("a", 0, 600), session("b", 5, 601)}, nil, day, []string{"0..601 a=0..600 b=5..601"}},
		{"no length", sessions{session("a", 7, 7)}, nil, day, []string{"7..8 a=7..7"}},
		{"no length, now", sessions{running("a", 100)}, nil, window(0, 100), []string{"99..100 a=100..100"}},
		{"exactly an hour", sessions{session("a", 0, 3600)}, nil, day, []string{"0..3600 a"}},
		{"an hour and a second", sessions{session("a", 0, 3601), session("b", 0, 10)}, nil, day,
			[]string{"0..3600 a=0..3599 b=0..10", "3600..3601 a"}},
		{"a pause of hours", sessions{session("a", 0, 60), session("a", 9000, 9060)}, nil, day, []string{"0..60 a", "9000..9060 a"}},
		{"a pause of minutes", sessions{session("a", 0, 60), session("a", 900, 960)}, nil, day, []string{"0..960 a"}},
		{"leaves on the hour, back later", sessions{session("a", 0, 3600), session("b", 0, 3700), session("a", 3650, 3700)}, nil, day,
			[]string{"0..3600 a b=0..3599", "3600..3700 b a=3650..3700"}},
		{"seven users", crowd(7, 0, 9), nil, day, []string{"0..9 a b c d e f", "0..9 g"}},
		{"six and one later", append(crowd(6, 0, 1800), session("z", 1700, 3500)), nil, day, []string{"0..1800 a b c d e f", "1700..3500 z"}},
		{"one after the other", sessions{session("a", 0, 600), session("b", 700, 1300), session("c", 1400, 2000)}, nil, day,
			[]string{"0..2000 a=0..600 b=700..1300 c=1400..2000"}},
		{"across the full hour", sessions{session("a", 3000, 3900), session("b", 3100, 6600)}, nil, day,
			[]string{"3000..6600 a=3000..3900 b=3100..6600"}},
		{"still there", sessions{running("a", 0)}, nil, window(-10, 100), []string{"0..100 a"}},
		{"partly gone", sessions{session("a", 0, 4000), session("b", 0, 10)}, nil, window(1000, 86400), []string{"1000..4000 a"}},
		{"in twice at once", sessions{session("a", 0, 100), session("a", 50, 150)}, nil, day, []string{"0..150 a"}},
		{"all held", sessions{session("a", 0, 100)}, plan.Held{"a": {window(0, 100)}}, day, nil},
		{"the beginning held", sessions{session("a", 0, 4000), session("b", 0, 10)}, plan.Held{"a": {window(0, 3600)}}, day,
			[]string{"0..10 b", "3601..4000 a"}},
		{"the middle held", sessions{session("a", 0, 100), session("b", 0, 100)}, plan.Held{"a": {window(50, 60), window(40, 55)}}, day,
			[]string{"0..100 a=0..39 b", "61..100 a"}},
		{"held while away", sessions{session("a", 0, 10), session("a", 90, 100)}, plan.Held{"a": {window(50, 50)}}, day,
			[]string{"0..10 a", "90..100 a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := problem{c.sessions, c.held, c.within, vendor}
			got := p.plan()
			if diff := cmp.Diff(c.want, describe(got)); diff != "" {
				t.Error(diff)
			}
			if err := p.check(got); err != nil {
				t.Error(err)
			}
		})
	}
}

// hold checks everything that a plan promises.
func (p problem) hold() error {
	if err := p.check(p.plan()); err != nil {
		return err
	}
	if n, bound := len(p.plan()), p.bound(); n < bound {
		return fmt.Errorf("%d requests are under the bound of %d", n, bound)
	}
	p.held = nil // the usual plan ignores it
	requests := p.plan()
	for _, created := range []time.Time{p.first(), p.within.Start} {
		if usual := p.usual(created); len(requests) > usual {
			return fmt.Errorf("%d requests, and %d the usual way from %v", len(requests), usual, created)
		}
	}
	return p.check(requests)
}

func TestPlansHold(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 1500 {
		data := randomBytes(rng, 300)
		if err := problemOf(data).hold(); err != nil {
			t.Fatalf("seed %d: %v\n%x", seed, err, data)
		}
	}
}

func FuzzSeries(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		f.Add(randomBytes(rng, 200))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1000 {
			return
		}
		if err := problemOf(data).hold(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOrderOfSessionsDoesNotMatter(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 2))
	for range 200 {
		p := problemOf(randomBytes(rng, 400))
		want := p.plan()
		rng.Shuffle(len(p.sessions), func(i, j int) { p.sessions[i], p.sessions[j] = p.sessions[j], p.sessions[i] })
		if diff := cmp.Diff(want, p.plan()); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

func TestSeriesLeavesItsArgumentsAlone(t *testing.T) {
	p := problemOf(randomBytes(rand.New(rand.NewPCG(7, 7)), 4000))
	sessions := slices.Clone(p.sessions)
	p.plan()
	if diff := cmp.Diff(sessions, p.sessions); diff != "" {
		t.Error(diff)
	}
}

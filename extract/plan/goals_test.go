package plan_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/callvault/callvault/internal/call"
)

// cost is what the calls of a mix cost.
type cost struct{ sessions, requests, plain, raised, usual int }

// count plans the problems, and fails if one costs more than the usual plan.
func count(tb testing.TB, problems []problem) cost {
	var c cost
	for i, p := range problems {
		n, usual := len(p.plan()), p.plainlyUsual()
		if sparing := p.usual(at(0)); n > min(usual, sparing) {
			tb.Fatalf("call %d: %d requests, the usual way %d, or %d to those who are there", i, n, usual, sparing)
		}
		c.sessions += len(p.sessions)
		c.requests += n
		c.plain += p.plainBound()
		c.raised += p.bound()
		c.usual += usual
	}
	return c
}

func by(a, b int) float64 { return float64(a) / float64(b) }

// meets reports whether a cost meets a goal compared with the plain bound. If no plan
// could, because the raised bound is above the goal, a cost within 5 % of the raised bound
// is enough.
func (c cost) meets(goal float64) bool {
	if by(c.raised, c.plain) > goal {
		return by(c.requests, c.raised) <= 1.05
	}
	return by(c.requests, c.plain) <= goal
}

func TestGoals(t *testing.T) {
	for _, m := range mixes {
		m.calls /= 5
		t.Run(m.name, func(t *testing.T) {
			c := count(t, m.make())
			t.Logf("%d sessions, %d requests: %.3f of the plain bound, %.3f of the raised bound (which is %.3f of the plain one), %.3f of the usual plan",
				c.sessions, c.requests, by(c.requests, c.plain), by(c.requests, c.raised), by(c.raised, c.plain), by(c.requests, c.usual))
			if !c.meets(m.goal) {
				t.Errorf("the goal is %.2f of the plain bound", m.goal)
			}
		})
	}
}

// TestWebinarOfShortStays: 600 stays of ten minutes over a day are 100 by sixes.
func TestWebinarOfShortStays(t *testing.T) {
	p := problem{within: window(0, 2*86400), limits: vendor}
	for i := range 600 {
		join := i * 86400 / 600
		p.sessions = append(p.sessions, session(fmt.Sprint("guest", i), join, join+600))
	}
	if n := len(p.plan()); n != 100 {
		t.Errorf("%d requests, want 100; the usual way takes %d", n, p.plainlyUsual())
	}
}

func BenchmarkSeries(b *testing.B) {
	for _, m := range mixes {
		b.Run(m.name, func(b *testing.B) {
			problems := m.make()
			c := count(b, problems)
			measure(b, problems)
			b.ReportMetric(by(c.requests, c.plain), "requests/bound")
			b.ReportMetric(by(c.requests, c.raised), "requests/raised-bound")
			b.ReportMetric(by(c.requests, c.usual), "requests/usual")
			if !c.meets(m.goal) {
				b.Errorf("the goal is %.2f of the plain bound", m.goal)
			}
		})
	}
}

// BenchmarkOneCall plans one day-long room of webinar guests of growing size:
// time and memory a session hardly change.
func BenchmarkOneCall(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			sessions := make([]call.Session, n)
			for i := range sessions {
				join := i * 7919 % 86400
				sessions[i] = session(fmt.Sprint("guest", i%(n*9/10)), join, join+120+i*31%1700)
			}
			measure(b, []problem{{sessions: sessions, within: window(0, 2*86400), limits: vendor}})
		})
	}
}

// measure plans the problems again and again.
func measure(b *testing.B, problems []problem) {
	n := 0
	for _, p := range problems {
		n += len(p.sessions)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rounds := 0
	for b.Loop() {
		rounds++
		for _, p := range problems {
			p.plan()
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(n*rounds)/b.Elapsed().Seconds(), "sessions/s")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(n*rounds), "B/session")
}

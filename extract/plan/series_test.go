package plan_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
)

var vendor = plan.Limits{Window: time.Hour, Users: 6}

func at(second int) time.Time { return time.Unix(1_590_065_777+int64(second), 0).UTC() }

func session(user string, join, leave int) call.Session {
	return call.Session{UserID: user, JoinedAt: at(join), LeftAt: at(leave), Finished: true}
}

func running(user string, join int) call.Session {
	return call.Session{UserID: user, JoinedAt: at(join)}
}

// describe writes a plan as text: seconds from the start, users, "|" where a
// user does not own the end.
func describe(requests []plan.Request) []string {
	var out []string
	for _, r := range requests {
		s := fmt.Sprintf("%d..%d", r.Window.Start.Unix()-at(0).Unix(), r.Window.End.Unix()-at(0).Unix())
		for _, u := range r.Users {
			s += " " + u.ID
			if !u.OwnsEnd {
				s += "|"
			}
		}
		out = append(out, s)
	}
	return out
}

func TestSeries(t *testing.T) {
	day := call.Window{Start: at(-86400), End: at(86400)}
	for _, c := range []struct {
		name     string
		sessions []call.Session
		within   call.Window
		want     []string
	}{
		{"nobody", nil, day, nil},
		{"two people, ten minutes", []call.Session{session("a", 0, 600), session("b", 5, 601)}, day, []string{"0..601 a b"}},
		{"no length", []call.Session{session("a", 7, 7)}, day, []string{"7..8 a"}},
		{"exactly an hour", []call.Session{session("a", 0, 3600)}, day, []string{"0..3600 a"}},
		{"an hour and a second", []call.Session{session("a", 0, 3601), session("b", 0, 10)}, day, []string{"0..3600 a| b", "3600..3601 a"}},
		{"a pause of hours", []call.Session{session("a", 0, 60), session("a", 9000, 9060)}, day, []string{"0..60 a", "9000..9060 a"}},
		{"leaves on the hour, back later", []call.Session{session("a", 0, 3600), session("b", 0, 3700), session("a", 3650, 3700)}, day,
			[]string{"0..3600 a| b|", "3600..3700 b a"}},
		{"seven users", []call.Session{session("a", 0, 9), session("b", 0, 9), session("c", 0, 9), session("d", 0, 9), session("e", 0, 9), session("f", 0, 9), session("g", 0, 9)}, day,
			[]string{"0..9 a b c d e f", "0..9 g"}},
		{"still there", []call.Session{running("a", 0)}, call.Window{Start: at(-10), End: at(100)}, []string{"0..100 a"}},
		{"partly gone", []call.Session{session("a", 0, 4000), session("b", 0, 10)}, call.Window{Start: at(1000), End: at(86400)}, []string{"1000..4000 a"}},
		{"in twice at once", []call.Session{session("a", 0, 100), session("a", 50, 150)}, day, []string{"0..150 a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, describe(plan.Series(c.sessions, c.within, vendor))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// checkPlan holds a plan against what every plan must keep.
func checkPlan(sessions []call.Session, within call.Window, requests []plan.Request) error {
	owners := map[string]map[uint32]int{}
	for _, r := range requests {
		if d := r.Window.End.Sub(r.Window.Start); d > vendor.Window || d <= 0 {
			return fmt.Errorf("window %v spans %v", r.Window, d)
		}
		if len(r.Users) == 0 || len(r.Users) > vendor.Users {
			return fmt.Errorf("request for %d users", len(r.Users))
		}
		for _, u := range r.Users {
			if owners[u.ID] == nil {
				owners[u.ID] = map[uint32]int{}
			}
			from, to, _ := r.Owned(u.ID)
			for s := from; s <= to; s++ {
				owners[u.ID][s]++
				if owners[u.ID][s] > 1 {
					return fmt.Errorf("second %d of %q is owned twice", s, u.ID)
				}
			}
		}
	}
	for _, s := range sessions {
		to := s.LeftAt
		if to.IsZero() {
			to = within.End
		}
		for t := s.JoinedAt; !t.After(to); t = t.Add(time.Second) {
			if t.Before(within.Start) || t.After(within.End) {
				continue
			}
			if owners[s.UserID][uint32(t.Unix())] != 1 {
				return fmt.Errorf("second %v of %q is not covered", t, s.UserID)
			}
		}
	}
	return nil
}

func TestSeriesCoversEverySecondOnce(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		sessions, within := randomCall(rng)
		if err := checkPlan(sessions, within, plan.Series(sessions, within, vendor)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func randomCall(rng *rand.Rand) ([]call.Session, call.Window) {
	var sessions []call.Session
	steps := []int{1, 2, 60, 3599, 3600, 3601, 7200, 20000}
	for range rng.IntN(30) {
		join := rng.IntN(20000)
		if rng.IntN(2) == 0 {
			join -= join % 3600
		}
		s := session(fmt.Sprint("u", rng.IntN(9)), join, join+rng.IntN(steps[rng.IntN(len(steps))]))
		if rng.IntN(10) == 0 {
			s = running(s.UserID, join)
		}
		sessions = append(sessions, s)
	}
	return sessions, call.Window{Start: at(rng.IntN(3000)), End: at(20000 + rng.IntN(5000))}
}

func FuzzSeries(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		sessions, within := randomCall(rand.New(rand.NewPCG(a, b)))
		if err := checkPlan(sessions, within, plan.Series(sessions, within, vendor)); err != nil {
			t.Fatal(err)
		}
	})
}

package plan_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// mix makes random calls of one kind, which its comment describes, from a seed. Calls are
// created at second 0, when the first user joins.
type mix struct {
	name  string
	goal  float64 // requests divided by the plain bound
	calls int
	call  func(*rand.Rand) []call.Session
}

var mixes = []mix{
	{"pairs", 1.05, 20_000, pair},
	{"meetings", 1.10, 600, meeting},
	{"webinars", 1.10, 60, webinar},
}

// make makes the calls of the mix.
func (m mix) make() []problem {
	rng := rand.New(rand.NewPCG(2026, 7))
	out := make([]problem, m.calls)
	for i := range out {
		out[i] = problem{sessions: m.call(rng), within: window(0, 14*86400), limits: vendor}
	}
	return out
}

// pair is a 1:1 call: a median of 6 minutes, one in fifty over an hour, up to 4 hours. The
// callee joins within half a minute. In one of eight calls the callee loses the connection
// once and joins again within a minute.
func pair(rng *rand.Rand) []call.Session {
	length := min(max(int(360*math.Exp(rng.NormFloat64()*1.1)), 40), 4*3600)
	join := rng.IntN(30)
	out := []call.Session{session("caller", 0, length)}
	if rng.IntN(8) > 0 || length < 200 {
		return append(out, session("callee", join, length))
	}
	lost := join + 10 + rng.IntN(length-join-100)
	return append(out, session("callee", join, lost), session("callee", lost+1+rng.IntN(60), length))
}

// meeting has 10 to 60 users for 1 to 5 hours. Three of four users join within ten minutes
// of its beginning, the others during the first three quarters. One in three leaves early,
// the others within five minutes of the end. After 30 to 120 minutes a user is away for 1
// to 40 minutes and joins again.
func meeting(rng *rand.Rand) []call.Session {
	length := between(rng, 60, 300)
	var out []call.Session
	for i := range 10 + rng.IntN(51) {
		join, leave := rng.IntN(600), length-rng.IntN(300)
		if i == 0 {
			join = 0
		}
		if i > 0 && rng.IntN(4) == 0 {
			join = rng.IntN(length * 3 / 4)
		}
		if rng.IntN(3) == 0 {
			leave = join + rng.IntN(leave-join)
		}
		out = append(out, stays(rng, fmt.Sprint("user", i), join, leave, [2]int{30, 120}, [2]int{1, 40})...)
	}
	return out
}

// webinar is a room of 4 to 24 hours which 200 to 900 users visit for 2 to 30 minutes at
// any time, one in ten of them twice. One room in three also has two to four hosts, who are
// present for 1 to 4 hours at a time with pauses of 2 to 60 minutes.
func webinar(rng *rand.Rand) []call.Session {
	length := between(rng, 4*60, 24*60)
	var out []call.Session
	for i := range 200 + rng.IntN(701) {
		for range 1 + rng.IntN(10)/9 {
			join := rng.IntN(length)
			if i == 0 {
				join = 0
			}
			out = append(out, session(fmt.Sprint("guest", i), join, min(length, join+between(rng, 2, 30))))
		}
	}
	if rng.IntN(3) > 0 {
		return out
	}
	for i := range 2 + rng.IntN(3) {
		out = append(out, stays(rng, fmt.Sprint("host", i), rng.IntN(1200), length, [2]int{60, 240}, [2]int{2, 60})...)
	}
	return out
}

// stays fills the seconds from..to with a user's sessions and pauses, with lengths in the
// given ranges of minutes.
func stays(rng *rand.Rand, user string, from, to int, stay, pause [2]int) []call.Session {
	var out []call.Session
	for from <= to {
		left := from + between(rng, stay[0], stay[1])
		out = append(out, session(user, from, min(left, to)))
		from = left + between(rng, pause[0], pause[1])
	}
	return out
}

// between returns a random number of seconds in a range of minutes.
func between(rng *rand.Rand, from, to int) int { return from*60 + rng.IntN((to-from)*60+1) }

// plainBound returns the hours of presence, rounded up for each user, divided by six.
func (p problem) plainBound() int {
	presence := map[string]time.Duration{}
	for _, s := range p.sessions {
		presence[s.UserID] += s.LeftAt.Sub(s.JoinedAt)
	}
	hours := 0
	for _, d := range presence {
		hours += max(1, int((d+time.Hour-1)/time.Hour))
	}
	return (hours + 5) / 6
}

// plainlyUsual returns the requests of a plan that asks in each hour of the call for all
// users, six at a time.
func (p problem) plainlyUsual() int {
	users, end := map[string]bool{}, at(0)
	for _, s := range p.sessions {
		users[s.UserID] = true
		if s.LeftAt.After(end) {
			end = s.LeftAt
		}
	}
	hours := max(1, int((end.Sub(at(0))+time.Hour-1)/time.Hour))
	return hours * ((len(users) + 5) / 6)
}

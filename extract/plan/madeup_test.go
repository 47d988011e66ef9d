package plan_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
)

// vendor has the limits of the current API.
var vendor = plan.Limits{Window: time.Hour, Users: 6}

func at(second int) time.Time { return time.Unix(1_590_065_777+int64(second), 0).UTC() }

func session(user string, join, leave int) call.Session {
	return call.Session{UserID: user, JoinedAt: at(join), LeftAt: at(leave), Finished: true}
}

func running(user string, join int) call.Session {
	return call.Session{UserID: user, JoinedAt: at(join)}
}

func window(start, end int) call.Window { return call.Window{Start: at(start), End: at(end)} }

// problem is everything that a plan depends on.
type problem struct {
	sessions []call.Session
	held     plan.Held
	within   call.Window
	limits   plan.Limits
}

func (p problem) plan() []plan.Request {
	return plan.Series(p.sessions, p.held, p.within, p.limits)
}

func (p problem) bound() int { return plan.Bound(p.sessions, p.held, p.within, p.limits) }

// problemOf reads a problem from any bytes: four bytes for the limits and what the vendor
// keeps, then five for each session or window that the archive has. Small limits replace
// the hour, so that small problems have all cases.
func problemOf(data []byte) problem {
	r := reader(data)
	p := problem{held: plan.Held{}}
	p.limits = plan.Limits{Window: time.Duration(1+r.byte()) * time.Second, Users: 1 + r.byte()%7}
	p.within = window(r.byte(), 300+r.byte()*4)
	for len(r) > 0 {
		kind, user := r.byte(), fmt.Sprint("u", r.byte()%16)
		from := r.byte() | r.byte()%4<<8
		to := from + r.byte()
		switch {
		case kind%8 == 0:
			p.held[user] = append(p.held[user], window(from, to))
		case kind%8 == 1:
			p.sessions = append(p.sessions, running(user, from))
		default:
			p.sessions = append(p.sessions, session(user, from, to))
		}
	}
	return p
}

// reader returns bytes, and zeroes after the last one.
type reader []byte

func (r *reader) byte() int {
	if len(*r) == 0 {
		return 0
	}
	b := (*r)[0]
	*r = (*r)[1:]
	return int(b)
}

func randomBytes(rng *rand.Rand, most int) []byte {
	data := make([]byte, rng.IntN(most))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

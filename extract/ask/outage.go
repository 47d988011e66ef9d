package ask

import (
	"errors"
	"fmt"
	"time"

	"github.com/callvault/callvault/extract/trtc"
)

const (
	// lastingAfter is the number of requests of an action that must have been given up with
	// the same code before later ones are repeated less often.
	lastingAfter = 2

	// lastingAttempts is how often they are then sent, and lastingFor is how long that
	// lasts.
	lastingAttempts = 2
	lastingFor      = time.Minute

	// downFor is how long no request must have been answered before the network or the
	// vendor counts as down. An outage is waited out.
	downFor = 10 * time.Second
)

// failure is a kind of failure of an action.
type failure struct{ action, code string }

// lasting counts the requests that were given up for one failure.
type lasting struct {
	times int       // requests given up for it
	last  time.Time // when the last one was
}

// lasts reports whether a request is given up after so many failures. A failure that
// repeats again and again, while other requests are answered, is not repeated as often.
func (a *Asker) lasts(action string, err error, times int) bool {
	e, _ := errors.AsType[*trtc.Error](err)
	f := failure{action, e.Code}
	a.mu.Lock()
	defer a.mu.Unlock()
	down := unreachable(err) && time.Since(a.answered) > downFor
	most := a.attempts.Faults
	if x := a.lasting[f]; !down && x.times >= lastingAfter && time.Since(x.last) < lastingFor {
		most = min(most, lastingAttempts)
	}
	if times >= most {
		a.lasting[f] = lasting{a.lasting[f].times + 1, time.Now()}
	}
	return times >= most
}

// outageAfter is how long the vendor must not have answered anything before a request that
// is given up ends the pass. This applies only to an action that has answered before: the
// failures of another say nothing about the vendor.
const outageAfter = time.Minute

// ErrOutage is returned when the vendor no longer answers.
var ErrOutage = errors.New("the vendor no longer answers")

// outage returns ErrOutage in place of err if nothing has been answered for long.
func (a *Asker) outage(action string, err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if unreachable(err) && a.served[action] && time.Since(a.answered) > outageAfter {
		return fmt.Errorf("%w: %w", ErrOutage, err)
	}
	return err
}

// answers notes that the vendor has answered an action, even with an error.
func (a *Asker) answers(action string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.served[action] = true
	a.answered = time.Now()
}

// unreachable reports whether no answer of the API came.
func unreachable(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && (e.Code == trtc.CodeNetwork || e.Code == trtc.CodeHTTP)
}

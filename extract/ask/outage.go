package ask

import (
	"errors"
	"fmt"
	"time"

	"github.com/callvault/callvault/extract/trtc"
)

const (
	// lastingAfter is how many requests of an action must have been given up for one
	// code for the others not to be asked as often.
	lastingAfter = 2

	// lastingAttempts is how often they are asked then, and lastingFor for how long.
	lastingAttempts = 2
	lastingFor      = time.Minute

	// downFor is how long nothing must have been answered for the network, or all of
	// the vendor, to be taken to be down: that is waited out.
	downFor = 10 * time.Second
)

// failure is a way in which an action fails.
type failure struct{ action, code string }

// lasting is how a failure has lasted.
type lasting struct {
	times int       // requests given up for it
	last  time.Time // when the last one was
}

// lasts reports whether a request is given up that has failed so often. What goes wrong in
// the same way again and again, while other things are answered, is not asked for as often.
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

// outageAfter is how long the vendor must not have answered anything for a
// request that was given up to end the pass, if its action was answered before:
// asking for the rest is pointless. An action that never was says nothing of others.
const outageAfter = time.Minute

// ErrOutage says that the vendor does not answer any more.
var ErrOutage = errors.New("the vendor does not answer any more")

// outage turns the failure of a request into that of the vendor, if nothing has
// been answered for long.
func (a *Asker) outage(action string, err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if unreachable(err) && a.served[action] && time.Since(a.answered) > outageAfter {
		return fmt.Errorf("%w: %w", ErrOutage, err)
	}
	return err
}

// answers notes that the vendor has answered an action, if only with an error.
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

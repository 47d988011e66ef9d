package ask

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/callvault/callvault/extract/trtc"
)

const (
	// mostUseless is the number of questions in a row that may bring nothing before no more
	// are asked.
	mostUseless = 3

	// checkedOne of so many answers that are believed is compared all the same.
	checkedOne = 50
)

// Everybody is what is known of an account's answers to questions for events that name no
// user. The vendor's pages require a user. Where an account answers nevertheless, nobody has
// promised that such an answer is whole. So answers are believed only up to a size up to
// which they have been compared with those for each user, and it ends the questions if one
// of them was not whole. It is safe for concurrent use.
type Everybody struct {
	turn chan struct{} // holds one token: the right to compare

	mu       sync.Mutex
	off      bool
	known    bool // an answer was whole
	useless  int  // questions in a row that brought nothing
	proven   Extent
	believed int // answers
}

// Extent is the size of an answer.
type Extent struct {
	Events  int   // in all
	Most    int   // of one user
	Seconds int64 // of the window
}

func newEverybody() *Everybody {
	e := &Everybody{turn: make(chan struct{}, 1)}
	e.turn <- struct{}{}
	return e
}

// Everybody returns what is known of the account.
func (a *Asker) Everybody() *Everybody { return a.everybody }

// Asks reports whether such questions are asked.
func (e *Everybody) Asks() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.off
}

// Known reports whether the account has given an answer that was whole.
func (e *Everybody) Known() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.known
}

// Turn waits for the right to compare, which one call has at a time. The others learn from
// what it finds.
func (e *Everybody) Turn(ctx context.Context) (done func(), err error) {
	select {
	case <-e.turn:
		return func() { e.turn <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, Ended(ctx)
	}
}

// Refused notes that the vendor wants a user to be named.
func (e *Everybody) Refused() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.off = true
}

// Useless notes that a question has brought nothing.
func (e *Everybody) Useless() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.useless++
	e.off = e.off || e.useless >= mostUseless
}

// Believes reports whether an answer of a size is believed. An answer that is as large as
// the largest is not: it may have been cut there.
func (e *Everybody) Believes(x Extent) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.off || !e.covers(x) || rand.IntN(checkedOne) == 0 {
		return false
	}
	e.useless = 0
	e.believed++
	return true
}

// Covers reports whether an answer of a size is smaller than one that was whole.
func (e *Everybody) Covers(x Extent) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.off && e.covers(x)
}

// covers reports whether an answer of a size is smaller than one that was whole. The caller
// holds mu.
func (e *Everybody) covers(x Extent) bool {
	return e.known && x.Events < e.proven.Events && x.Most < e.proven.Most && x.Seconds <= e.proven.Seconds
}

// Proven notes that an answer was whole.
func (e *Everybody) Proven(x Extent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := &e.proven
	p.Events, p.Most, p.Seconds = max(p.Events, x.Events), max(p.Most, x.Most), max(p.Seconds, x.Seconds)
	e.known, e.useless = true, 0
}

// Wrong notes that an answer was not whole, and ends the questions. It returns how many
// answers were believed that may have been as wrong.
func (e *Everybody) Wrong() (doubtful int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.off = true
	return e.believed
}

// Try sends r once, and again only if the quota is used up. It is for a question that the
// vendor may refuse: its refusal is no error of the run.
func (a *Asker) Try(ctx context.Context, r trtc.Request, work float64, decode func(body []byte) error) (Answer, error) {
	if err := a.name(ctx, r); err != nil {
		return Answer{}, err
	}
	answer := Answer{Request: r, tried: true}
	for quotas := 1; ; quotas++ {
		err := a.once(ctx, &answer, work, a.region(r.Action), quotas, decode)
		switch kind := a.kindOf(err); {
		case err == nil:
			return answer, nil
		case ctx.Err() != nil:
			return Answer{}, Ended(ctx)
		case kind == trtc.Quota && quotas < a.attempts.Quota:
			a.limits.Refused(r.Action)
		default:
			answer.Release()
			return Answer{}, err
		}
		answer.Release()
		if err := a.pause(ctx, quotas, 0, afterOf(err)); err != nil {
			return Answer{}, err
		}
	}
}

// Refuses reports whether the vendor refuses a question as it is, whatever it is about.
func Refuses(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.Permanent && e.Code != trtc.CodeHTTP && e.Code != trtc.CodeNameless
}

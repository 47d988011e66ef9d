package quota

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// vendors is the vendor's own quota of an action, requests a second.
	vendors = 20

	// most is the rate from which on the quota is as good as none.
	most = 1e9
)

// Options of an account's limits.
type Options struct {
	PerSecond float64 // requests of each action the account may send; 0: the vendor's 20
	Reserve   float64 // requests a second of these left for the account's other programs
	Budget    *Budget // bounds the bytes under way; shared by all accounts; nil: unbounded
}

// Limits holds an account's turnstiles. It is safe for concurrent use and is
// shared by all applications of the account.
type Limits struct {
	perSecond float64
	budget    *Budget

	mu      sync.Mutex
	actions map[string]*turnstile
}

// New makes the limits of an account. A reserve that leaves nothing leaves a
// twentieth of the quota.
func New(o Options) *Limits {
	quota := min(cmp.Or(o.PerSecond, vendors), most)
	return &Limits{
		perSecond: max(quota-max(o.Reserve, 0), quota*least),
		budget:    o.Budget,
		actions:   map[string]*turnstile{},
	}
}

// Wait blocks until a request of the action may leave, or ctx ends.
//
// minInterval is the vendor's own spacing of a slower action, or zero; it holds
// for the vendor's own quota, and an account with another one has it in
// proportion. It is the same in all calls for an action.
func (l *Limits) Wait(ctx context.Context, action string, minInterval time.Duration) error {
	_, err := l.turnstile(action, minInterval).enter(ctx, nil, 0)
	return err
}

// Enter waits as [Limits.Wait] does, and for room in the budget: bytes is what
// the answer is expected to take. The request leaves when Enter returns, and
// its pass is held until [Pass.Done].
//
// Who holds a pass must not enter or wait again before it is done, on pain of a
// deadlock: a request that is asked again enters again.
func (l *Limits) Enter(ctx context.Context, action string, minInterval time.Duration, bytes int64) (*Pass, error) {
	t := l.turnstile(action, minInterval)
	number, err := t.enter(ctx, l.budget, bytes)
	if err != nil {
		return nil, err
	}
	return &Pass{turnstile: t, number: number, budget: l.budget, bytes: bytes}, nil
}

// Refused says that the vendor refused a request of the action for being over
// the quota. Refusals that come together count as one.
func (l *Limits) Refused(action string) {
	l.mu.Lock()
	t := l.actions[action]
	l.mu.Unlock()
	if t != nil {
		t.refused()
	}
}

// ActionStats is what an action's turnstile has done and does.
type ActionStats struct {
	Action     string
	Rate       float64 // departures a second, over the last second or, at lower rates, interval
	Allowed    float64 // requests a second at present
	Full       float64 // requests a second when nobody else uses the quota
	Departures int64
	Refusals   int64
	Waiting    int // in the queue
}

// Snapshot tells the actions asked so far, by name.
func (l *Limits) Snapshot() []ActionStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := make([]ActionStats, 0, len(l.actions))
	for action, t := range l.actions {
		s := t.stats()
		s.Action = action
		stats = append(stats, s)
	}
	slices.SortFunc(stats, func(a, b ActionStats) int { return cmp.Compare(a.Action, b.Action) })
	return stats
}

func (l *Limits) turnstile(action string, minInterval time.Duration) *turnstile {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.actions[action]
	if t == nil {
		perSecond := l.perSecond
		if minInterval > 0 {
			perSecond *= float64(time.Second) / float64(minInterval) / vendors
		}
		t = newTurnstile(perSecond)
		l.actions[action] = t
	}
	return t
}

package quota

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// vendors is the vendor's quota of an action, in requests a second.
	vendors = 20

	// most is the rate above which the quota has no effect.
	most = 1e9
)

// Options are the settings of an account's limits.
type Options struct {
	PerSecond float64 // requests of each action that the account may send in a second; 0: the vendor's 20
	Reserve   float64 // of these, requests a second that are left for the account's other programs
	Budget    *Budget // bounds the bytes under way; shared by all accounts; nil: unbounded
}

// Limits has the turnstiles of an account. It is safe for concurrent use, and all
// applications of the account share it.
type Limits struct {
	perSecond float64
	budget    *Budget

	mu      sync.Mutex
	actions map[string]*turnstile
}

// New returns the limits of an account. If the reserve leaves nothing, a twentieth of the
// quota remains.
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
// minInterval is the vendor's least distance between requests of a slow action, or zero. It
// applies to the vendor's own quota; an account with another quota gets a distance in
// proportion. It must be the same in all calls for an action.
func (l *Limits) Wait(ctx context.Context, action string, minInterval time.Duration) error {
	_, err := l.turnstile(action, minInterval).enter(ctx, nil, 0)
	return err
}

// Enter waits as [Limits.Wait] does, and for room in the budget. bytes is the expected size
// of the answer. The request leaves when Enter returns. The caller must call [Pass.Done].
//
// A caller that has a pass must not call Enter or Wait again before Done: that can
// deadlock. A repeated request enters again.
func (l *Limits) Enter(ctx context.Context, action string, minInterval time.Duration, bytes int64) (*Pass, error) {
	t := l.turnstile(action, minInterval)
	number, err := t.enter(ctx, l.budget, bytes)
	if err != nil {
		return nil, err
	}
	return &Pass{turnstile: t, number: number, budget: l.budget, bytes: bytes}, nil
}

// Refused notes that the vendor refused a request of the action because the quota was used
// up. Refusals close together count as one.
func (l *Limits) Refused(action string) {
	l.mu.Lock()
	t := l.actions[action]
	l.mu.Unlock()
	if t != nil {
		t.refused()
	}
}

// ActionStats is the state of an action's turnstile.
type ActionStats struct {
	Action     string
	Rate       float64 // departures a second, over the last second or, at lower rates, the last interval
	Allowed    float64 // requests a second that may leave at present
	Full       float64 // requests a second that may leave if nobody else uses the quota
	Departures int64
	Refusals   int64
	Waiting    int // in the queue
}

// Snapshot returns the state of each action that was asked, by name.
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

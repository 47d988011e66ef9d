// Package quota paces requests: one limiter for each action of an account.
//
// The vendor allows an account 20 requests a second of each action, counted
// over all its applications (https://www.tencentcloud.com/document/product/647,
// each action's page).
package quota

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// vendors is the vendor's own quota of an action, requests a second.
const vendors = 20

// share is the part of the quota that is used. Requests leave evenly spaced;
// the remaining part absorbs their uneven arrival, so that the vendor does not
// count more than the quota within any second.
const share = 0.97

// Limits holds an account's limiters. It is safe for concurrent use and may be
// shared by any number of applications of the account.
type Limits struct {
	perSecond float64

	mu      sync.Mutex
	actions map[string]*rate.Limiter
}

// New makes the limits of an account that may send perSecond requests of each
// action.
func New(perSecond float64) *Limits {
	return &Limits{perSecond: perSecond, actions: map[string]*rate.Limiter{}}
}

// Wait blocks until a request of the action may leave, or ctx ends.
// minInterval is the vendor's own spacing of a slower action, or zero; it holds
// for the vendor's own quota, and an account with another one has it in
// proportion.
func (l *Limits) Wait(ctx context.Context, action string, minInterval time.Duration) error {
	return l.limiter(action, minInterval).Wait(ctx)
}

func (l *Limits) limiter(action string, minInterval time.Duration) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	lim := l.actions[action]
	if lim == nil {
		perSecond := l.perSecond
		if minInterval > 0 {
			perSecond *= float64(time.Second) / float64(minInterval) / vendors
		}
		lim = rate.NewLimiter(rate.Limit(perSecond*share), 1)
		l.actions[action] = lim
	}
	return lim
}

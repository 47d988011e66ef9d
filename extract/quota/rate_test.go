package quota_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract/quota"
)

var errRefused = errors.New("RequestLimitExceeded")

// vendor accepts 20 requests in any second, from any caller.
type vendor struct {
	mu       sync.Mutex
	accepted []time.Time
}

func (v *vendor) ask() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.accepted) > 0 && time.Since(v.accepted[0]) >= time.Second {
		v.accepted = v.accepted[1:]
	}
	if len(v.accepted) >= 20 {
		return errRefused
	}
	v.accepted = append(v.accepted, time.Now())
	return nil
}

// others ask evenly, whether they are refused or not.
func (v *vendor) others(perSecond int, during time.Duration) {
	for range int(during.Seconds()) * perSecond {
		_ = v.ask()
		time.Sleep(time.Second / time.Duration(perSecond))
	}
}

func TestSharesWithOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, l := &vendor{}, quota.New(quota.Options{})
		go v.others(8, 5*time.Minute)
		answered := queued(30, 5*time.Minute, func(ctx context.Context) error {
			for {
				if err := l.Wait(ctx, action, 0); err != nil {
					return err
				}
				err := v.ask()
				time.Sleep(300 * time.Millisecond)
				if err == nil {
					return nil
				}
				l.Refused(action)
			}
		})
		s := l.Snapshot()[0]
		t.Logf("beside 8 a second: %d answered, %d refused", len(answered), s.Refusals)
		if least := 80 * 12 * 300 / 100; len(answered) < least {
			t.Errorf("%d answered where others leave room for 3600, want at least %d", len(answered), least)
		}
		if s.Refusals > s.Departures/20 {
			t.Errorf("%d of %d requests were refused, want one in twenty at most", s.Refusals, s.Departures)
		}
		time.Sleep(time.Minute + 2*time.Second)
		if at := queued(8, time.Minute, wait(l, action, 0)); len(at) < 1164 {
			t.Errorf("%d requests in a minute after the others had left", len(at))
		}
	})
}

func TestRefusalsThatComeTogetherAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(quota.Options{})
		if err := l.Wait(t.Context(), action, 0); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			l.Refused(action)
			time.Sleep(50 * time.Millisecond)
		}
		if s := l.Snapshot()[0]; s.Allowed != 16 || s.Refusals != 20 {
			t.Errorf("allowed %v after a burst of %d refusals, want 16 after 20", s.Allowed, s.Refusals)
		}
	})
}

func TestRefusalsWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(quota.Options{})
		during := 5 * time.Minute
		at := queued(20, during, func(ctx context.Context) error {
			err := l.Wait(ctx, action, 0)
			l.Refused(action)
			return err
		})
		late := at[len(at)/2:]
		if perSecond := float64(len(late)) / late[len(late)-1].Sub(late[0]).Seconds(); perSecond < 1 || perSecond > 2 {
			t.Errorf("%.2f requests a second while all are refused, want one or two", perSecond)
		}
		start := time.Now()
		for l.Snapshot()[0].Allowed < 20 {
			time.Sleep(time.Second)
		}
		if d := time.Since(start); d > 62*time.Second || d < 30*time.Second {
			t.Errorf("the whole rate was back after %v, want about a minute", d)
		}
	})
}

// Whatever the rate does, no second has more than the full rate.
func TestNeverOverWhileTheRateChanges(t *testing.T) {
	r := seeded(t)
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(quota.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(r.upTo(time.Minute))
				l.Refused(action)
			}
		})
		at := queued(12, time.Hour, func(ctx context.Context) error {
			if r.float() < 0.02 {
				time.Sleep(r.upTo(2 * time.Second))
			}
			return l.Wait(ctx, action, 0)
		})
		cancel()
		others.Wait()
		if n := peak(at, time.Second); n > 20 {
			t.Errorf("%d requests within a second", n)
		}
	})
}

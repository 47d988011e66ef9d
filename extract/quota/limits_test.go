package quota_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract/quota"
)

func wait(l *quota.Limits, action string, interval time.Duration) func(context.Context) error {
	return func(ctx context.Context) error { return l.Wait(ctx, action, interval) }
}

func TestFullAndNeverOver(t *testing.T) {
	for _, perSecond := range []float64{0.1, 1, 2.5, 7, 20, 100, 999, 10_000} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				during := max(time.Minute, time.Duration(100/perSecond)*time.Second)
				at := queued(8, during, wait(quota.New(quota.Options{PerSecond: perSecond}), action, 0))
				if least := 0.97 * perSecond * during.Seconds(); float64(len(at)) < least {
					t.Errorf("%d requests in %v, want at least %.0f", len(at), during, least)
				}
				span, most := time.Second, int(perSecond+0.999)
				if perSecond < 1 {
					span = time.Duration(float64(time.Second) / perSecond)
				}
				if n := peak(at, span); n > most {
					t.Errorf("%d requests within %v, want %d at most", n, span, most)
				}
			})
		})
	}
}

func TestEvenlySpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := queued(3, 10*time.Second, wait(quota.New(quota.Options{}), action, 0))
		for i := 1; i < len(at); i++ {
			if d := at[i].Sub(at[i-1]); d != 51*time.Millisecond {
				t.Fatalf("departure %d left %v after the one before it, want 51ms", i, d)
			}
		}
	})
}

// A slow vendor gets as many requests under way as the quota needs.
func TestFullAtAnyLatency(t *testing.T) {
	for _, latency := range []time.Duration{300 * time.Millisecond, 5 * time.Second, 30 * time.Second} {
		t.Run(latency.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := quota.NewBudget(1 << 30)
				l := quota.New(quota.Options{Budget: b})
				workers := int(latency.Seconds()*20) + 2
				var left log
				queued(workers, time.Minute, func(ctx context.Context) error {
					pass, err := l.Enter(ctx, action, 0, 1<<20)
					if err != nil {
						return err
					}
					left.add(time.Now())
					time.Sleep(latency)
					pass.Done()
					return nil
				})
				if len(left.at) < 1164 {
					t.Errorf("%d requests in a minute, want at least 1164", len(left.at))
				}
				if n := b.Held(); n != 0 {
					t.Errorf("%d bytes held after the last answer", n)
				}
			})
		})
	}
}

// The first request in the queue is delayed by up to half a second.
func TestLateDeparturesAreCaughtUp(t *testing.T) {
	r := seeded(t)
	synctest.Test(t, func(t *testing.T) {
		b := quota.NewBudget(1)
		l := quota.New(quota.Options{Budget: b})
		ctx, cancel := context.WithCancel(t.Context())
		var disturber sync.WaitGroup
		disturber.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(r.upTo(20 * time.Second))
				_ = b.Acquire(context.Background(), 1)
				time.Sleep(r.upTo(500 * time.Millisecond))
				b.Release(1)
			}
		})
		at := queued(8, 10*time.Minute, func(ctx context.Context) error {
			pass, err := l.Enter(ctx, action, 0, 1)
			if err == nil {
				pass.Done()
			}
			return err
		})
		cancel()
		disturber.Wait()
		if n := peak(at, time.Second); n > 20 {
			t.Errorf("%d requests within a second", n)
		}
		if len(at) < 11_640 {
			t.Errorf("%d requests in ten minutes, want at least 11640", len(at))
		}
	})
}

// The quota counts from the moment when a request was on the wire.
func TestSentLate(t *testing.T) {
	r := seeded(t)
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(quota.Options{})
		var wire log
		queued(30, time.Minute, func(ctx context.Context) error {
			pass, err := l.Enter(ctx, action, 0, 0)
			if err != nil {
				return err
			}
			time.Sleep(r.upTo(400 * time.Millisecond)) // a handshake
			wire.add(time.Now())
			pass.Sent()
			return nil
		})
		if n := peak(wire.at, time.Second); n > 20 {
			t.Errorf("%d requests on the wire within a second", n)
		}
	})
}

func TestActionsHaveQuotasOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(quota.Options{})
		var all sync.WaitGroup
		for _, action := range []string{"DescribeRoomInfo", "DescribeUserInfo"} {
			all.Go(func() {
				if n := len(queued(8, time.Minute, wait(l, action, 0))); n < 1164 {
					t.Errorf("%s: %d requests in a minute beside another action, want at least 1164", action, n)
				}
			})
		}
		all.Wait()
	})
}

func TestSlowerAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := queued(4, time.Minute, wait(quota.New(quota.Options{}), "DescribeAbnormalEvent", time.Second))
		if n := peak(at, time.Second); n != 1 || len(at) < 59 {
			t.Errorf("an action of one request a second: %d in a minute, %d within a second", len(at), n)
		}
		at = queued(4, time.Minute, wait(quota.New(quota.Options{PerSecond: 10}), "DescribeAbnormalEvent", time.Second))
		if len(at) < 29 || len(at) > 31 {
			t.Errorf("the same with half the quota: %d in a minute, want 30", len(at))
		}
	})
}

func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := queued(8, time.Minute, wait(quota.New(quota.Options{Reserve: 5}), action, 0))
		if n := peak(at, time.Second); n > 15 || len(at) < 873 {
			t.Errorf("with 5 of 20 reserved: %d in a minute, %d within a second", len(at), n)
		}
		at = queued(8, time.Minute, wait(quota.New(quota.Options{Reserve: 30}), action, 0))
		if len(at) < 58 || len(at) > 61 {
			t.Errorf("with more than all reserved: %d in a minute, want one a second", len(at))
		}
	})
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(quota.Options{})
		var (
			all   sync.WaitGroup
			mu    sync.Mutex
			order []int
		)
		for i := range 100 {
			all.Go(func() {
				err := l.Wait(t.Context(), action, 0)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					order = append(order, i)
				}
			})
			synctest.Wait() // it is in the queue
		}
		all.Wait()
		if len(order) != 100 {
			t.Fatalf("%d of 100 left", len(order))
		}
		for i, n := range order {
			if i != n {
				t.Fatalf("departure %d was of waiter %d", i, n)
			}
		}
	})
}

func TestWhoGivesUpLosesNoSlot(t *testing.T) {
	r := seeded(t)
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(quota.Options{})
		cause := errors.New("changed my mind")
		var impatient sync.WaitGroup
		for range 200 {
			impatient.Go(func() {
				for range 20 {
					ctx, cancel := context.WithTimeoutCause(t.Context(), r.upTo(time.Millisecond), cause)
					if err := l.Wait(ctx, action, 0); err != nil && !errors.Is(err, cause) {
						t.Errorf("gave up: %v, want the context's cause", err)
					}
					cancel()
					time.Sleep(2 * time.Second)
				}
			})
		}
		patient := queued(8, time.Minute, wait(l, action, 0))
		impatient.Wait()
		s := l.Snapshot()[0]
		if s.Departures < 1164 || s.Waiting != 0 {
			t.Errorf("%d departures in a minute and %d waiting, want at least 1164 and none", s.Departures, s.Waiting)
		}
		if len(patient) < 1000 {
			t.Errorf("%d requests of those who stayed", len(patient))
		}
	})
}

func TestEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(quota.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Wait(ctx, action, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait on an ended context: %v", err)
		}
		if n := l.Snapshot()[0].Departures; n != 0 {
			t.Errorf("%d departures", n)
		}
	})
}

func TestSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(quota.Options{Reserve: 2})
		go queued(8, time.Minute, wait(l, action, 0))
		go queued(1, time.Minute, wait(l, "DescribeAbnormalEvent", time.Second))
		time.Sleep(10 * time.Second)
		l.Refused(action)
		l.Refused("never asked")
		s := l.Snapshot()
		if len(s) != 2 || s[0].Action != "DescribeAbnormalEvent" {
			t.Fatalf("snapshot %+v", s)
		}
		d := s[1]
		if d.Rate < 17 || d.Rate > 18 || d.Full != 18 || d.Allowed != 18*0.8 || d.Refusals != 1 || d.Waiting != 8 {
			t.Errorf("snapshot %+v", d)
		}
		if a := s[0]; a.Rate > 1.2 || a.Rate < 0.8 || a.Departures < 8 || a.Departures > 10 {
			t.Errorf("snapshot of the slower action %+v", a)
		}
		time.Sleep(time.Minute)
	})
}

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

// Several actions share a budget that is much too small for their latency:
// none is starved, none deadlocks, and the bound holds.
func TestBudgetBoundsWhatIsUnderWay(t *testing.T) {
	r := seeded(t)
	synctest.Test(t, func(t *testing.T) {
		const total = 10 << 20
		b := quota.NewBudget(total)
		l := quota.New(quota.Options{Budget: b})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var all sync.WaitGroup
		for _, action := range []string{"DescribeRoomInfo", "DescribeUserInfo", "DescribeCallDetailInfo"} {
			for range 50 {
				all.Go(func() {
					for ctx.Err() == nil {
						bytes := int64(r.float() * (2 << 20))
						if r.float() < 0.02 {
							bytes = 2 * total
						}
						pass, err := l.Enter(ctx, action, 0, bytes)
						if err != nil {
							return
						}
						if b.Held() > total {
							t.Errorf("%d bytes held of %d", b.Held(), total)
						}
						time.Sleep(r.upTo(2 * time.Second))
						pass.Done()
						pass.Done()
					}
				})
			}
		}
		all.Wait()
		for _, s := range l.Snapshot() {
			if s.Departures < 100 {
				t.Errorf("%s: %d departures in a minute beside the others", s.Action, s.Departures)
			}
		}
		if b.Held() != 0 {
			t.Errorf("%d bytes held in the end", b.Held())
		}
	})
}

// Requests that wait for their turn have no bytes of the budget.
func TestTheQueueHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quota.NewBudget(100)
		l := quota.New(quota.Options{Budget: b})
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			go func() {
				pass, err := l.Enter(ctx, "DescribeAbnormalEvent", time.Second, 60)
				if err == nil {
					<-ctx.Done()
					pass.Done()
				}
			}()
		}
		synctest.Wait()
		if b.Held() != 60 {
			t.Errorf("%d bytes held by one request under way, want 60", b.Held())
		}
		if err := b.Acquire(ctx, 40); err != nil {
			t.Error(err)
		}
		b.Release(40)
		cancel()
		synctest.Wait()
		if b.Held() != 0 {
			t.Errorf("%d bytes held by none", b.Held())
		}
	})
}

func TestBudgetHonoursContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quota.NewBudget(100)
		if err := b.Acquire(t.Context(), 1000); err != nil || b.Held() != 100 {
			t.Fatalf("more than the budget: %v, %d held", err, b.Held())
		}
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		if err := b.Acquire(ctx, 1); !errors.Is(err, cause) {
			t.Errorf("Acquire: %v, want the context's cause", err)
		}
		b.Release(1000)
		if err := b.Acquire(t.Context(), 100); err != nil {
			t.Error(err)
		}
	})
}

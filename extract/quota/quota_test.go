package quota_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract/quota"
)

// sent runs workers that send as fast as they are let for the time given and
// returns when each request left.
func sent(l *quota.Limits, action string, interval, during time.Duration) []time.Time {
	ctx, cancel := context.WithTimeout(context.Background(), during)
	defer cancel()
	var (
		mu  sync.Mutex
		at  []time.Time
		all sync.WaitGroup
	)
	for range 8 {
		all.Go(func() {
			for l.Wait(ctx, action, interval) == nil {
				mu.Lock()
				at = append(at, time.Now())
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return at
}

func TestNeverOverAndNeverIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := sent(quota.New(20), "DescribeCallDetailInfo", 0, time.Minute)
		if least := int(0.96 * 20 * 60); len(at) < least {
			t.Errorf("sent %d requests in a minute, want at least %d", len(at), least)
		}
		for i := 20; i < len(at); i++ {
			if d := at[i].Sub(at[i-20]); d < time.Second {
				t.Fatalf("21 requests within %v, ending with request %d", d, i)
			}
		}
	})
}

func TestActionsHaveQuotasOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(20)
		var all sync.WaitGroup
		for _, action := range []string{"DescribeRoomInfo", "DescribeUserInfo"} {
			all.Go(func() {
				if n := len(sent(l, action, 0, 10*time.Second)); n < 190 {
					t.Errorf("%s: sent %d requests in 10 s beside another action, want 190 or more", action, n)
				}
			})
		}
		all.Wait()
	})
}

func TestSlowerAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := sent(quota.New(20), "DescribeAbnormalEvent", time.Second, 30*time.Second)
		if len(at) < 28 || len(at) > 31 {
			t.Errorf("sent %d requests of an action of one a second in 30 s", len(at))
		}
	})
}

func TestWaitHonoursContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := quota.New(0.001)
		if err := l.Wait(t.Context(), "DescribeRoomInfo", 0); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := l.Wait(ctx, "DescribeRoomInfo", 0); err == nil {
			t.Error("Wait returned without an error after its context had ended")
		}
	})
}

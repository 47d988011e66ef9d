package backup

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestFreeSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(300 * time.Millisecond)
		now := time.Now().UTC().Truncate(time.Second)
		taken := []Note{{Began: now.Add(-time.Hour)}, {Began: now}, {Began: now.Add(time.Second)}}
		if got, err := freeSecond(t.Context(), taken[:1]); err != nil || !got.Equal(now) {
			t.Errorf("%s, %v; want %s", got, err, now)
		}
		if got, err := freeSecond(t.Context(), taken); err != nil || !got.Equal(now.Add(2*time.Second)) {
			t.Errorf("%s, %v; want two seconds after %s", got, err, now)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		cancel(why)
		last := []Note{{Began: time.Now().UTC().Truncate(time.Second)}}
		if _, err := freeSecond(ctx, last); !errors.Is(err, why) {
			t.Errorf("error %v, want %v", err, why)
		}
	})
}

package load

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestHeedUntil(t *testing.T) {
	t.Parallel()
	parent, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	ctx, _ := heedUntil(parent)
	if _, ok := ctx.Deadline(); !ok {
		t.Error("the deadline is lost")
	}
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("got %v, want the parent's error", ctx.Err())
	}
	parent, cancel = context.WithCancel(t.Context())
	ctx, calm := heedUntil(parent)
	calm()
	cancel()
	if ctx.Err() != nil {
		t.Errorf("ended after calm: %v", ctx.Err())
	}
}

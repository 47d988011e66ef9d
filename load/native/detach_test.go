package native

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestDetachable(t *testing.T) {
	t.Parallel()
	parent, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	ctx, _ := detachable(parent)
	if _, ok := ctx.Deadline(); !ok {
		t.Error("the deadline is lost")
	}
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("got %v, want the parent's error", ctx.Err())
	}
	parent, cancel = context.WithCancel(t.Context())
	ctx, detach := detachable(parent)
	detach()
	cancel()
	if ctx.Err() != nil {
		t.Errorf("ended after detach: %v", ctx.Err())
	}
}

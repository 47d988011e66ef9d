package load

import (
	"context"
	"time"
)

// heeding is a context that ends with its parent, as long as it heeds it.
type heeding struct {
	context.Context // without the parent's end
	parent          context.Context
}

// heedUntil derives a context that no longer ends when its parent does, once
// calm was called. clickhouse-go watches a batch's context in a goroutine that
// may notice the end of it after the batch has been sent, and would then close
// the connection under whoever has it from the pool by then.
func heedUntil(parent context.Context) (ctx context.Context, calm func()) {
	inner, end := context.WithCancel(context.WithoutCancel(parent))
	unhook := context.AfterFunc(parent, end)
	return heeding{inner, parent}, func() { unhook() }
}

func (h heeding) Err() error {
	if h.Context.Err() == nil {
		return nil
	}
	return h.parent.Err()
}

func (h heeding) Deadline() (time.Time, bool) { return h.parent.Deadline() }

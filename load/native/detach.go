package native

import (
	"context"
	"time"
)

// detached is a context that ends with its parent until it is detached.
type detached struct {
	context.Context // without the parent's end
	parent          context.Context
}

// detachable derives a context that ends with its parent until detach is called. clickhouse-go watches a batch's context in a goroutine that
// may notice the end of it after the batch has been sent, and would then close
// the connection under whoever has it from the pool by then.
func detachable(parent context.Context) (ctx context.Context, detach func()) {
	inner, end := context.WithCancel(context.WithoutCancel(parent))
	unhook := context.AfterFunc(parent, end)
	return detached{inner, parent}, func() { unhook() }
}

func (d detached) Err() error {
	if d.Context.Err() == nil {
		return nil
	}
	return d.parent.Err()
}

func (d detached) Deadline() (time.Time, bool) { return d.parent.Deadline() }

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

// detachable returns a context that ends with parent until detach is called.
// Detach it after a batch is sent: clickhouse-go watches the batch's context in a
// goroutine that may notice its end late, and then closes a connection that is
// already back in the pool or in use by another caller.
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

package quota

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// Budget bounds the bytes of the answers under way, of all actions and accounts
// of the process. It serves in the order of arrival, large reservations as well
// as small ones. A nil Budget is boundless.
//
// A holder must not acquire again before it has released: two who hold and wait
// for more wait for each other.
type Budget struct {
	total int64
	held  atomic.Int64
	room  *semaphore.Weighted
}

// NewBudget makes a budget of total bytes, at least one.
func NewBudget(total int64) *Budget {
	total = max(total, 1)
	return &Budget{total: total, room: semaphore.NewWeighted(total)}
}

// Acquire reserves bytes, or the whole budget if they are more, and blocks
// until there is room or ctx ends. So even what is larger than the budget is
// asked for, alone.
func (b *Budget) Acquire(ctx context.Context, bytes int64) error {
	if b == nil || bytes <= 0 {
		return nil
	}
	bytes = min(bytes, b.total)
	if b.room.Acquire(ctx, bytes) != nil {
		return context.Cause(ctx)
	}
	b.held.Add(bytes)
	return nil
}

// Release gives back what Acquire was asked for.
func (b *Budget) Release(bytes int64) {
	if b == nil || bytes <= 0 {
		return
	}
	bytes = min(bytes, b.total)
	b.held.Add(-bytes)
	b.room.Release(bytes)
}

// Held is the number of bytes reserved.
func (b *Budget) Held() int64 {
	if b == nil {
		return 0
	}
	return b.held.Load()
}

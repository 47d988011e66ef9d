package quota

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// Budget bounds the bytes of the answers under way, over all actions and accounts of the
// process. It serves reservations in the order of arrival, large ones as well as small
// ones. A nil Budget has no bound.
//
// A caller that has bytes must release them before it acquires more. Otherwise two callers
// can wait for each other.
type Budget struct {
	total int64
	held  atomic.Int64
	room  *semaphore.Weighted
}

// NewBudget returns a budget of total bytes, at least one.
func NewBudget(total int64) *Budget {
	total = max(total, 1)
	return &Budget{total: total, room: semaphore.NewWeighted(total)}
}

// Acquire reserves bytes, or the whole budget if they exceed it, and blocks until there is
// room or ctx ends. So an answer larger than the budget is asked for alone.
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

// Release returns the bytes that Acquire reserved.
func (b *Budget) Release(bytes int64) {
	if b == nil || bytes <= 0 {
		return
	}
	bytes = min(bytes, b.total)
	b.held.Add(-bytes)
	b.room.Release(bytes)
}

// Held returns the number of reserved bytes.
func (b *Budget) Held() int64 {
	if b == nil {
		return 0
	}
	return b.held.Load()
}

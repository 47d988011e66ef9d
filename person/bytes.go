package person

import (
	"context"
	"time"

	"github.com/callvault/callvault/load/upkeep"
)

// looks is how often to look whether ClickHouse has removed old parts.
const looks = time.Second

// bytes writes the parts with deleted rows anew. If asked to, it waits until ClickHouse has
// removed the old ones: by default that takes eight minutes.
func (e *Erasure) bytes(ctx context.Context) error {
	if err := upkeep.ApplyMasks(ctx, e.Store, e.Wait); err != nil || !e.Wait {
		return err
	}
	old, err := upkeep.OldParts(ctx, e.Store, nil)
	for err == nil && len(old) > 0 {
		select {
		case <-time.After(looks):
			old, err = upkeep.OldParts(ctx, e.Store, old)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return err
}

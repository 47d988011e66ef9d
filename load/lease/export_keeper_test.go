//go:build keeper

package lease

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// TakeInKeeper makes a claim for one minute, in Keeper only.
func TakeInKeeper(ctx context.Context, conn driver.Conn, name, id string) error {
	k, err := newKeeper(ctx, conn)
	if err != nil {
		return err
	}
	return k.take(ctx, claim{name: name, id: id, holder: id, ttl: time.Minute})
}

package lease

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Tables of claims.
const (
	Table  = "lease"
	Keeper = "lease_keeper" // only where the server can keep a table in Keeper
)

// claim is one attempt to hold a lease. Its id is never used again.
type claim struct {
	name, id, holder string
	ttl              time.Duration
	at               *atomic.Int64 // of the table's latest renewal, by the server's clock, in microseconds since 1970
}

// ms is ttl in milliseconds, the unit of the tables.
func (c claim) ms() uint32 { return uint32(c.ttl.Milliseconds()) }

// place keeps claims. All methods are safe to repeat after any error.
type place interface {
	// take makes the claim. It returns a *HeldError if another claim is live.
	take(context.Context, claim) error
	// renew extends a claim to ttl from now, by the server's clock.
	renew(context.Context, claim) error
	// others returns a *HeldError if another claim on the name is live.
	others(context.Context, claim) error
	// end ends the claim.
	end(context.Context, claim) error
	// guard is an SQL condition that is true while the claim is live.
	guard(claim) string
}

// placesOf lists the places of the database, in the order in which to claim.
func placesOf(ctx context.Context, conn driver.Conn) ([]place, error) {
	all := []place{table{conn}}
	var there uint8 // a user without the right to see the table gets an error, not 0
	if err := conn.QueryRow(ctx, "EXISTS TABLE "+Keeper).Scan(&there); err != nil {
		return nil, fmt.Errorf("look for the table %s: %w", Keeper, err)
	}
	if there == 0 {
		return all, nil
	}
	k, err := newKeeper(ctx, conn)
	return append(all, k), err
}

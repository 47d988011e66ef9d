package lease

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Tables that claims are kept in.
const (
	Table  = "lease"
	Keeper = "lease_keeper" // only where the server can keep a table in Keeper
)

// claim is one attempt to hold a lease; id is never used again.
type claim struct {
	name, id, holder string
	ttl              time.Duration
}

// ms is ttl in milliseconds, as tables have it.
func (c claim) ms() uint32 { return uint32(c.ttl.Milliseconds()) }

// place keeps claims. What a method does may be done again, whatever came of it.
type place interface {
	// take makes the claim; the error is a *HeldError if somebody else's is live.
	take(context.Context, claim) error
	// renew lets a claim that is kept live for ttl from now, by the server's clock.
	renew(context.Context, claim) error
	// others is a *HeldError if somebody else's claim on the name is live.
	others(context.Context, claim) error
	// end makes room for the next one.
	end(context.Context, claim) error
	// guard is an SQL condition that holds as long as the claim lives.
	guard(claim) string
}

// placesOf are the places of the database in the order in which a claim is made.
func placesOf(ctx context.Context, conn driver.Conn) ([]place, error) {
	all := []place{table{conn}}
	var there uint8 // an error, not 0, if the user may not know
	if err := conn.QueryRow(ctx, "EXISTS TABLE "+Keeper).Scan(&there); err != nil {
		return nil, fmt.Errorf("look for the table %s: %w", Keeper, err)
	}
	if there == 0 {
		return all, nil
	}
	k, err := newKeeper(ctx, conn)
	return append(all, k), err
}

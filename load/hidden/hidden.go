// Package hidden says which loads count. The table hidden_loads has the steps of each
// load; the greatest one counts, and a load that the table does not mention is visible.
// A step may be inserted again, and steps may arrive in any order.
package hidden

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/retry"
)

// Steps of a load, the least first.
const (
	Opened    = "opened"    // hidden: rows may be coming in, or wait for the rest of their unit
	Committed = "committed" // visible
	Replaced  = "replaced"  // hidden: its unit was committed again
	Abandoned = "abandoned" // hidden for good: it was never committed and never will be
)

// ErrOvertaken is returned when another process has purged the loads that were to become
// visible or hidden: it took this process for dead. The ledger does not change.
const ErrOvertaken = retry.Final("another process has purged the loads being written")

// Chunk is how many load ids one statement lists: its text is limited to 256 KiB.
const Chunk = 4000

// Insert inserts one step of some loads in one block. A block without a partition
// key is one part, which a reader sees whole or not at all.
func Insert(ctx context.Context, conn driver.Conn, ids []uint64, step string) error {
	return native.Insert(ctx, conn, catalogue.HiddenLoads, "load_id, step", func(in *native.Columns) {
		in.Add(ids)
		in.Add(slices.Repeat([]string{step}, len(ids)))
	})
}

// Change is a change of several loads in one step.
type Change struct {
	Shown     []uint64 // become visible
	Replaced  []uint64 // were visible and are no longer
	Abandoned []uint64 // were never visible and never will be
}

// Empty reports whether nothing changes.
func (c *Change) Empty() bool { return len(c.Shown)+len(c.Replaced)+len(c.Abandoned) == 0 }

// Guard gives an SQL condition that must hold at the server, such as that a lease is held:
// nil for none. It may be another one each time.
type Guard func() string

func (g Guard) condition() string {
	if g == nil {
		return "1"
	}
	return g()
}

// Apply makes the change in one block, if guard holds then. It may be repeated.
func (c *Change) Apply(ctx context.Context, conn driver.Conn, guard Guard) error {
	if c.Empty() {
		return nil
	}
	var ids, steps strings.Builder
	for _, of := range []struct {
		ids  []uint64
		step string
	}{{c.Shown, Committed}, {c.Replaced, Replaced}, {c.Abandoned, Abandoned}} {
		for _, id := range of.ids {
			if ids.Len() > 0 {
				ids.WriteByte(',')
				steps.WriteByte(',')
			}
			ids.WriteString(strconv.FormatUint(id, 10))
			steps.WriteString("'" + of.step + "'")
		}
	}
	q := "INSERT INTO " + catalogue.HiddenLoads + " (load_id, step) SELECT pair.1, pair.2 FROM (SELECT arrayJoin(arrayZip([" +
		ids.String() + "]::Array(UInt64), [" + steps.String() + "])) AS pair) WHERE " + guard.condition()
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"max_query_size": len(q) + 1<<10, "max_threads": 1, // one thread makes one block
	}))
	if err := conn.Exec(ctx, q); err != nil {
		return fmt.Errorf("change loads: %w", err)
	}
	return nil
}

// StepsOf finds the greatest step of each load. Loads that hidden_loads does not mention are
// not in the result. The cost depends only on the number of ids, not on the size of the
// table.
func StepsOf(ctx context.Context, conn driver.Conn, ids []uint64) (map[uint64]string, error) {
	steps := make(map[uint64]string, len(ids))
	for some := range slices.Chunk(ids, Chunk) {
		var id uint64
		var step string
		q := "SELECT load_id, toString(max(step)) FROM " + catalogue.HiddenLoads + " WHERE load_id IN " + sqltext.IDs(some) + " GROUP BY load_id"
		if err := native.Read(ctx, conn, "hidden loads", q, nil, func() { steps[id] = step }, &id, &step); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

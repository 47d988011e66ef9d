package aggregate

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"
)

// Rows are summaries of calls, as rows of call_users_data, peer_quality_data and
// calls_data.
type Rows struct {
	users []userSummary
	pairs []pairSummary
	calls []callSummary
	size  int
}

// Count adds to sent how many rows Insert inserts, by table.
func (s *Rows) Count(sent map[string]int) {
	sent["call_users_data"] += len(s.users)
	sent["peer_quality_data"] += len(s.pairs)
	sent["calls_data"] += len(s.calls)
}

// Size is the memory of the rows, counted in rows of up to 4 KB.
func (s *Rows) Size() int { return s.size }

// rowMinutes is the number of minutes that take as much memory as a row without
// minutes: up to 4 KB.
const rowMinutes = 25

// grow counts a row with that many minutes.
func (s *Rows) grow(minutes int) { s.size += 1 + minutes/rowMinutes }

// Add adds the rows of x, which keeps them, too.
func (s *Rows) Add(x *Rows) {
	s.users, s.pairs, s.calls = append(s.users, x.users...), append(s.pairs, x.pairs...), append(s.calls, x.calls...)
	s.size += x.size
}

// Clear drops the rows.
func (s *Rows) Clear() {
	clear(s.users)
	clear(s.pairs)
	clear(s.calls)
	s.users, s.pairs, s.calls, s.size = s.users[:0], s.pairs[:0], s.calls[:0], 0
}

// Insert inserts the rows of all three tables at once. ClickHouse judges them by the limits
// that Limits returns.
func (s *Rows) Insert(ctx context.Context, conn driver.Conn, limits string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return insertSome(ctx, conn, s.users, limits, insertUsers) })
	g.Go(func() error { return insertSome(ctx, conn, s.pairs, limits, insertPairs) })
	g.Go(func() error { return insertSome(ctx, conn, s.calls, limits, insertCalls) })
	return g.Wait()
}

func insertSome[R any](ctx context.Context, conn driver.Conn, rows []R, limits string, insert func(context.Context, driver.Conn, []R, string) error) error {
	if len(rows) == 0 {
		return nil
	}
	return insert(ctx, conn, rows, limits)
}

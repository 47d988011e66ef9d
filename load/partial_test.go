package load

import (
	"context"
	"fmt"

	"github.com/callvault/callvault/load/store"
)

// lookForPartial reads all calls in one SELECT of one view. It returns an error if a call is
// there in part or twice, or if there are fewer calls than before.
func lookForPartial(s *store.Store, seen int) (calls int, err error) {
	const q = `
		SELECT comm_id, count(), uniqExact(user_id, peer_id, metric, ts), CAST(uniqExact(intDiv(toUInt64(value), 1000)) AS UInt64), max(intDiv(toUInt64(value), 1000))
		FROM quality_samples GROUP BY comm_id`
	rows, err := s.Conn().Query(context.Background(), q)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for ; rows.Next(); calls++ {
		var comm string
		var n, distinct, generations, generation uint64
		if err := rows.Scan(&comm, &n, &distinct, &generations, &generation); err != nil {
			return 0, err
		}
		want := fixtureUsers * fixtureSeries * (20 + generation)
		if n != want || distinct != n || generations != 1 {
			return 0, fmt.Errorf("read %s: %d rows, %d distinct, of %d generations; want %d", comm, n, distinct, generations, want)
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if calls < seen {
		return 0, fmt.Errorf("read calls: %d, after %d", calls, seen)
	}
	return calls, nil
}

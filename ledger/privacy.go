package ledger

import "context"

// Privacy counts the calls that are visible, by what their rows have of persons
// (Entry.Privacy).
func (l Ledger) Privacy(ctx context.Context) (map[string]uint64, error) {
	const q = "SELECT privacy, count() FROM ledger_units FINAL WHERE kind = 'call' AND state IN ('provisional', 'archived', 'empty', 'lost') GROUP BY privacy"
	calls := map[string]uint64{}
	var privacy string
	var n uint64
	err := l.read(ctx, q, nil, func() { calls[privacy] = n }, &privacy, &n)
	return calls, err
}

package load

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
)

// HideStrays hides what is visible of the units in loads that the ledger does
// not know, such as rows that somebody inserted by hand, and returns how many
// loads that were. They go with the next Purge. The caller holds the archive
// lease, has just archived the units, and has no Writer open; guard is that of
// the WriterOptions.
func (s *Store) HideStrays(ctx context.Context, guard string, units []call.Unit) (int, error) {
	ids := map[uint64]bool{}
	for _, u := range units {
		for _, table := range catalogue.Loaded() {
			if table.Unit != string(u.Kind) {
				continue
			}
			if err := s.strays(ctx, table, u, ids); err != nil {
				return 0, fmt.Errorf("look for strays in %s: %w", table.Name, err)
			}
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	var c change
	for id := range ids {
		c.replaced = append(c.replaced, id)
	}
	slices.Sort(c.replaced)
	return len(ids), c.apply(ctx, s.conn, cmp.Or(guard, "1"))
}

func (s *Store) strays(ctx context.Context, table catalogue.Table, u call.Unit, ids map[uint64]bool) error {
	q := "SELECT DISTINCT load_id FROM " + table.Name + " WHERE sdk_app_id = ? AND " + table.OfUnit +
		" AND load_id NOT IN (" + catalogue.Hidden + ") AND load_id NOT IN (SELECT load_id FROM ledger_parts)"
	rows, err := s.conn.Query(ctx, q, uint32(u.App), u.Key)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids[id] = true
	}
	return rows.Err()
}

package upkeep

import (
	"context"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/hidden"
)

// HideStrays hides visible rows of the units in loads that the ledger does not know, such as
// rows that somebody has inserted by hand. It returns the number of these loads. The next
// Purge deletes them. The caller holds the archive lease, has just archived the units, and
// has no Writer open. guard is as in Expire.
func HideStrays(ctx context.Context, a Archive, guard string, units []call.Unit) (int, error) {
	var ids []uint64
	for _, u := range units {
		for _, table := range catalogue.Loaded() {
			if table.Unit != string(u.Kind) {
				continue
			}
			q := "SELECT DISTINCT load_id FROM " + table.Name + " WHERE sdk_app_id = ? AND " + table.OfUnit +
				" AND load_id NOT IN (" + catalogue.Hidden + ") AND load_id NOT IN (SELECT load_id FROM ledger_parts)"
			strays, err := loadsOf(ctx, a, "strays in "+table.Name, q, uint32(u.App), u.Key)
			if err != nil {
				return 0, err
			}
			ids = append(ids, strays...)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return len(ids), (&hidden.Change{Replaced: ids}).Apply(ctx, a.StoreConn(), guard)
}

package upkeep

import (
	"context"
	"errors"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/hidden"
)

// unreadLeast is the least time for which responses that could not be read whole are kept.
// It is longer than the vendor keeps any data.
const unreadLeast = 16 * 24 * time.Hour

// ForgetResponses deletes the responses that could not be read whole and are older than
// keep. Those of units that are not final stay. The caller holds the archive lease.
func ForgetResponses(ctx context.Context, a Archive, keep time.Duration) error {
	const old = `
		SELECT response_id FROM raw_responses WHERE reason != '' AND expires_at = toDateTime(?, 'UTC') AND asked_at < toDateTime64(?, 3, 'UTC')
			AND response_id NOT IN (SELECT arrayJoin(responses) FROM ledger_parts WHERE reason != '' AND (sdk_app_id, kind, key) IN
				(SELECT sdk_app_id, kind, key FROM ledger_units FINAL WHERE state IN ('pending', 'provisional', 'failed')))
		LIMIT ?`
	before := time.Now().Add(-max(keep, unreadLeast)).Unix()
	for {
		var ids []uint64
		err := a.Retry(ctx, func(ctx context.Context) error {
			return a.StoreConn().QueryRow(ctx, "SELECT groupArray(response_id) FROM ("+old+")", catalogue.UnreadExpires().Unix(), before, hidden.Chunk).Scan(&ids)
		})
		if err == nil && len(ids) > 0 {
			these := "response_id IN " + sqltext.IDs(ids)
			err = a.Retry(ctx, func(ctx context.Context) error { return mutate(ctx, a, "raw_responses", these) })
			if err == nil {
				err = reached(ctx, a, noRows(these, "raw_responses")...)
			}
		}
		if errors.Is(err, cluster.ErrBehind) {
			return nil // the next pass goes on
		}
		if err != nil || len(ids) < hidden.Chunk {
			return err
		}
	}
}

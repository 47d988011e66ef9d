package ledger

import (
	"context"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Outlook counts the units of one kind and application that are at risk or lost.
type Outlook struct {
	App      call.AppID
	Kind     call.UnitKind
	AtRisk   uint64    // units that are not final: pending, provisional or failed
	Next     time.Time // when the vendor drops the first of these; zero if there are none
	Lost     uint64    // units that are lost, as a whole or in part
	LastLoss time.Time // when the last loss was noted; zero if there was none
}

// Outlook lists the units that are at risk or lost, by application and kind. It leaves out
// lists of calls, because the last list is never final.
func (l Ledger) Outlook(ctx context.Context) (all []Outlook, err error) {
	const q = `
		SELECT sdk_app_id, kind, countIf(open), minIf(deadline, open), countIf(gone), maxIf(updated_at, gone)
		FROM (SELECT sdk_app_id, kind, deadline, updated_at, state IN ('pending', 'provisional', 'failed') AS open,
				state = 'lost' OR NOT open AND notEmpty(failed_parts) AS gone
			FROM ledger_units FINAL WHERE kind != 'list')
		GROUP BY sdk_app_id, kind ORDER BY sdk_app_id, kind`
	var o Outlook
	var app uint32
	var kind string
	each := func() {
		x := o
		x.App, x.Kind, x.Next, x.LastLoss = call.AppID(app), call.UnitKind(kind), orZero(o.Next), orZero(o.LastLoss)
		all = append(all, x)
	}
	err = l.read(ctx, q, nil, each, &app, &kind, &o.AtRisk, &o.Next, &o.Lost, &o.LastLoss)
	return all, err
}

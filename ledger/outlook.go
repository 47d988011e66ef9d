package ledger

import (
	"context"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Outlook is what the ledger has of one kind of unit of an application that is not as it
// should be.
type Outlook struct {
	App      call.AppID
	Kind     call.UnitKind
	AtRisk   uint64    // units that are not final: pending, provisional or failed
	Next     time.Time // when the vendor drops the first of these; zero: there is none
	Lost     uint64    // units that are lost, as a whole or in part
	LastLoss time.Time // when the last loss was noted; zero: there was none
}

// Outlook lists what is at risk and what was lost, by application and kind. It leaves out
// lists of calls: the last one is never final.
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

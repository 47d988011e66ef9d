package load

import (
	"context"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/native"
)

// Again adds the visible rows of a unit once more, part by part, and ends the unit with e, its
// entry in the ledger. Like all rows, they come without what was erased. Settled parts that
// wait for a commit are given up: the next pass asks for them again. A unit without visible
// rows stays as it is.
func (w *Writer) Again(ctx context.Context, e ledger.Entry) error {
	var parts []ledger.Part
	err := w.Retry(ctx, func(ctx context.Context) (err error) {
		parts, err = w.ledger.Parts(ctx, e.Unit)
		return err
	})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(parts, func(p ledger.Part) bool { return p.Visible }) {
		return nil
	}
	if e.State == ledger.Failed || e.State == ledger.Pending { // what it had shown before is to stay visible
		e.State = ledger.Provisional
	}
	a := again{w: w, entry: e, begun: map[uint64]map[call.PartKind]bool{}}
	if err := a.readSessions(ctx, parts); err != nil {
		return err
	}
	for _, p := range parts {
		if !p.Visible {
			continue
		}
		rows, err := a.rows(ctx, p)
		if err == nil {
			err = w.Add(ctx, e.Unit, p.Part, rows)
		}
		if err != nil {
			return err
		}
	}
	return w.End(ctx, e)
}

// again is a unit that is added once more.
type again struct {
	w        *Writer
	entry    ledger.Entry
	sessions map[string][]call.Session         // of each user
	begun    map[uint64]map[call.PartKind]bool // kinds whose rows a load has given to a part; series and events know theirs
}

// readSessions reads the visible sessions of a call.
func (a *again) readSessions(ctx context.Context, parts []ledger.Part) error {
	var loads []uint64
	for _, p := range parts {
		if p.Visible && p.Kind == call.PartUsers && p.Rows > 0 {
			loads = append(loads, p.Load)
		}
	}
	a.sessions = map[string][]call.Session{}
	if len(loads) == 0 {
		return nil
	}
	return a.w.Retry(ctx, func(ctx context.Context) error {
		all, err := a.w.sessionsOf(ctx, a.entry.Unit, loads)
		clear(a.sessions)
		for _, s := range all {
			a.sessions[s.UserID] = append(a.sessions[s.UserID], s)
		}
		return err
	})
}

// rows reads the rows of a part.
func (a *again) rows(ctx context.Context, p ledger.Part) (rows call.Rows, err error) {
	u, loads := a.entry.Unit, []uint64{p.Load}
	common := call.Rows{RoomID: p.RoomID, SessionsOf: a.sessions}
	if u.Kind == call.UnitCall {
		common.CreatedAt = a.entry.StartsAt
	}
	if a.taken(p) {
		return common, nil
	}
	err = a.w.Retry(ctx, func(ctx context.Context) (err error) {
		rows = common
		switch p.Kind {
		case call.PartRoom:
			rows.Room, err = a.w.roomOf(ctx, u, loads)
		case call.PartUsers:
			rows.Sessions, err = a.w.sessionsOf(ctx, u, loads)
		case call.PartSeries:
			rows.Samples, err = a.samples(ctx, p)
		case call.PartEvents:
			rows.Events, err = a.w.eventsOf(ctx, u, loads, p.Owned)
		case call.PartUnusual:
			rows.Unusual, err = a.w.unusualOf(ctx, u, loads)
		case call.PartStatistics:
			rows.Statistics, err = a.w.statisticsOf(ctx, u, loads)
		}
		return err
	})
	return rows, err
}

// taken reports whether another part has the rows of the load already, and notes that this
// one has them.
func (a *again) taken(p ledger.Part) bool {
	if p.Kind == call.PartSeries || p.Kind == call.PartEvents {
		return false
	}
	kinds := a.begun[p.Load]
	if kinds == nil {
		kinds = map[call.PartKind]bool{}
		a.begun[p.Load] = kinds
	}
	defer func() { kinds[p.Kind] = true }()
	return kinds[p.Kind]
}

// samples reads the samples of a part in one query: those of the seconds that it owns.
func (a *again) samples(ctx context.Context, p ledger.Part) (*call.Samples, error) {
	q := `
		SELECT user_id, peer_id, metric, toUnixTimestamp(ts), value FROM quality_samples_data
		WHERE sdk_app_id = ?` + a.w.archive.Cluster().Here() + ` AND comm_id = ? AND load_id = ? AND user_id IN (?)
		ORDER BY user_id, peer_id, metric, ts`
	all := a.w.Samples(int(p.Rows))
	all.Nulls = int(p.Nulls)
	if p.Rows == 0 {
		return all, nil
	}
	owned := map[string]call.Owned{}
	for _, o := range p.Owned {
		owned[o.User] = o
	}
	users := native.Each(p.Owned, func(o *call.Owned) string { return o.User })
	var run call.Series
	var at uint32
	var value float64
	each := func() {
		if o := owned[run.UserID]; o.From <= at && at <= o.To {
			all.Append(run, at, value)
		}
	}
	u := a.entry.Unit
	err := native.Read(ctx, a.w.conn, "samples of "+u.Key, q, []any{uint32(u.App), u.Key, p.Load, users}, each, &run.UserID, &run.PeerID, &run.Metric, &at, &value)
	return all, err
}

package verify

import (
	"context"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/visible"
)

// Lack is a unit that the ledger says is not whole. Its missing parts are set aside, and a
// later pass asks for them again.
type Lack struct {
	App     call.AppID    `json:"sdk_app_id"`
	Kind    call.UnitKind `json:"kind"`    // call, list (of the calls of a day), unusual, scale, usage, room_usage, market or realtime
	Key     string        `json:"key"`     // CommID, day, start of the hour or day, or statement and day
	Missing []string      `json:"missing"` // kinds of parts: room, list, users, series, events, unusual, scale, statistics
	Reason  string        `json:"reason"`
	Waits   bool          `json:"waits"` // whether it lacks only data that the vendor answers null for
}

// Lacking returns the units in the window that lack something according to the ledger. It
// sends no request to the vendor. Call Look first.
func (c *Check) Lacking(ctx context.Context) (all []Lack, err error) {
	p := c.Pass()
	within := func(e ledger.Row) bool { return true }
	if p.RoomID != "" || !p.From.IsZero() || !p.To.IsZero() {
		if within, err = c.alive(ctx, p.RoomID, p.From, p.To); err != nil {
			return nil, err
		}
	}
	f := ledger.Filter{App: c.App, States: []ledger.State{ledger.Provisional, ledger.Failed}}
	err = ledger.Of(c.Store).Rows(ctx, f, func(e ledger.Row) {
		if (e.Lacks() || e.Unit.Kind == call.UnitList && e.State == ledger.Failed) && within(e) {
			all = append(all, Lack{c.App, e.Unit.Kind, e.Unit.Key, e.Missing(), e.Reason, e.Waits()})
		}
	})
	return all, err
}

// alive reports whether a unit was alive between two moments and, if roomID is set, is a
// call of that room. Zero times do not narrow it.
func (c *Check) alive(ctx context.Context, roomID string, from, to time.Time) (func(ledger.Row) bool, error) {
	if from.IsZero() {
		from = time.Unix(0, 0)
	}
	if to.IsZero() {
		to = c.until
	}
	rooms, err := visible.CallsAlive(ctx, c.Store, c.App, roomID, from, to)
	if err != nil {
		return nil, err
	}
	calls := map[string]bool{}
	for _, r := range append(rooms, c.rooms...) {
		calls[r.CommID] = true
	}
	length := map[call.UnitKind]time.Duration{call.UnitList: dayLength, call.UnitScale: dayLength, call.UnitUnusual: time.Hour, call.UnitUsage: dayLength, call.UnitRoomUsage: dayLength, call.UnitMarket: dayLength, call.UnitRealtime: time.Hour}
	return func(e ledger.Row) bool {
		if e.Unit.Kind == call.UnitCall {
			return calls[e.Unit.Key]
		}
		return roomID == "" && e.StartsAt.Before(to) && e.StartsAt.Add(length[e.Unit.Kind]).After(from)
	}, nil
}

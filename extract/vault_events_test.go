package extract_test

import (
	"cmp"
	"context"
	"slices"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// Fewer returns archived calls of which fewer users' events were asked for.
func (w *writer) Fewer(_ context.Context, q extract.FewerEvents) (calls []extract.Archived, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	order := func(x, y ledger.Entry) int {
		return cmp.Or(x.StartsAt.Compare(y.StartsAt), cmp.Compare(x.Unit.Key, y.Unit.Key))
	}
	for u, e := range w.ledger {
		room := w.roomOf(u)
		switch {
		case u.App != q.App, u.Kind != call.UnitCall, e.State != ledger.Archived, !e.EventsOf.Less(q.Than), e.Privacy != q.Privacy,
			e.Deadline.Before(q.Now), q.After != nil && order(e, *q.After) <= 0, room == nil:
			continue
		}
		calls = append(calls, extract.Archived{Row: ledger.Row{Entry: e}, Room: *room})
	}
	slices.SortFunc(calls, func(x, y extract.Archived) int { return order(x.Entry, y.Entry) })
	return calls[:min(len(calls), 3)], nil
}

// roomOf returns the visible room of a call.
func (v *vault) roomOf(u call.Unit) *call.Room {
	for _, b := range v.of(u).visible {
		for _, p := range b.parts {
			if p.rows.Room != nil {
				return p.rows.Room
			}
		}
	}
	return nil
}

// Troubled returns the users who have joined a call twice or had an unusual event in it.
func (w *writer) Troubled(_ context.Context, app call.AppID, calls []call.Room) (map[string][]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[string][]string{}
	for _, r := range calls {
		sessions := map[string]int{}
		for _, b := range w.of(call.Unit{App: app, Kind: call.UnitCall, Key: r.CommID}).visible {
			for _, p := range b.parts {
				for _, s := range p.rows.Sessions {
					sessions[s.UserID]++
				}
			}
		}
		for u := range w.vault.units {
			if u.Kind != call.UnitUnusual || u.App != app {
				continue
			}
			for _, b := range w.of(u).visible {
				for _, p := range b.parts {
					for _, e := range p.rows.Unusual {
						if e.RoomID == r.RoomID && !e.Time.Before(r.CreatedAt) && !e.Time.After(r.DestroyedAt) && sessions[e.UserID] > 0 {
							sessions[e.UserID]++
						}
					}
				}
			}
		}
		for user, n := range sessions {
			if n > 1 {
				found[r.CommID] = append(found[r.CommID], user)
			}
		}
		slices.Sort(found[r.CommID])
	}
	return found, nil
}

// Correct writes entries of units whose rows do not change.
func (w *writer) Correct(_ context.Context, rows []ledger.Row) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range rows {
		w.ledger[e.Unit] = e.Entry
	}
	return nil
}

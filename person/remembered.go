package person

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/native"
)

// EraseRemembered erases once more what the archive remembers as erased and has rows of, as an
// archive has that was restored from an older backup. Only Store, Guard, RunID, Wait and Step
// of e count.
func EraseRemembered(ctx context.Context, e Erasure) (done Done, err error) {
	gone, err := e.gone(ctx)
	if err != nil {
		return done, err
	}
	all, err := rememberedIn(ctx, e.Store, gone)
	for _, w := range all {
		if err == nil {
			again := Erasure{Who: w, Store: e.Store, Guard: e.Guard, RunID: e.RunID, Wait: e.Wait, Step: e.Step}
			err = again.Do(ctx)
			done.add(again.Done)
		}
	}
	return done, err
}

func (d *Done) add(o Done) {
	d.Calls, d.Hours, d.Days, d.Waiting, d.Strays = d.Calls+o.Calls, d.Hours+o.Hours, d.Days+o.Days, d.Waiting+o.Waiting, d.Strays+o.Strays
	d.Entries, d.Answers, d.Rewritten = d.Entries+o.Entries, d.Answers+o.Answers, d.Rewritten+o.Rewritten
}

// idsAtOnce is how many ids one erasure has.
const idsAtOnce = 100

// rememberedIn lists who was erased and is in the archive nevertheless.
func rememberedIn(ctx context.Context, a Archive, gone *erased.Set) (all []Who, err error) {
	type of struct {
		app    call.AppID
		kind   erased.Kind
		before time.Time
	}
	ids := map[of][]string{}
	var order []of
	var app uint32
	var kind, id string
	each := func() {
		till := gone.Until(call.AppID(app), erased.Kind(kind), id)
		if till.IsZero() {
			return
		}
		if till.Equal(erased.Always()) {
			till = time.Time{}
		}
		x := of{call.AppID(app), erased.Kind(kind), till}
		if ids[x] == nil {
			order = append(order, x)
		}
		ids[x] = append(ids[x], id)
	}
	err = a.Retry(ctx, func(ctx context.Context) error {
		clear(ids)
		order = nil
		return native.Read(ctx, a.StoreConn(), "ids", everyID(), nil, each, &app, &kind, &id)
	})
	for _, x := range order {
		for some := range slices.Chunk(ids[x], idsAtOnce) {
			w := Who{Apps: []call.AppID{x.app}, Before: x.before}
			if x.kind == erased.Room {
				w.Rooms = some
			} else {
				w.Users = some
			}
			all = append(all, w)
		}
	}
	return all, err
}

// everyID selects the ids of all users and rooms.
func everyID() string {
	var texts []string
	for _, t := range append(slices.Clone(callTables), unusualTable) {
		for _, column := range t.users {
			texts = append(texts, "SELECT sdk_app_id, 'user' AS kind, toString("+column+") AS id FROM "+t.name+" GROUP BY ALL")
		}
		texts = append(texts, "SELECT sdk_app_id, 'room' AS kind, toString(room_id) AS id FROM "+t.name+" GROUP BY ALL")
	}
	texts = append(texts, "SELECT sdk_app_id, 'user' AS kind, arrayJoin(users) AS id FROM ledger_parts GROUP BY ALL")
	return "SELECT DISTINCT sdk_app_id, kind, id FROM (" + strings.Join(texts, " UNION ALL ") + ") WHERE id != '' ORDER BY ALL"
}

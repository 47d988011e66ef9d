package person

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/native"
)

// table is a table of the store in which calls name users. Streams stand for samples: each
// sample is in one. So no query of all calls reads the samples.
type table struct {
	name  string
	users []string
	call  string // the column of the call
}

var callTables = []table{
	{"rooms_data", []string{"creator_user_id"}, "comm_id"},
	{"user_sessions_data", []string{"user_id"}, "comm_id"},
	{"quality_streams_data", []string{"user_id", "peer_id"}, "comm_id"},
	{"user_events_data", []string{"user_id", "peer_id"}, "comm_id"},
	{"call_users_data", []string{"user_id"}, "comm_id"},
	{"peer_quality_data", []string{"user_id", "peer_id"}, "comm_id"},
	{"calls_data", []string{"creator_user_id"}, "comm_id"},
}

// unusualTable is where hours name users.
var unusualTable = table{"unusual_events_data", []string{"user_id", "peer_id"}, "room_id"}

// usageTable is where days of usage name rooms.
var usageTable = table{"usage_rooms_data", nil, "room_id"}

// others are the tables of units that are no calls.
func (w Who) others() []table {
	if len(w.Rooms) == 0 {
		return []table{unusualTable}
	}
	return []table{unusualTable, usageTable}
}

// parts is the condition that a part in the ledger names the person.
func (w Who) parts() condition {
	var all []condition
	if len(w.Users) > 0 {
		all = append(all,
			condition{"hasAny(users, ?)", []any{w.Users}}, condition{"part_key IN (?)", []any{w.Users}},
			condition{"substring(part_key, position(part_key, ' ') + 1) IN (?)", []any{w.Users}},
			condition{"arrayExists(id -> has(splitByChar(' ', replaceRegexpAll(reason, '[:,;.]+( |$)', ' ')), id), ?)", []any{w.Users}})
	}
	if len(w.Rooms) > 0 {
		all = append(all, condition{"room_id IN (?)", []any{w.Rooms}})
	}
	return allOf(w.inApps(), anyOf(all...))
}

// units returns the units that name the person, in any load: after an erasure that did not
// come to its end, hidden loads tell what it began.
func (w Who) units(ctx context.Context, a Archive) (all []call.Unit, err error) {
	var texts []string
	var args []any
	add := func(columns, from string, c condition) {
		texts, args = append(texts, "SELECT DISTINCT "+columns+" FROM "+from+" WHERE "+c.text), append(args, c.args...)
	}
	for _, t := range callTables {
		add("sdk_app_id, 'call' AS kind, toString("+t.call+") AS key", t.name, w.named(t.users, "room_id"))
	}
	add("sdk_app_id, 'unusual' AS kind, formatDateTime(toStartOfHour(ts), '%Y-%m-%dT%H:00:00Z') AS key", unusualTable.name, w.named(unusualTable.users, "room_id"))
	if len(w.Rooms) > 0 {
		add("sdk_app_id, 'room_usage' AS kind, concat('rooms ', toString(day)) AS key", usageTable.name, w.named(nil, "room_id"))
	}
	add("sdk_app_id, toString(kind) AS kind, key", "ledger_parts", w.parts())
	var app uint32
	u := call.Unit{}
	var kind string
	q := "SELECT DISTINCT sdk_app_id, kind, key FROM (" + strings.Join(texts, " UNION ALL ") + ") ORDER BY ALL"
	each := func() {
		u.App, u.Kind = call.AppID(app), call.UnitKind(kind)
		all = append(all, u)
	}
	err = a.Retry(ctx, func(ctx context.Context) error {
		all = nil
		return native.Read(ctx, a.StoreConn(), "who is where", q, args, each, &app, &kind, &u.Key)
	})
	return all, err
}

// waiting selects the loads that may still become visible.
const waiting = "IN (" + catalogue.Opened + ")"

// unitsAtOnce bounds the text of a query.
const unitsAtOnce = 1000

// entries returns what the ledger says of units, those that began in time.
func (w Who) entries(ctx context.Context, a Archive, units []call.Unit) (all []ledger.Row, err error) {
	known := ledger.Of(a)
	for of, some := range byKind(units) {
		f := ledger.Filter{App: of.App, Kind: of.Kind, Keys: some}
		var rows []ledger.Row
		err := a.Retry(ctx, func(ctx context.Context) error {
			rows = nil
			return known.Rows(ctx, f, func(r ledger.Row) { rows = append(rows, r) })
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if w.Before.IsZero() || r.StartsAt.Before(w.Before) {
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// byKind yields the keys of units of one application and kind, some at a time.
func byKind(units []call.Unit) func(yield func(call.Unit, []string) bool) {
	return func(yield func(call.Unit, []string) bool) {
		for len(units) > 0 {
			of, n := call.Unit{App: units[0].App, Kind: units[0].Kind}, 0
			var keys []string
			for n < len(units) && n < unitsAtOnce && units[n].App == of.App && units[n].Kind == of.Kind {
				keys, n = append(keys, units[n].Key), n+1
			}
			if units = units[n:]; !yield(of, keys) {
				return
			}
		}
	}
}

// waitingLoads returns the waiting loads that name the person.
func (w Who) waitingLoads(ctx context.Context, a Archive) (ids []uint64, err error) {
	var texts []string
	var args []any
	add := func(from string, c condition) {
		texts, args = append(texts, "SELECT load_id FROM "+from+" WHERE "+c.text+" AND load_id "+waiting), append(args, c.args...)
	}
	for _, t := range append(slices.Clone(callTables), w.others()...) {
		add(t.name, w.named(t.users, "room_id"))
	}
	add("ledger_parts", w.parts())
	var id uint64
	err = a.Retry(ctx, func(ctx context.Context) error {
		ids = nil
		return native.Read(ctx, a.StoreConn(), "waiting loads", "SELECT DISTINCT load_id FROM ("+strings.Join(texts, " UNION ALL ")+") ORDER BY load_id", args, func() { ids = append(ids, id) }, &id)
	})
	if err != nil {
		return nil, fmt.Errorf("look for loads that wait: %w", err)
	}
	return ids, nil
}

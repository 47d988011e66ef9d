package person

import (
	"context"
	"slices"
	"strings"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/upkeep"
)

func read(ctx context.Context, conn native.Querier, query string, args []any, each func(), into ...any) error {
	return native.Read(ctx, conn, "what is to be erased", query, args, each, into...)
}

// texts takes ids out of the entries of the ledger, and removes the entries of calls whose
// room was erased. Older rows of these entries go as well: a merge would only come some day.
func (e *Erasure) texts(ctx context.Context) error {
	if err := e.forgetRooms(ctx); err != nil {
		return err
	}
	gone, err := e.gone(ctx)
	if err != nil {
		return err
	}
	units, err := e.mentioned(ctx, e.Store, gone)
	if err != nil || len(units) == 0 {
		return err
	}
	e.Done.Entries = len(units)
	w := load.NewWriter(e.Store, e.RunID, load.WriterOptions{Guard: e.Guard})
	known := ledger.Of(e.Store)
	for of, keys := range byKind(units) {
		var rows []ledger.Row
		err := e.Store.Retry(ctx, func(ctx context.Context) error {
			rows = nil
			return known.Rows(ctx, ledger.Filter{App: of.App, Kind: of.Kind, Keys: keys}, func(r ledger.Row) { rows = append(rows, r) })
		})
		if err == nil {
			err = w.Correct(ctx, rows)
		}
		if err == nil {
			err = e.deleteOlder(ctx, of, keys)
		}
		if err != nil {
			return err
		}
	}
	return w.Close(ctx)
}

// inTexts is the condition that a text of an entry may name a user.
func (w Who) inTexts() condition {
	return condition{"arrayExists(x -> multiSearchAny(x, ?), arrayConcat(failed_keys, failed_reasons, [reason]))", []any{w.Users}}
}

// mentioned lists the units of which some row of the ledger names a user.
func (w Who) mentioned(ctx context.Context, a Archive, gone *erased.Set) (all []call.Unit, err error) {
	if len(w.Users) == 0 {
		return nil, nil
	}
	c := allOf(w.inApps(), w.inTexts())
	var app uint32
	var u call.Unit
	var kind string
	// a text may have the id as a part of another word
	names := func(keys, texts []string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return gone.Text(u.App, t) != t }) ||
			slices.ContainsFunc(keys, func(k string) bool {
				_, user, _ := strings.Cut(k, " ")
				return slices.Contains(w.Users, k) || slices.Contains(w.Users, user)
			})
	}
	var keys, texts []string
	each := func() {
		if u.App, u.Kind = call.AppID(app), call.UnitKind(kind); names(keys, texts) && (len(all) == 0 || all[len(all)-1] != u) {
			all = append(all, u)
		}
	}
	q := "SELECT sdk_app_id, toString(kind), key, failed_keys, arrayPushBack(failed_reasons, reason) FROM ledger_units WHERE " + c.text + " ORDER BY sdk_app_id, kind, key"
	err = a.Retry(ctx, func(ctx context.Context) error {
		all = nil
		return read(ctx, a.StoreConn(), q, c.args, each, &app, &kind, &u.Key, &keys, &texts)
	})
	return all, err
}

// deleteOlder deletes all rows of entries but the newest.
func (e *Erasure) deleteOlder(ctx context.Context, of call.Unit, keys []string) error {
	quoted := make([]string, len(keys))
	for i, k := range keys {
		quoted[i] = sqltext.Literal(k)
	}
	these := "sdk_app_id = " + number(uint64(of.App)) + " AND kind = " + sqltext.Literal(string(of.Kind)) + " AND key IN (" + strings.Join(quoted, ", ") + ")"
	return upkeep.Rewrite(ctx, e.Store, "ledger_units", these+" AND (key, updated_at) NOT IN (SELECT key, max(updated_at) FROM ledger_units WHERE "+these+" GROUP BY key)")
}

// forgetRooms deletes the entries of calls that were removed with their room. Older rows of an
// entry go before the mark.
func (e *Erasure) forgetRooms(ctx context.Context) error {
	if len(e.Rooms) == 0 {
		return nil
	}
	const mark = "kind = 'call' AND state = 'expired' AND reason = '" + removed + "'"
	err := upkeep.Rewrite(ctx, e.Store, "ledger_units", "(sdk_app_id, kind, key) IN (SELECT sdk_app_id, kind, key FROM ledger_units WHERE "+mark+") AND NOT ("+mark+")")
	if err != nil {
		return err
	}
	return upkeep.Rewrite(ctx, e.Store, "ledger_units", mark)
}

// strings reads the one column of a query.
func (e *Erasure) strings(ctx context.Context, query string, args []any) (all []string, err error) {
	var x string
	err = e.Store.Retry(ctx, func(ctx context.Context) error {
		all = nil
		return read(ctx, e.Store.StoreConn(), query, args, func() { all = append(all, x) }, &x)
	})
	return all, err
}

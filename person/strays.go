package person

import (
	"context"
	"slices"
	"strings"

	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/upkeep"
)

// strays deletes what is left: rows that somebody has inserted by hand, of which the ledger
// knows nothing. It looks for samples in the calls in which the person has other rows.
func (e *Erasure) strays(ctx context.Context) error {
	var calls []string
	for _, t := range append(slices.Clone(callTables), e.others()...) {
		c := e.named(t.users, "room_id")
		if t.call == "comm_id" {
			found, err := e.strings(ctx, "SELECT DISTINCT toString(comm_id) FROM "+t.name+" WHERE "+c.text+" AND "+e.inTime(t), c.args)
			if err != nil {
				return err
			}
			calls = append(calls, found...)
		}
		if err := e.stray(ctx, t, condition{}); err != nil {
			return err
		}
	}
	slices.Sort(calls)
	for some := range slices.Chunk(slices.Compact(calls), unitsAtOnce) {
		samples := table{name: "quality_samples_data", users: []string{"user_id", "peer_id"}}
		if err := e.stray(ctx, samples, condition{"comm_id IN (?)", []any{some}}); err != nil {
			return err
		}
	}
	return nil
}

// inTime is the condition that the call of a row began in time.
func (e *Erasure) inTime(t table) string {
	before := "toDateTime(" + number(uint64(e.Before.Unix())) + ", 'UTC')"
	switch {
	case e.Before.IsZero():
		return "1"
	case t.name == unusualTable.name:
		return "ts < " + before
	case t.name == usageTable.name:
		return "day < toDate(" + before + ")"
	}
	return "comm_id GLOBAL IN (SELECT comm_id FROM rooms_data WHERE created_at < " + before + ")"
}

// stray deletes the rows of a table that name the person. A list of mutations keeps what was
// deleted for a while, so the statement names loads and hashes, not ids.
func (e *Erasure) stray(ctx context.Context, t table, also condition) error {
	c := allOf(e.named(t.users, "room_id"), also)
	var n uint64
	var loads []uint64
	var calls []string // the calls that began in time
	of := "[]::Array(String)"
	if !e.Before.IsZero() && t.name != unusualTable.name {
		of = "groupUniqArray(toString(comm_id))"
	}
	err := e.Store.Retry(ctx, func(ctx context.Context) error {
		q := "SELECT count(), groupUniqArray(load_id), " + of + " FROM " + t.name + " WHERE " + c.text + " AND " + e.inTime(t)
		return read(ctx, e.Store.StoreConn(), q, c.args, func() {}, &n, &loads, &calls)
	})
	if err != nil || n == 0 {
		return err
	}
	e.Done.Strays += int(n)
	hashed, err := e.hashed(ctx, t)
	if err != nil {
		return err
	}
	inTime := e.inTime(t)
	if len(calls) > 0 {
		inTime = "comm_id IN (" + literalOf(calls) + ")"
	}
	return upkeep.DeleteRows(ctx, e.Store, t.name, "load_id IN "+sqltext.IDs(loads)+" AND "+hashed+" AND "+inTime)
}

// hashed is the condition that a row names the person, by hashes.
func (e *Erasure) hashed(ctx context.Context, t table) (string, error) {
	var conds []string
	for _, x := range []struct{ columns, ids []string }{{t.users, e.Users}, {[]string{"room_id"}, e.Rooms}} {
		if len(x.ids) == 0 {
			continue
		}
		var hashes []uint64
		var h uint64
		err := e.Store.Retry(ctx, func(ctx context.Context) error {
			hashes = nil
			return native.Read(ctx, e.Store.StoreConn(), "hashes", "SELECT sipHash64(arrayJoin(?))", []any{x.ids}, func() { hashes = append(hashes, h) }, &h)
		})
		if err != nil {
			return "", err
		}
		for _, column := range x.columns {
			conds = append(conds, "sipHash64("+column+") IN "+sqltext.IDs(hashes))
		}
	}
	return "(" + strings.Join(conds, " OR ") + ")", nil
}

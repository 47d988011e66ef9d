// Package visible reads what the views of an archive show, to compare it with the vendor.
package visible

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/load/native"
)

// Archive is the archive to read: a store.Store.
type Archive interface {
	Conn() driver.Conn // to the database of the relations
}

// Span is the part of a unit that a digest covers: the seconds from Since to Until, both
// included. call.Forever as Until means the end of the unit. For a call with another Until,
// only rows that ended by then count.
type Span struct {
	Key          string
	Since, Until uint32
}

// spansAtOnce bounds the text of a query.
const spansAtOnce = 500

// Digests returns the digests of one relation's visible rows in each span, by key. The spans
// belong to one kind of unit. Spans without rows are left out.
func Digests(ctx context.Context, a Archive, app call.AppID, r digest.Relation, spans []Span) (map[string]digest.Digest, error) {
	found := map[string]digest.Digest{}
	for some := range slices.Chunk(spans, spansAtOnce) {
		if err := digests(ctx, a, app, r, some, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func digests(ctx context.Context, a Archive, app call.AppID, r digest.Relation, spans []Span, found map[string]digest.Digest) error {
	prefilter, args := "1", []any{native.Each(spans, func(x *Span) string { return x.Key })}
	if r.ByCall() {
		prefilter = "comm_id IN (SELECT unit FROM spans)"
	}
	q := "WITH spans AS (SELECT span.1 AS unit, span.2 AS since, span.3 AS until, until = 4294967295 AS over" +
		" FROM (SELECT arrayJoin(arrayZip(?, " + numbers(spans, func(x Span) uint32 { return x.Since }) + ", " +
		numbers(spans, func(x Span) uint32 { return x.Until }) + ")) AS span))" +
		" SELECT unit, count(), sum(" + r.Hash + " AS hash), groupBitXor(hash)" +
		" FROM (SELECT *, toString(" + r.Key + ") AS unit FROM " + r.Name + " WHERE sdk_app_id = ? AND " + prefilter + ") AS data" +
		" INNER JOIN spans ON data.unit = spans.unit WHERE " + r.Time + " GROUP BY unit"
	var key string
	var d digest.Digest
	return native.Read(ctx, a.Conn(), "checksums of "+r.Name, q, append(args, uint32(app)), func() { found[key] = d }, &key, &d.Rows, &d.Sum, &d.Xor)
}

// numbers returns an array as SQL.
func numbers(spans []Span, of func(Span) uint32) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, x := range spans {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, of(x))
	}
	return b.String() + "]"
}

// CallsAlive returns the visible calls that were alive between two moments. A call without
// an end counts by its beginning. An empty roomID means all rooms.
func CallsAlive(ctx context.Context, a Archive, app call.AppID, roomID string, from, to time.Time) (all []call.Room, err error) {
	const q = `
		SELECT DISTINCT comm_id, room_id, created_at FROM rooms
		WHERE sdk_app_id = ? AND (? = '' OR room_id = ?) AND created_at <= toDateTime(?, 'UTC') AND ifNull(destroyed_at, created_at) >= toDateTime(?, 'UTC')
		ORDER BY created_at, comm_id`
	r := call.Room{App: app}
	err = native.Read(ctx, a.Conn(), "rooms", q, []any{uint32(app), roomID, roomID, to.Unix(), from.Unix()}, func() { all = append(all, r) },
		&r.CommID, &r.RoomID, &r.CreatedAt)
	return all, err
}

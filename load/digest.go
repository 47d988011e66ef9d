package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/load/native"
)

// Span is what of a unit a digest is of: the seconds from Since to Until, both
// included, Until call.Forever: to the end. Of a call that has another Until
// only what has ended by then counts.
type Span struct {
	Key          string
	Since, Until uint32
}

// spansAtOnce bounds the text of a query.
const spansAtOnce = 500

// Digests are the digests of one relation's visible rows in each of the spans,
// by key, of one kind of unit; those without rows are left out.
func (s *Store) Digests(ctx context.Context, app call.AppID, r digest.Relation, spans []Span) (map[string]digest.Digest, error) {
	found := map[string]digest.Digest{}
	for some := range slices.Chunk(spans, spansAtOnce) {
		if err := s.digests(ctx, app, r, some, found); err != nil {
			return nil, fmt.Errorf("read checksums of %s: %w", r.Name, err)
		}
	}
	return found, nil
}

func (s *Store) digests(ctx context.Context, app call.AppID, r digest.Relation, spans []Span, found map[string]digest.Digest) error {
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
	rows, err := s.views.Query(ctx, q, append(args, uint32(app))...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var d digest.Digest
		if err := rows.Scan(&key, &d.Rows, &d.Sum, &d.Xor); err != nil {
			return err
		}
		found[key] = d
	}
	return rows.Err()
}

// numbers is an array as SQL.
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

// CallsAlive are the visible calls that were alive between two moments, as far
// as is known: one without an end counts by its beginning. roomID may be empty.
func (s *Store) CallsAlive(ctx context.Context, app call.AppID, roomID string, from, to time.Time) ([]call.Room, error) {
	const q = `
		SELECT DISTINCT comm_id, room_id, created_at FROM rooms
		WHERE sdk_app_id = ? AND (? = '' OR room_id = ?) AND created_at <= toDateTime(?, 'UTC') AND ifNull(destroyed_at, created_at) >= toDateTime(?, 'UTC')
		ORDER BY created_at, comm_id`
	rows, err := s.views.Query(ctx, q, uint32(app), roomID, roomID, to.Unix(), from.Unix())
	if err != nil {
		return nil, fmt.Errorf("read rooms: %w", err)
	}
	defer rows.Close()
	var all []call.Room
	for rows.Next() {
		r := call.Room{App: app}
		if err := rows.Scan(&r.CommID, &r.RoomID, &r.CreatedAt); err != nil {
			return nil, fmt.Errorf("read rooms: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

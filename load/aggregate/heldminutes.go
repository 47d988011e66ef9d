package aggregate

import (
	"cmp"
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/quality"
)

// heldStream names a stream of a held call.
type heldStream struct {
	unit       call.Unit
	user, peer string
}

func (s heldStream) compare(x heldStream) int {
	return cmp.Or(compareUnits(s.unit, x.unit), cmp.Compare(s.user, x.user), cmp.Compare(s.peer, x.peer))
}

// received selects the samples of what is received.
const received = "AND peer_id != ''"

// heldQuality reads what the minutes of the held calls are judged by.
func (s reader) heldQuality(ctx context.Context, h *held) (map[call.Unit]*quality.Call, error) {
	calls := map[call.Unit]*quality.Call{}
	of := func(u call.Unit) *quality.Call {
		if calls[u] == nil {
			calls[u] = quality.NewCall()
		}
		return calls[u]
	}
	err := s.eachHeld(ctx, h, "AND peer_id = ''", func(s heldStream, m quality.Minutes) { of(s.unit).Sent(s.user, m) })
	if err == nil {
		err = s.eachHeld(ctx, h, received, func(s heldStream, m quality.Minutes) { of(s.unit).Heard(s.peer, m) })
	}
	return calls, err
}

// eachHeld gives the minutes of one stream after the other; rest says of which.
func (s reader) eachHeld(ctx context.Context, h *held, rest string, f func(heldStream, quality.Minutes)) error {
	all, err := s.heldMinutes(ctx, h, rest)
	if err != nil {
		return err
	}
	defer all.close()
	for all.next() {
		f(all.stream, all.minutes)
	}
	return all.err
}

// ThousandthsSQL says the same as quality.Thousandths.
const ThousandthsSQL = "toInt64(floor(least(greatest(value, -1e12), 1e12) * 1000 + 0.5))"

// heldMinutes reads the minutes of the streams of the held calls, in order; rest
// says of which.
func (s reader) heldMinutes(ctx context.Context, h *held, rest string) (*minutesReader, error) {
	q := `SELECT sdk_app_id, comm_id, user_id, peer_id, metric, toUnixTimestamp(toStartOfMinute(ts)) AS at, toUInt32(count()), toUInt32(countIf(value > 0)),
			sum(` + ThousandthsSQL + `)
		FROM quality_samples_data WHERE metric IN (?) AND ` + h.where() + ` ` + rest + `
		GROUP BY sdk_app_id, comm_id, user_id, peer_id, metric, at ORDER BY sdk_app_id, comm_id, user_id, peer_id, at`
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"max_query_size": maxHeldText, "max_block_size": 8192, "max_bytes_before_external_sort": 64 << 20, "max_bytes_before_external_group_by": 64 << 20,
	}))
	rows, err := s.conn.Query(ctx, q, quality.Metrics(), h.keys)
	if err != nil {
		return nil, fmt.Errorf("read minutes: %w", err)
	}
	r := &minutesReader{rows: rows}
	r.scan()
	return r, nil
}

// minutesReader reads the minutes of one stream after the other.
type minutesReader struct {
	rows    driver.Rows
	stream  heldStream
	minutes quality.Minutes
	err     error
	ahead   *minutesRow // read, and not yet used; nil: no more
}

type minutesRow struct {
	stream heldStream
	metric string
	at     uint32
	quality.Tally
}

// scan reads a row ahead.
func (r *minutesReader) scan() {
	r.ahead = nil
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			r.err = fmt.Errorf("read minutes: %w", err)
		}
		return
	}
	x := minutesRow{stream: heldStream{unit: call.Unit{Kind: call.UnitCall}}}
	var app uint32
	if err := r.rows.Scan(&app, &x.stream.unit.Key, &x.stream.user, &x.stream.peer, &x.metric, &x.at, &x.Samples, &x.Positive, &x.Sum); err != nil {
		r.err = fmt.Errorf("read minutes: %w", err)
		return
	}
	x.stream.unit.App = call.AppID(app)
	r.ahead = &x
}

// next goes on to the next stream; without one, err says why.
func (r *minutesReader) next() bool {
	if r.ahead == nil || r.err != nil {
		return false
	}
	r.stream, r.minutes = r.ahead.stream, nil
	for r.ahead != nil && r.ahead.stream == r.stream {
		if slot := quality.Slot(r.ahead.metric, r.stream.peer != ""); slot >= 0 {
			r.minutes = r.minutes.AddTally(r.ahead.at, slot, r.ahead.Tally)
		}
		r.scan()
	}
	return r.err == nil
}

// take reads on to a stream and gives its minutes, once. Streams are asked for in
// order.
func (r *minutesReader) take(s heldStream) (quality.Minutes, error) {
	for r.stream.compare(s) < 0 && r.next() {
	}
	if r.err != nil || r.stream != s {
		return nil, r.err
	}
	m := r.minutes
	r.minutes = nil
	return m, nil
}

func (r *minutesReader) close() { r.rows.Close() }

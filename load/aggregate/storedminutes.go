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

// storedStream names a stream of a stored call.
type storedStream struct {
	unit       call.Unit
	user, peer string
}

func (s storedStream) compare(x storedStream) int {
	return cmp.Or(compareUnits(s.unit, x.unit), cmp.Compare(s.user, x.user), cmp.Compare(s.peer, x.peer))
}

// received is the SQL condition for downstream samples.
const received = "AND peer_id != ''"

// readQuality reads the minutes that the calls are judged by.
func (s reader) readQuality(ctx context.Context, h *stored) (map[call.Unit]*quality.Call, error) {
	calls := map[call.Unit]*quality.Call{}
	of := func(u call.Unit) *quality.Call {
		if calls[u] == nil {
			calls[u] = quality.NewCall()
		}
		return calls[u]
	}
	err := s.eachStream(ctx, h, "AND peer_id = ''", func(s storedStream, m quality.Minutes) { of(s.unit).Sent(s.user, m) })
	if err == nil {
		err = s.eachStream(ctx, h, received, func(s storedStream, m quality.Minutes) { of(s.unit).Received(s.peer, m) })
	}
	return calls, err
}

// eachStream calls f with the minutes of each stream that meets the SQL condition rest.
func (s reader) eachStream(ctx context.Context, h *stored, rest string, f func(storedStream, quality.Minutes)) error {
	all, err := s.readMinutes(ctx, h, rest)
	if err != nil {
		return err
	}
	defer all.close()
	for all.next() {
		f(all.stream, all.minutes)
	}
	return all.err
}

// ThousandthsSQL is quality.Thousandths in SQL.
const ThousandthsSQL = "toInt64(floor(least(greatest(value, -1e12), 1e12) * 1000 + 0.5))"

// readMinutes reads, in order, the minutes of the streams that meet the SQL
// condition rest.
func (s reader) readMinutes(ctx context.Context, h *stored, rest string) (*minutesReader, error) {
	q := `SELECT sdk_app_id, comm_id, user_id, peer_id, metric, toUnixTimestamp(toStartOfMinute(ts)) AS at, toUInt32(count()), toUInt32(countIf(value > 0)),
			sum(` + ThousandthsSQL + `)
		FROM quality_samples_data WHERE metric IN (?) AND ` + h.where() + s.here + ` ` + rest + `
		GROUP BY sdk_app_id, comm_id, user_id, peer_id, metric, at ORDER BY sdk_app_id, comm_id, user_id, peer_id, at`
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"max_query_size": maxQueryText, "max_block_size": 8192, "max_bytes_before_external_sort": 64 << 20, "max_bytes_before_external_group_by": 64 << 20,
	}))
	rows, err := s.conn.Query(ctx, q, quality.Metrics(), h.keys)
	if err != nil {
		return nil, fmt.Errorf("read minutes: %w", err)
	}
	r := &minutesReader{rows: rows}
	r.scan()
	return r, nil
}

// minutesReader reads the minutes of one stream at a time.
type minutesReader struct {
	rows    driver.Rows
	stream  storedStream
	minutes quality.Minutes
	err     error
	ahead   *minutesRow // the row read but not yet used; nil: no more rows
}

type minutesRow struct {
	stream storedStream
	metric string
	at     uint32
	quality.Tally
}

// scan reads the next row into ahead.
func (r *minutesReader) scan() {
	r.ahead = nil
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			r.err = fmt.Errorf("read minutes: %w", err)
		}
		return
	}
	x := minutesRow{stream: storedStream{unit: call.Unit{Kind: call.UnitCall}}}
	var app uint32
	if err := r.rows.Scan(&app, &x.stream.unit.Key, &x.stream.user, &x.stream.peer, &x.metric, &x.at, &x.Samples, &x.Positive, &x.Sum); err != nil {
		r.err = fmt.Errorf("read minutes: %w", err)
		return
	}
	x.stream.unit.App = call.AppID(app)
	r.ahead = &x
}

// next reads the next stream. It returns false at the end or after an error in err.
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

// take reads up to stream s and returns its minutes, nil the second time. Callers
// ask for streams in order.
func (r *minutesReader) take(s storedStream) (quality.Minutes, error) {
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

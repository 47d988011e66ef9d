package load

import (
	"cmp"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/aggregate"
)

// Rows of the small tables, each with the half of the unit that it belongs to.
type (
	roomRow struct {
		of *half
		call.Room
	}
	sessionRow struct {
		of      *half
		commID  string
		created time.Time // of the call
		call.Session
	}
	eventRow struct {
		of     *half
		commID string
		call.Event
	}
	unusualRow struct {
		of *half
		call.UnusualEvent
	}
	dayRow struct {
		of *half
		call.DailyScale
	}
	statisticRow struct {
		of *half
		call.Statistic
	}
	partRow struct {
		of *half
		call.Part
		rows, nulls uint64
		room        string    // of the rows
		created     time.Time // of the call
		streams     []aggregate.Stream
	}
)

// buffer has the rows of one flush. It shares strings with its callers, and nothing else.
type buffer struct {
	rooms      []roomRow
	sessions   []sessionRow
	samples    sampleBuffer
	events     []eventRow
	unusual    []unusualRow
	days       []dayRow
	statistics []statisticRow
	parts      []partRow
}

// add takes the rows of a part. It sums them up with sums, which is empty before and after.
func (b *buffer) add(h *half, p call.Part, r *call.Rows, sums *aggregate.Histogram) {
	commID := h.of.unit.Key
	if r.Room != nil {
		b.rooms = append(b.rooms, roomRow{h, *r.Room})
	}
	for _, x := range r.Sessions {
		x.RoomID = cmp.Or(x.RoomID, r.RoomID)
		b.sessions = append(b.sessions, sessionRow{h, commID, r.CreatedAt, x})
	}
	if r.Samples != nil {
		b.samples.add(h, commID, r.RoomID, r.Samples)
	}
	for _, x := range r.Events {
		x.RoomID = cmp.Or(x.RoomID, r.RoomID)
		b.events = append(b.events, eventRow{h, commID, x})
	}
	for _, x := range r.Unusual {
		b.unusual = append(b.unusual, unusualRow{h, x})
	}
	if r.Day != nil {
		b.days = append(b.days, dayRow{h, *r.Day})
	}
	for _, x := range r.Statistics {
		b.statistics = append(b.statistics, statisticRow{h, x})
	}
	n := countsOf(r)
	b.parts = append(b.parts, partRow{h, p, n.Rows(), n.NullSamples, cmp.Or(r.RoomID, p.RoomID), r.CreatedAt, aggregate.StreamsOf(r, sums)})
}

func (b *buffer) rows() int {
	return b.samples.rows + b.smallRows()
}

func (b *buffer) smallRows() int {
	return len(b.rooms) + len(b.sessions) + len(b.events) + len(b.unusual) + len(b.days) + len(b.statistics) + len(b.parts)
}

// bytes estimates the memory of the rows.
func (b *buffer) bytes() int {
	const small = 400 // bytes of a row of a small table with its strings
	return b.samples.bytes + len(b.samples.runs)*200 + b.smallRows()*small
}

// drop removes the rows that are no longer needed.
func (b *buffer) drop() {
	b.rooms = keep(b.rooms, func(r *roomRow) *half { return r.of })
	b.sessions = keep(b.sessions, func(r *sessionRow) *half { return r.of })
	b.samples.runs = keep(b.samples.runs, func(r *run) *half { return r.of })
	b.events = keep(b.events, func(r *eventRow) *half { return r.of })
	b.unusual = keep(b.unusual, func(r *unusualRow) *half { return r.of })
	b.days = keep(b.days, func(r *dayRow) *half { return r.of })
	b.statistics = keep(b.statistics, func(r *statisticRow) *half { return r.of })
	b.parts = keep(b.parts, func(r *partRow) *half { return r.of })
}

func keep[R any](rows []R, of func(*R) *half) []R {
	kept := rows[:0]
	for i := range rows {
		if !of(&rows[i]).dead() {
			kept = append(kept, rows[i])
		}
	}
	return kept
}

// halves lists the halves that have parts, each once. Rows always come with a part.
func (b *buffer) halves() []*half {
	seen := map[*half]struct{}{}
	var list []*half
	for i := range b.parts {
		h := b.parts[i].of
		if _, ok := seen[h]; !ok {
			seen[h] = struct{}{}
			list = append(list, h)
		}
	}
	return list
}

// countsOf counts the rows of a part.
func countsOf(r *call.Rows) ledger.Counts {
	n := ledger.Counts{Sessions: uint64(len(r.Sessions)), Events: uint64(len(r.Events)), Unusual: uint64(len(r.Unusual)), Statistics: uint64(len(r.Statistics))}
	if r.Room != nil {
		n.Rooms = 1
	}
	if r.Day != nil {
		n.Days = 1
	}
	if r.Samples != nil {
		n.Samples, n.NullSamples = uint64(r.Samples.Rows()), uint64(r.Samples.Nulls)
	}
	return n
}

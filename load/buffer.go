package load

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Rows of the small tables, each with the unit it belongs to.
type (
	roomRow struct {
		of *unitState
		call.Room
	}
	sessionRow struct {
		of     *unitState
		commID string
		call.Session
	}
	eventRow struct {
		of     *unitState
		commID string
		call.Event
	}
	unusualRow struct {
		of *unitState
		call.UnusualEvent
	}
	dayRow struct {
		of *unitState
		call.DailyScale
	}
)

// buffer is the rows of one insert into each table. Strings are shared with
// the callers, everything else is its own.
type buffer struct {
	rooms    []roomRow
	sessions []sessionRow
	samples  sampleBuffer
	events   []eventRow
	unusual  []unusualRow
	days     []dayRow
}

func (b *buffer) addRoom(s *unitState, r call.Room) { b.rooms = append(b.rooms, roomRow{s, r}) }

func (b *buffer) addSessions(s *unitState, commID, roomID string, list []call.Session) {
	for _, x := range list {
		x.RoomID = orDefault(x.RoomID, roomID)
		b.sessions = append(b.sessions, sessionRow{s, commID, x})
	}
}

func (b *buffer) addEvents(s *unitState, commID, roomID string, list []call.Event) {
	for _, x := range list {
		x.RoomID = orDefault(x.RoomID, roomID)
		b.events = append(b.events, eventRow{s, commID, x})
	}
}

func (b *buffer) addUnusual(s *unitState, list []call.UnusualEvent) {
	for _, x := range list {
		b.unusual = append(b.unusual, unusualRow{s, x})
	}
}

func (b *buffer) addDay(s *unitState, d call.DailyScale) { b.days = append(b.days, dayRow{s, d}) }

func (b *buffer) rows() int {
	return len(b.rooms) + len(b.sessions) + len(b.samples.time) + len(b.events) + len(b.unusual) + len(b.days)
}

// bytes is about what the rows take in memory and again in the block to send.
func (b *buffer) bytes() int {
	const small = 400 // bytes of a row of a small table with its strings
	return len(b.samples.time)*12 + len(b.samples.runs)*200 + (b.rows()-len(b.samples.time))*small
}

// drop removes the rows of abandoned units.
func (b *buffer) drop() {
	b.rooms = keep(b.rooms, func(r *roomRow) *unitState { return r.of })
	b.sessions = keep(b.sessions, func(r *sessionRow) *unitState { return r.of })
	b.samples.runs = keep(b.samples.runs, func(r *run) *unitState { return r.of })
	b.events = keep(b.events, func(r *eventRow) *unitState { return r.of })
	b.unusual = keep(b.unusual, func(r *unusualRow) *unitState { return r.of })
	b.days = keep(b.days, func(r *dayRow) *unitState { return r.of })
}

func keep[R any](rows []R, of func(*R) *unitState) []R {
	kept := rows[:0]
	for i := range rows {
		if !of(&rows[i]).abandoned {
			kept = append(kept, rows[i])
		}
	}
	return kept
}

// units lists the units that have rows, each once.
func (b *buffer) units() []*unitState {
	seen := map[*unitState]struct{}{}
	var list []*unitState
	see := func(s *unitState) {
		if _, ok := seen[s]; !ok {
			seen[s] = struct{}{}
			list = append(list, s)
		}
	}
	for i := range b.rooms {
		see(b.rooms[i].of)
	}
	for i := range b.sessions {
		see(b.sessions[i].of)
	}
	for i := range b.samples.runs {
		see(b.samples.runs[i].of)
	}
	for i := range b.events {
		see(b.events[i].of)
	}
	for i := range b.unusual {
		see(b.unusual[i].of)
	}
	for i := range b.days {
		see(b.days[i].of)
	}
	return list
}

// orNull is nil for the zero time.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

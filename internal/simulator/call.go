package simulator

import (
	"sort"
	"strconv"
	"strings"
)

// call is the plan of one call. Its users, sessions, samples and events follow from the
// seed.
type call struct {
	seed       uint64
	start, end int64  // unix seconds; end may lie after now: a running call
	app        uint32 // SDKAppID
	index      uint32 // number of the call, unique over all apps
	room       uint32 // index of the first call with this room id
	host       uint32 // index of the call whose first user is the creator
	lent       uint32 // 1 plus the index of the call that lends its user ids; 0: none
	shape      shape
	kind       TroubleKind
	steady     bool // no value is bad by chance
	hostile    bool // of Options.Hostile
}

// roomID returns the room's name, which may be any text.
func (c *call) roomID() string {
	if c.hostile {
		return hostileText(uint64(c.room))
	}
	return roomName(c.room)
}

// commID returns the vendor's name of the call. Its middle part is the room id if that is a
// plain number, otherwise a number without meaning, as in the vendor's examples.
func (c *call) commID() string {
	id := strconv.AppendUint(make([]byte, 0, 40), uint64(c.app), 10)
	id = append(id, '_')
	if number, ok := roomNumber(c.room); ok {
		id = strconv.AppendUint(id, number, 10)
	} else {
		id = strconv.AppendUint(id, hashText(0, c.roomID())>>32, 10)
	}
	id = append(id, '_')
	return string(strconv.AppendInt(id, c.start, 10))
}

// finished reports whether the room is destroyed at an instant.
func (c *call) finished(at int64) bool { return c.end <= at }

// find returns the call of an app by its CommId.
func (s *Simulator) find(app uint32, commID string, at int64) *call {
	_, start, ok := splitCommID(commID)
	if !ok {
		return nil
	}
	calls := s.calls[app]
	for i := sort.Search(len(calls), func(i int) bool { return calls[i].start >= start }); i < len(calls); i++ {
		if calls[i].start != start || start > at {
			return nil
		}
		if calls[i].commID() == commID {
			return &calls[i]
		}
	}
	return nil
}

// splitCommID splits a CommId into the application and the start. Only its issuer may do
// that.
func splitCommID(id string) (app string, start int64, ok bool) {
	app, _, ok = strings.Cut(id, "_")
	last := strings.LastIndexByte(id, '_')
	start, err := strconv.ParseInt(id[last+1:], 10, 64)
	return app, start, ok && app != "" && last > len(app) && err == nil
}

// overlapping returns the calls of an app that have started and touch a window, oldest
// first. Both ends of the window are included.
func (s *Simulator) overlapping(app uint32, from, to, at int64) []*call {
	calls := s.calls[app]
	to = min(to, at)
	first := sort.Search(len(calls), func(i int) bool { return calls[i].start >= from-s.longest })
	var found []*call
	for i := first; i < len(calls) && calls[i].start <= to; i++ {
		if calls[i].end >= from {
			found = append(found, &calls[i])
		}
	}
	return found
}

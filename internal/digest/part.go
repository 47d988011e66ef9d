package digest

import (
	"cmp"

	"github.com/callvault/callvault/internal/call"
)

// Part returns the digests of the rows of a part within the unix seconds from since to
// until, both included. Unless until is call.Forever, sessions count only if they have
// ended by then, and the room counts without its end.
func Part(r *call.Rows, since, until uint32) Sums {
	var s Sums
	over := until == call.Forever
	if r.Room != nil {
		s[Rooms].Add(Room(*r.Room, over))
	}
	for _, x := range r.Sessions {
		left := x.LeftAt.Unix()
		if x.LeftAt.IsZero() && over || !x.LeftAt.IsZero() && left >= int64(since) && (over || x.Finished && left <= int64(until)) {
			x.RoomID = cmp.Or(x.RoomID, r.RoomID) // as load stores it
			s[Sessions].Add(Session(x))
		}
	}
	if r.Samples != nil {
		s[SampleRows] = Samples(r.Samples, r.RoomID, since, until)
	}
	for _, x := range r.Events {
		if t := x.Time.Unix(); t >= int64(since) && t <= int64(until) {
			x.RoomID = cmp.Or(x.RoomID, r.RoomID)
			s[Events].Add(Event(x))
		}
	}
	for _, x := range r.Unusual {
		if t := x.Time.Unix(); t >= int64(since) && t <= int64(until) {
			s[UnusualEvents].Add(Unusual(x))
		}
	}
	if r.Day != nil {
		s[Days].Add(Day(*r.Day))
	}
	return s
}

// Merge adds the rows of o.
func (s *Sums) Merge(o *Sums) {
	for i := range s {
		s[i].Merge(o[i])
	}
}

package digest

import "github.com/callvault/callvault/internal/call"

// Part is the digests of the rows of a part of a unit, as far as they lie within
// the seconds from since to until, both included. With an until other than
// call.Forever only sessions that have ended by then count, and the room without
// its end.
func Part(r *call.Rows, since, until uint32) Sums {
	var s Sums
	over := until == call.Forever
	if r.Room != nil {
		s[Rooms].Add(Room(*r.Room, over))
	}
	for _, x := range r.Sessions {
		left := x.LeftAt.Unix()
		if x.LeftAt.IsZero() && over || !x.LeftAt.IsZero() && left >= int64(since) && (over || x.Finished && left <= int64(until)) {
			x.RoomID = orDefault(x.RoomID, r.RoomID)
			s[Sessions].Add(Session(x))
		}
	}
	if r.Samples != nil {
		s[SampleRows] = Samples(r.Samples, r.RoomID, since, until)
	}
	for _, x := range r.Events {
		if t := x.Time.Unix(); t >= int64(since) && t <= int64(until) {
			x.RoomID = orDefault(x.RoomID, r.RoomID)
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

// orDefault is what load stores of a room id.
func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// Merge adds the rows of o.
func (s *Sums) Merge(o *Sums) {
	for i := range s {
		s[i].Merge(o[i])
	}
}

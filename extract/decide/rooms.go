package decide

import (
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// Listed is a call in a room list.
type Listed struct {
	call.Room
	Response   uint64 // id of the response that listed it
	Problem    string // why its row is not whole; "": it is whole
	NoCreation bool   // the row lacks the time when the room was created: CreatedAt is the time of the question
}

// ListedRooms returns the calls of an answer that lists what was alive from a time on. A
// damaged row that names its call is listed nevertheless. nameless are the damaged rows
// that name none.
func ListedRooms(rooms []call.Room, info transform.Info, response uint64, from time.Time) (listed []Listed, nameless []transform.Damage) {
	problems := map[string]string{}
	for _, d := range info.Damage {
		switch {
		case d.Room != nil && d.Room.CommID != "":
			problems[d.Room.CommID] = DamageText(d)
			if !d.Kept {
				rooms = append(rooms, *d.Room)
			}
		case d.What != "total":
			nameless = append(nameless, d)
		}
	}
	for _, r := range rooms {
		noCreation := r.CreatedAt.IsZero()
		if noCreation {
			r.CreatedAt = from
		}
		listed = append(listed, Listed{r, response, problems[r.CommID], noCreation})
	}
	return listed, nameless
}

// RoomSet has each call once, with its latest row. A finished call does not become
// unfinished, and a whole row is not replaced by a damaged one.
type RoomSet struct {
	Rooms []Listed
	index map[string]int
}

// Add adds a call and reports whether it is new.
func (s *RoomSet) Add(r Listed) bool {
	if s.index == nil {
		s.index = map[string]int{}
	}
	i, ok := s.index[r.CommID]
	switch {
	case !ok:
		s.index[r.CommID] = len(s.Rooms)
		s.Rooms = append(s.Rooms, r)
	case r.Problem != "" && s.Rooms[i].Problem == "":
	case r.Problem == "" && s.Rooms[i].Problem != "", r.Finished || !s.Rooms[i].Finished:
		s.Rooms[i] = r
	}
	return !ok
}

// Keep drops the calls after the first n.
func (s *RoomSet) Keep(n int) {
	for _, r := range s.Rooms[min(n, len(s.Rooms)):] {
		delete(s.index, r.CommID)
	}
	s.Rooms = s.Rooms[:min(n, len(s.Rooms))]
}

package aggregate

import (
	"cmp"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// stay is all stays of a user in a call.
type stay struct {
	sessions    uint64
	presence    int64 // seconds
	roomID      string
	first, last time.Time
	running     bool
	lastOf      call.Session // which begins last
}

// seconds are those of all stays.
func (s *stay) seconds() uint64 { return uint64(max(0, s.presence)) }

// add adds a stay; one that goes on counts up to a unix second, which is that of the
// last sample that anybody in the call sent.
func (s *stay) add(x *call.Session, last uint32) {
	if s.sessions == 0 {
		s.first, s.roomID = x.JoinedAt, x.RoomID
	}
	if x.JoinedAt.Before(s.first) {
		s.first = x.JoinedAt
	}
	if x.LeftAt.IsZero() {
		s.running = true
		s.presence += max(0, int64(last)-x.JoinedAt.Unix())
	} else {
		s.presence += x.LeftAt.Unix() - x.JoinedAt.Unix()
		if x.LeftAt.After(s.last) {
			s.last = x.LeftAt
		}
	}
	if s.sessions == 0 || later(x, &s.lastOf) {
		s.lastOf = *x
	}
	s.sessions++
}

// later says that x comes after y in an order without equals that matter.
func later(x, y *call.Session) bool {
	return cmp.Or(x.JoinedAt.Compare(y.JoinedAt), cmp.Compare(x.DeviceType, y.DeviceType), cmp.Compare(x.SDKVersion, y.SDKVersion), cmp.Compare(x.ClientIP, y.ClientIP)) > 0
}

// peakOf is the most stays at one moment; ends come before beginnings.
func peakOf(sessions []call.Session) (most uint64) {
	type turn struct {
		at   uint32
		ends bool
	}
	var turns []turn
	for i := range sessions {
		from, to := uint32(sessions[i].JoinedAt.Unix()), uint32(call.Forever)
		if !sessions[i].LeftAt.IsZero() {
			to = uint32(sessions[i].LeftAt.Unix())
		}
		if from < to {
			turns = append(turns, turn{from, false}, turn{to, true})
		}
	}
	slices.SortFunc(turns, func(x, y turn) int { return cmp.Or(cmp.Compare(x.at, y.at), compareBool(!x.ends, !y.ends)) })
	now := uint64(0)
	for _, t := range turns {
		if t.ends {
			now--
		} else {
			now++
		}
		most = max(most, now)
	}
	return most
}

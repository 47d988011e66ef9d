package aggregate

import (
	"cmp"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// presence sums up the sessions of a user in a call.
type presence struct {
	sessions    uint64
	total       int64 // seconds
	roomID      string
	first, last time.Time
	running     bool
	lastOf      call.Session // the session that begins last
}

// seconds is the length of all sessions together.
func (s *presence) seconds() uint64 { return uint64(max(0, s.total)) }

// add adds a session. One that has not ended counts up to the unix second last: the
// last upstream sample of any user in the call.
func (s *presence) add(x *call.Session, last uint32) {
	if s.sessions == 0 {
		s.first, s.roomID = x.JoinedAt, x.RoomID
	}
	if x.JoinedAt.Before(s.first) {
		s.first = x.JoinedAt
	}
	if x.LeftAt.IsZero() {
		s.running = true
		s.total += max(0, int64(last)-x.JoinedAt.Unix())
	} else {
		s.total += x.LeftAt.Unix() - x.JoinedAt.Unix()
		if x.LeftAt.After(s.last) {
			s.last = x.LeftAt
		}
	}
	if s.sessions == 0 || later(x, &s.lastOf) {
		s.lastOf = *x
	}
	s.sessions++
}

// later reports whether x comes after y. The order covers every field that is used.
func later(x, y *call.Session) bool {
	return cmp.Or(x.JoinedAt.Compare(y.JoinedAt), cmp.Compare(x.DeviceType, y.DeviceType), cmp.Compare(x.SDKVersion, y.SDKVersion), cmp.Compare(x.ClientIP, y.ClientIP)) > 0
}

// peakOf returns the most sessions at one moment. At the same second, ends come
// before beginnings.
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

package decide

import (
	"cmp"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// SessionSet joins the sessions of several windows and pages. A session that spans windows
// comes with each of them. If a session comes as open and as ended, because it ends while a
// pass asks, the ended one counts.
type SessionSet struct{ rows map[sessionKey]call.Session }

// sessionKey identifies a session. The vendor gives sessions no id: a user may have two
// that begin in the same second and differ in their end.
type sessionKey struct {
	user     string
	joined   time.Time
	left     time.Time // zero while open
	device   string
	clientIP string
}

func keyOf(x call.Session) sessionKey {
	return sessionKey{x.UserID, x.JoinedAt, x.LeftAt, x.DeviceType, x.ClientIP}
}

// sessionStart identifies all readings of one session, ended or not.
type sessionStart struct {
	user   string
	joined int64 // Unix seconds
}

func startOf(x call.Session) sessionStart { return sessionStart{x.UserID, x.JoinedAt.Unix()} }

// Add adds sessions.
func (s *SessionSet) Add(sessions []call.Session) {
	if s.rows == nil {
		s.rows = map[sessionKey]call.Session{}
	}
	for _, x := range sessions {
		s.rows[keyOf(x)] = x
	}
}

// Has reports whether the set has the session with exactly these times.
func (s *SessionSet) Has(x call.Session) bool {
	_, ok := s.rows[keyOf(x)]
	return ok
}

func (s *SessionSet) remove(x call.Session) { delete(s.rows, keyOf(x)) }

// MergeSessions joins the archive's sessions with new ones.
func MergeSessions(held, came []call.Session) []call.Session {
	if len(came) == 0 {
		return held
	}
	var all SessionSet
	all.Add(held)
	all.Add(came)
	return all.List()
}

// List returns the sessions in the order of time.
func (s *SessionSet) List() []call.Session {
	ended := map[sessionStart]bool{}
	for _, x := range s.rows {
		if x.Finished {
			ended[startOf(x)] = true
		}
	}
	var out []call.Session
	for _, x := range s.rows {
		if x.Finished || !ended[startOf(x)] {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b call.Session) int {
		return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.UserID, b.UserID), a.LeftAt.Compare(b.LeftAt),
			cmp.Compare(a.DeviceType, b.DeviceType), cmp.Compare(a.ClientIP, b.ClientIP))
	})
	return out
}

// AllLeft reports whether all sessions have ended.
func AllLeft(sessions []call.Session) bool {
	return !slices.ContainsFunc(sessions, func(s call.Session) bool { return !s.Finished })
}

// DistinctUsers returns the users in the order of their first sessions.
func DistinctUsers(sessions []call.Session) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range sessions {
		if !seen[s.UserID] {
			seen[s.UserID] = true
			out = append(out, s.UserID)
		}
	}
	return out
}

// WithOthers adds to sessions those of others whose beginning no session has.
func WithOthers(sessions, others []call.Session) []call.Session {
	have := map[sessionStart]bool{}
	for _, s := range sessions {
		have[startOf(s)] = true
	}
	for _, s := range others {
		if !have[startOf(s)] {
			sessions = append(sessions, s)
		}
	}
	return sessions
}

// withoutMended leaves out incomplete sessions that also came whole.
func withoutMended(sessions, incomplete []call.Session) []call.Session {
	if len(incomplete) == 0 {
		return sessions
	}
	lacks, whole := map[call.Session]bool{}, map[sessionStart][]call.Session{}
	for _, s := range incomplete {
		lacks[s] = true
	}
	for _, s := range sessions {
		if !lacks[s] {
			whole[startOf(s)] = append(whole[startOf(s)], s)
		}
	}
	return slices.DeleteFunc(slices.Clone(sessions), func(s call.Session) bool {
		return lacks[s] && slices.ContainsFunc(whole[startOf(s)], func(w call.Session) bool { return !s.Finished || w.LeftAt.Equal(s.LeftAt) })
	})
}

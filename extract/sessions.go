package extract

import (
	"cmp"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// sessionSet joins the sessions of several windows and pages. A session that
// spans windows comes with each of them; of one seen both open and ended, as
// happens when it ends while a pass is asking, the ended one stays.
type sessionSet struct{ rows map[sessionKey]call.Session }

// sessionKey names a session. The vendor gives it no id: a user may have two
// that begin in the same second, which then differ in their end.
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

// sessionStart names what the readings of one stay have in common, whether it had
// ended by then or not.
type sessionStart struct {
	user   string
	joined int64 // Unix seconds
}

func startOf(x call.Session) sessionStart { return sessionStart{x.UserID, x.JoinedAt.Unix()} }

func (s *sessionSet) add(sessions []call.Session) {
	if s.rows == nil {
		s.rows = map[sessionKey]call.Session{}
	}
	for _, x := range sessions {
		s.rows[keyOf(x)] = x
	}
}

func (s *sessionSet) has(x call.Session) bool {
	_, ok := s.rows[keyOf(x)]
	return ok
}

func (s *sessionSet) remove(x call.Session) { delete(s.rows, keyOf(x)) }

// mergeSessions joins what is held with what came.
func mergeSessions(held, came []call.Session) []call.Session {
	if len(came) == 0 {
		return held
	}
	var all sessionSet
	all.add(held)
	all.add(came)
	return all.list()
}

// list is the sessions in the order of time.
func (s *sessionSet) list() []call.Session {
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

func allLeft(sessions []call.Session) bool {
	return !slices.ContainsFunc(sessions, func(s call.Session) bool { return !s.Finished })
}

// distinctUsers lists the users in the order of their first session.
func distinctUsers(sessions []call.Session) []string {
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

package decide

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// overlap is how long a user must have been in a call, together with the peer if there is
// one, before the vendor must have samples: three of its intervals. For a shorter presence
// null is an answer.
const overlap = 6 * time.Second

// Presence is who was in a call: the sessions of each user.
type Presence map[string][]call.Session

// PresenceOf groups sessions by user.
func PresenceOf(sessions []call.Session) Presence {
	p := Presence{}
	for _, s := range sessions {
		p[s.UserID] = append(p[s.UserID], s)
	}
	return p
}

// samplesDue reports whether the vendor must have samples of the user within w, from the
// peer unless that is empty. Then null is a mistake.
func (p Presence) samplesDue(user, peer string, w call.Window) bool {
	for _, s := range p[user] {
		there := within(s, w)
		if peer == "" && there.End.Sub(there.Start) >= overlap {
			return true
		}
		if peer == "" {
			continue
		}
		for _, s := range p[peer] {
			if both := within(s, there); both.End.Sub(both.Start) >= overlap {
				return true
			}
		}
	}
	return false
}

// eventsLikely reports whether the user was in the call within w. Then there may be events,
// and there must be if a session began or ended.
func (p Presence) eventsLikely(user string, w call.Window) bool {
	for _, s := range p[user] {
		if there := within(s, w); !there.End.Before(there.Start) {
			return true
		}
	}
	return false
}

// entered returns when the user's first session that began within w began, or the zero
// time. The event log has at least that event.
func (p Presence) entered(user string, w call.Window) (first time.Time) {
	for _, s := range p[user] {
		if !s.JoinedAt.Before(w.Start) && !s.JoinedAt.After(w.End) && (first.IsZero() || s.JoinedAt.Before(first)) {
			first = s.JoinedAt
		}
	}
	return first
}

// within returns the part of w that a session covers; the end is before the start if there
// is none.
func within(s call.Session, w call.Window) call.Window {
	w.Start = Later(w.Start, s.JoinedAt)
	if !s.LeftAt.IsZero() {
		w.End = Earlier(w.End, s.LeftAt)
	}
	return w
}

package extract

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// overlap is how long a user must have been in a call, together with the peer
// if there is one, for the vendor to have samples: three of its intervals. Null
// for less is believed.
const overlap = 6 * time.Second

// BelieveAfter is the number of passes in which the vendor must have answered
// null where data is due for that to be taken as an answer.
const BelieveAfter = 3

// believes says whether null where data is due is an answer by now.
func (c *callPass) believes() bool { return c.attempts >= BelieveAfter }

// null is the error of an answer without which nothing else can be asked for,
// and which is null where data is due.
func (c *callPass) null() error {
	if c.believes() {
		return errSuspect
	}
	return errWanting
}

// settledPart is what of w the vendor's answers no longer change about: what is
// due only since may be late.
func (c *callPass) settledPart(w call.Window) call.Window {
	return call.Window{Start: w.Start, End: earlier(w.End, c.settledUntil(c.asked))}
}

// byUser sorts sessions by their users.
func byUser(sessions []call.Session) map[string][]call.Session {
	stays := map[string][]call.Session{}
	for _, s := range sessions {
		stays[s.UserID] = append(stays[s.UserID], s)
	}
	return stays
}

// due says whether samples of the user, from the peer unless that is empty, are
// due within w: whether null must be a mistake.
func (c *callPass) due(user, peer string, w call.Window) bool {
	for _, s := range c.there[user] {
		both := c.within(s, w)
		if peer == "" && both.End.Sub(both.Start) >= overlap {
			return true
		}
		if peer == "" {
			continue
		}
		for _, p := range c.there[peer] {
			if shared := c.within(p, both); shared.End.Sub(shared.Start) >= overlap {
				return true
			}
		}
	}
	return false
}

// within cuts a session to w; the end is before the start if nothing is left.
func (c *callPass) within(s call.Session, w call.Window) call.Window {
	w.Start = later(w.Start, s.JoinedAt)
	if !s.LeftAt.IsZero() {
		w.End = earlier(w.End, s.LeftAt)
	}
	return w
}

// eventful says whether the user was in the call within w: then there may be
// events, and there are if a session began or ended.
func (c *callPass) eventful(user string, w call.Window) bool {
	for _, s := range c.there[user] {
		if both := c.within(s, w); !both.End.Before(both.Start) {
			return true
		}
	}
	return false
}

// entered is when the first session of the user began that began within w, zero
// if none did: the log has at least that.
func (c *callPass) entered(user string, w call.Window) (first time.Time) {
	for _, s := range c.there[user] {
		if !s.JoinedAt.Before(w.Start) && !s.JoinedAt.After(w.End) && (first.IsZero() || s.JoinedAt.Before(first)) {
			first = s.JoinedAt
		}
	}
	return first
}

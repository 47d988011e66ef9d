package decide

import (
	"fmt"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// mostOfEndless is how many sessions are taken of a window whose list has no end.
const mostOfEndless = 20

// UserList is what the vendor says of a call's sessions, window by window.
type UserList struct {
	Window     call.Window    // asked for; zero: nothing was
	Sessions   []call.Session // as of Judge
	Incomplete []call.Session // of these, those that lack some value
	Unreadable []call.Session // stand for sessions that cannot be read: their users are asked about, and they are not archived
	Unnamed    []call.Window  // in which somebody was of whom not even the id is known
	Responses  []uint64
	BrokenFrom time.Time // from when on it is not whole; zero: it is
	Reason     string    // why it is not

	call    *Call
	all     SessionSet
	news    []call.Session                 // of the window being read: sessions that no other had
	endless map[call.Window][]call.Session // the first sessions of windows whose list has no end
	short   []shortWindow
	totals  map[int]bool // the vendor's Totals of windows, each at its most
	told    int          // windows that have told one
	most    int          // the greatest
}

// shortWindow is a window of which fewer sessions came than the vendor's Total says.
type shortWindow struct {
	call.Window
	total, received int
}

// NewUserList begins the list, and tells the windows to ask for, of at most longest:
// none if the archive holds the list for good. seen are sessions that another answer
// has shown.
func (c *Call) NewUserList(seen []call.Session, longest time.Duration) (*UserList, []call.Window) {
	l := &UserList{call: c, totals: map[int]bool{}, endless: map[call.Window][]call.Session{}}
	w := c.Alive
	if held := c.heldUntil(call.PartUsers, ""); held > 0 {
		w.Start = Later(w.Start, second(held))
	}
	if !w.Start.Before(w.End) {
		return l, nil
	}
	l.Window = w
	l.all.Add(c.Held.Sessions)
	l.all.Add(seen)
	return l, plan.Slices(w.Start, w.End, longest)
}

// BeginWindow says that the pages of a window come next.
func (l *UserList) BeginWindow() { l.news = nil }

// Page adds the sessions of a page, and returns their names, "" for those that
// cannot be read, and how many no page has shown before. Whom a row names that
// cannot be read is asked about all the same.
func (l *UserList) Page(w call.Window, sessions []call.Session, info transform.Info) (keys []string, news int) {
	l.most = max(l.most, info.Total)
	for _, d := range info.Damage {
		l.damage(w, d)
	}
	for _, s := range sessions {
		if why := l.call.implausible(s, w); why != "" {
			l.damage(w, transform.Damage{What: "session", User: s.UserID, Problem: why, Session: &s})
			continue
		}
		if keys = append(keys, fmt.Sprint(keyOf(s))); !l.all.Has(s) {
			news++
			l.news = append(l.news, s)
		}
		l.all.Add([]call.Session{s})
	}
	l.Incomplete = append(l.Incomplete, IncompleteOf(info.Damage)...)
	for len(keys) < info.Received {
		keys = append(keys, "")
	}
	return keys, news
}

// IncompleteOf returns the sessions of an answer that are there without some value.
func IncompleteOf(damage []transform.Damage) (sessions []call.Session) {
	for _, d := range damage {
		if d.Kept && d.Session != nil {
			sessions = append(sessions, *d.Session)
		}
	}
	return sessions
}

// EndWindow notes what the pages of a window come to: the vendor's Total, if it has
// told one that counts the list, and the rows received. short says that these are
// fewer.
func (l *UserList) EndWindow(w call.Window, total int, told bool, received int, short bool) {
	if short {
		l.short = append(l.short, shortWindow{w, total, received})
	}
	if l.most = max(l.most, total); told {
		l.totals[total], l.told = true, l.told+1
	}
}

// EndlessWindow forgets what a window has shown whose list has no end: it comes with
// the halves, if these have one.
func (l *UserList) EndlessWindow(w call.Window) {
	for _, s := range l.news {
		l.all.remove(s)
	}
	l.endless[w] = l.news[:min(mostOfEndless, len(l.news))]
}

// Miss notes a window that could not be had. Of one whose list has no end some are
// taken; who else was in it is not to be found.
func (l *UserList) Miss(w call.Window, f Failure, endless bool) {
	l.MissSome(w, f)
	if endless {
		l.all.Add(l.endless[w])
	} else {
		l.Unnamed = append(l.Unnamed, w)
	}
}

// MissSome notes a window of which something could not be had.
func (l *UserList) MissSome(w call.Window, f Failure) {
	l.breaks(w.Start, f.Reason)
	l.call.Miss(call.PartUsers, WindowKey(w), w.Start, f)
}

// breaks notes that the list is not whole from a moment on.
func (l *UserList) breaks(from time.Time, reason string) {
	if l.BrokenFrom.IsZero() || from.Before(l.BrokenFrom) {
		l.BrokenFrom = from
	}
	if l.Reason == "" {
		l.Reason = reason
	}
}

// damage notes a row of the list that is damaged.
func (l *UserList) damage(w call.Window, d transform.Damage) {
	if d.What == "total" {
		return // it is judged by the pages
	}
	l.breaks(w.Start, DamageText(d))
	l.call.Miss(call.PartUsers, WindowKey(w)+" "+d.User, w.Start, Damaged(d))
	switch {
	case d.Kept:
	case d.Session == nil || d.Session.UserID == "":
		l.Unnamed = append(l.Unnamed, w)
	default:
		l.Unreadable = append(l.Unreadable, call.Session{UserID: d.Session.UserID, JoinedAt: w.Start, LeftAt: w.End, Finished: true})
	}
}

// Judge notes the windows that are short. The vendor's Total may count the whole
// call: then it is the same in all windows, and what has come of all of them together
// must come to it. ofCalls says that this is known; Judge returns whether it is now.
func (l *UserList) Judge(ofCalls bool) bool {
	n := len(l.all.rows)
	if len(l.short) > 0 && len(l.totals) == 1 && l.told > 1 && l.most <= n {
		return true
	}
	for _, s := range l.short {
		l.MissSome(s.Window, shortOf(s.received, s.total))
	}
	if ofCalls && n < l.most {
		l.MissSome(l.Window, shortOf(n, l.most))
	}
	return ofCalls
}

// Close sets Sessions: what has come, but for what lacks some value and has come
// whole as well.
func (l *UserList) Close() {
	l.Sessions = withoutMended(l.all.List(), l.Incomplete)
}

// Add adds sessions that other answers have brought, and those of them that lack
// some value.
func (l *UserList) Add(sessions, incomplete []call.Session) {
	l.Incomplete = append(l.Incomplete, incomplete...)
	l.Sessions = withoutMended(MergeSessions(l.Sessions, sessions), l.Incomplete)
}

// Names returns the users of the list so far.
func (l *UserList) Names() []string { return DistinctUsers(l.all.List()) }

// WholeList returns the list where one answer has brought all of it.
func (c *Call) WholeList(w call.Window, sessions []call.Session, responses []uint64) *UserList {
	var all SessionSet
	all.Add(sessions)
	return &UserList{call: c, Window: w, Sessions: all.List(), Responses: responses}
}

func shortOf(received, total int) Failure {
	reason := fmt.Sprintf("the user list is short: %d sessions of %d", received, total)
	return Failure{Reason: reason, Cause: reason}
}

// WindowKey names a window.
func WindowKey(w call.Window) string { return fmt.Sprintf("%d-%d", w.Start.Unix(), w.End.Unix()) }

// implausible says why a session cannot be what was asked for: its times are not
// of the window, or not of the call.
func (c *Call) implausible(s call.Session, w call.Window) string {
	const slack = 10 * time.Minute // clocks differ
	switch {
	case s.JoinedAt.After(w.End.Add(slack)):
		return "JoinTs is after what was asked for"
	case s.Finished && s.LeftAt.Before(w.Start.Add(-slack)):
		return "LeaveTs is before what was asked for"
	case c.RowProblem == "" && s.JoinedAt.Before(c.Room.CreatedAt.Add(-leftAfter)):
		return "JoinTs is long before the call"
	case s.Finished && s.LeftAt.After(c.Asked.Add(leftAfter)), s.Finished && c.Room.Finished && s.LeftAt.After(Destroyed(c.Room).Add(leftAfter)):
		return "LeaveTs is long after the call"
	}
	return ""
}

// UsersPart returns what the part of the list owns, up to where it is settled: from where
// on the list is not whole, nothing of it is.
func (c *Call) UsersPart(l *UserList) (owned call.Owned, settledTo uint32) {
	owned = call.Owned{From: uint32(l.Window.Start.Unix()), To: uint32(l.Window.End.Unix())}
	if held := c.heldUntil(call.PartUsers, ""); held >= owned.From {
		owned.From = held + 1
	}
	if settledTo = c.SettledTo; settledTo == call.Forever {
		owned.To = call.Forever
	}
	if !l.BrokenFrom.IsZero() {
		settledTo = min(settledTo, uint32(l.BrokenFrom.Unix())-1)
	}
	return owned, settledTo
}

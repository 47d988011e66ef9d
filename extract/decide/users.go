package decide

import (
	"fmt"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// mostOfEndless is the number of sessions that are kept of a window whose list has no end.
const mostOfEndless = 20

// UserList is the vendor's list of a call's sessions, window by window.
type UserList struct {
	Window     call.Window    // the window that was asked for; zero: none was
	Sessions   []call.Session // set by Judge
	Incomplete []call.Session // those of Sessions that lack a value
	Unreadable []call.Session // stand for sessions that cannot be read: their users are asked about, but the sessions are not archived
	Unnamed    []call.Window  // windows with a user whose id cannot be read
	Responses  []uint64
	BrokenFrom time.Time // the list is not whole from this time on; zero: it is whole
	Reason     string    // why it is not whole

	call      *Call
	all       SessionSet
	news      []call.Session                 // sessions of the current window that no earlier window had
	endless   map[call.Window][]call.Session // the first sessions of windows whose list has no end
	short     []shortWindow
	totals    map[int]bool // the vendor's Totals of windows, the greatest of each
	withTotal int          // number of windows with a Total
	most      int          // the greatest Total
}

// shortWindow is a window with fewer sessions than the vendor's Total.
type shortWindow struct {
	call.Window
	total, received int
}

// NewUserList returns an empty list, and the windows to ask for, of at most longest. There
// are none if the archive's list is settled. seen are sessions that another answer had.
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

// BeginWindow begins a window. Its pages follow.
func (l *UserList) BeginWindow() { l.news = nil }

// Page adds the sessions of a page. It returns their names ("" for unreadable ones) and the
// number of sessions that are new. The pass also asks about users whose row cannot be read.
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

// IncompleteOf returns the sessions of an answer that lack a value.
func IncompleteOf(damage []transform.Damage) (sessions []call.Session) {
	for _, d := range damage {
		if d.Kept && d.Session != nil {
			sessions = append(sessions, *d.Session)
		}
	}
	return sessions
}

// EndWindow ends a window. total is the vendor's Total; hasTotal means that it gave one which
// counts the list. received is the number of rows, and short means that it is less than
// total.
func (l *UserList) EndWindow(w call.Window, total int, hasTotal bool, received int, short bool) {
	if short {
		l.short = append(l.short, shortWindow{w, total, received})
	}
	if l.most = max(l.most, total); hasTotal {
		l.totals[total], l.withTotal = true, l.withTotal+1
	}
}

// EndlessWindow drops the sessions of a window whose list has no end. Its halves have them,
// if their lists end.
func (l *UserList) EndlessWindow(w call.Window) {
	for _, s := range l.news {
		l.all.remove(s)
	}
	l.endless[w] = l.news[:min(mostOfEndless, len(l.news))]
}

// Miss notes a window that failed. If its list has no end, some of its sessions are kept;
// nobody can know the others.
func (l *UserList) Miss(w call.Window, f Failure, endless bool) {
	l.MissSome(w, f)
	if endless {
		l.all.Add(l.endless[w])
	} else {
		l.Unnamed = append(l.Unnamed, w)
	}
}

// MissSome notes a window that is not whole.
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

// damage notes a damaged row of the list.
func (l *UserList) damage(w call.Window, d transform.Damage) {
	if d.What == "total" {
		return // the pages decide
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

// Judge notes the windows that are short. The vendor's Total may count the whole call: then
// it is the same in all windows, and all windows together must reach it. ofCalls means that
// this is known already. Judge returns whether it is known now.
func (l *UserList) Judge(ofCalls bool) bool {
	n := len(l.all.rows)
	if len(l.short) > 0 && len(l.totals) == 1 && l.withTotal > 1 && l.most <= n {
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

// Close sets Sessions. It leaves out incomplete sessions that also came whole.
func (l *UserList) Close() {
	l.Sessions = withoutMended(l.all.List(), l.Incomplete)
}

// Add adds sessions of other answers, and those of them that lack a value.
func (l *UserList) Add(sessions, incomplete []call.Session) {
	l.Incomplete = append(l.Incomplete, incomplete...)
	l.Sessions = withoutMended(MergeSessions(l.Sessions, sessions), l.Incomplete)
}

// Names returns the users of the list so far.
func (l *UserList) Names() []string { return DistinctUsers(l.all.List()) }

// WholeList returns a list that one answer has in full.
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

// implausible returns why a session cannot answer the question, because its times are
// outside the window or the call. It returns "" if it can.
func (c *Call) implausible(s call.Session, w call.Window) string {
	const slack = 10 * time.Minute // clocks differ
	switch {
	case s.JoinedAt.After(w.End.Add(slack)):
		return "JoinTs is after the window of the request"
	case s.Finished && s.LeftAt.Before(w.Start.Add(-slack)):
		return "LeaveTs is before the window of the request"
	case c.RowProblem == "" && s.JoinedAt.Before(c.Room.CreatedAt.Add(-leftAfter)):
		return "JoinTs is long before the call"
	case s.Finished && s.LeftAt.After(c.Asked.Add(leftAfter)), s.Finished && c.Room.Finished && s.LeftAt.After(Destroyed(c.Room).Add(leftAfter)):
		return "LeaveTs is long after the call"
	}
	return ""
}

// UsersPart returns the seconds that the part of the list owns, and up to where they are
// settled: the list is not settled from where it is not whole.
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

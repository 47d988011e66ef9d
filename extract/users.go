package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// userList is what the vendor said of a call's sessions.
type userList struct {
	window    call.Window // asked for; zero: nothing was
	sessions  []call.Session
	kept      []call.Session // of these, those that lack something
	ghosts    []call.Session // of users whose stay cannot be read: asked about, not archived
	strangers []call.Window  // in which somebody was of whom not even the id is known
	responses []uint64
	broken    time.Time // from when on it is not whole; zero: it is
	reason    string    // why it is not
}

// spoil notes that the list is not whole from a moment on.
func (l *userList) spoil(from time.Time, reason string) {
	if l.broken.IsZero() || from.Before(l.broken) {
		l.broken = from
	}
	if l.reason == "" {
		l.reason = reason
	}
}

const (
	// mostUserPages is how many pages the user list of a window may have before it
	// is asked for in smaller ones.
	mostUserPages = 200

	// leastUsers is the smallest window that a user list is divided into.
	leastUsers = 5 * time.Minute

	// endlessSessions is how many sessions are kept of a window whose list has no
	// end.
	endlessSessions = 20

	// otherUsers is the window of a pass that asks otherwise than usual.
	otherUsers = 50 * time.Minute
)

// usersRead is the user list of a call being read.
type usersRead struct {
	*callPass
	list  *userList
	all   sessionSet
	came  []call.Session                 // with the window being read: those that no other had
	first map[call.Window][]call.Session // of windows whose list has no end
	short []shortList

	totals map[int]bool // what windows have said, each at its most
	said   int          // windows that have said one
	most   int          // the greatest
}

// shortList is a window of which less came than the vendor's Total says.
type shortList struct {
	call.Window
	total, received int
}

// askUsers asks for the sessions of a call, but for those that ended while the
// archive holds them for good. seen are sessions that another answer has shown
// already. Windows that cannot be had are set aside; the error is what makes all
// further work pointless.
func (c *callPass) askUsers(ctx context.Context, seen []call.Session) (userList, error) {
	w := c.alive
	if held := c.heldUntil(call.PartUsers, ""); held > 0 {
		w.Start = later(w.Start, time.Unix(int64(held), 0).UTC())
	}
	if !w.Start.Before(w.End) {
		return userList{}, nil
	}
	u := usersRead{callPass: c, list: &userList{window: w}, totals: map[int]bool{}, first: map[call.Window][]call.Session{}}
	u.all.add(c.known.Sessions)
	u.all.add(seen)
	for _, w := range plan.Slices(w.Start, w.End, c.usersWindow()) {
		gaps, err := divide(ctx, w, leastUsers, u.window)
		if err != nil {
			return *u.list, err
		}
		for _, gap := range gaps {
			if u.spoil(gap, gap.err); errors.Is(gap.err, errEndless) {
				u.Asker.foundEndless(u.Asker.Dialect().Users)
				u.all.add(u.first[gap.Window])
				continue // the strangers on it are not to be found
			}
			u.list.strangers = append(u.list.strangers, gap.Window)
		}
	}
	u.judge()
	if err := u.byName(ctx); err != nil {
		return *u.list, err
	}
	u.list.sessions = u.all.list()
	u.list.mend()
	return *u.list, nil
}

// mend drops the sessions that lack something and have come whole as well.
func (l *userList) mend() {
	if len(l.kept) == 0 {
		return
	}
	lacking, whole := map[call.Session]bool{}, map[sessionStart][]call.Session{}
	for _, s := range l.kept {
		lacking[s] = true
	}
	for _, s := range l.sessions {
		if !lacking[s] {
			whole[startOf(s)] = append(whole[startOf(s)], s)
		}
	}
	l.sessions = slices.DeleteFunc(slices.Clone(l.sessions), func(s call.Session) bool {
		return lacking[s] && slices.ContainsFunc(whole[startOf(s)], func(w call.Session) bool { return !s.Finished || w.LeftAt.Equal(s.LeftAt) })
	})
}

// usersWindow is how long the windows of a user list are.
func (c *callPass) usersWindow() time.Duration {
	if c.Otherwise {
		return otherUsers
	}
	return c.Asker.Dialect().MaxUsersWindow
}

// spoil sets a window of the list aside.
func (u *usersRead) spoil(w setAside, err error) {
	u.list.spoil(w.Start, err.Error())
	u.setAside(call.PartUsers, windowKey(w.Window), w.Start, err)
}

// windowKey names a window.
func windowKey(w call.Window) string { return fmt.Sprintf("%d-%d", w.Start.Unix(), w.End.Unix()) }

// window reads the list of one window.
func (u *usersRead) window(ctx context.Context, w call.Window) error {
	action := u.Asker.Dialect().Users
	list := listRead{size: u.pageSize(), fullest: u.Asker.fullest(action), mostPages: func() int { return u.Asker.listLength(action, mostUserPages) }}
	list.fetch = func(ctx context.Context, number, size int, due bool) (page, error) {
		return u.page(ctx, w, nil, number, size, due)
	}
	u.came = nil
	err := list.read(ctx)
	switch {
	case errors.Is(err, errEndless):
		for _, s := range u.came { // they come with the halves, if these have an end
			u.all.remove(s)
		}
		u.first[w] = u.came[:min(endlessSessions, len(u.came))]
		return err
	case errors.Is(err, errMoves):
		u.spoil(setAside{Window: w}, err)
		return nil
	case err == nil && list.short():
		u.short = append(u.short, shortList{w, list.total, list.received})
	}
	if u.most = max(u.most, list.total); list.counted {
		u.totals[list.total], u.said = true, u.said+1
	}
	return err
}

// judge sets the windows aside that are short. The vendor's Total may count the
// whole call: then it is the same in all windows, and what has come of all of them
// together must come to it.
func (u *usersRead) judge() {
	n := len(u.all.rows)
	if len(u.short) > 0 && len(u.totals) == 1 && u.said > 1 && u.most <= n {
		u.Asker.countCalls()
		return
	}
	for _, s := range u.short {
		u.spoil(setAside{Window: s.Window}, shortError(s.received, s.total))
	}
	if u.Asker.totalOfCalls() && n < u.most {
		u.spoil(setAside{Window: u.list.window}, shortError(n, u.most))
	}
}

func shortError(received, total int) error {
	return fmt.Errorf("the user list is short: %d sessions of %d", received, total)
}

// byName asks a pass that asks otherwise for the users by their names.
func (u *usersRead) byName(ctx context.Context) error {
	if !u.Otherwise {
		return nil
	}
	for names := range slices.Chunk(distinctUsers(u.all.list()), trtc.MaxSeriesUsers) {
		for _, w := range plan.Slices(u.list.window.Start, u.list.window.End, u.Asker.Dialect().MaxUsersWindow) {
			list := listRead{size: trtc.MaxPageSize, fullest: u.Asker.fullest(u.Asker.Dialect().Users), mostPages: func() int { return mostUserPages }}
			list.fetch = func(ctx context.Context, number, size int, due bool) (page, error) {
				return u.page(ctx, w, names, number, size, false)
			}
			if err := list.read(ctx); fatal(err) {
				return err
			} else if err != nil {
				u.spoil(setAside{Window: w}, err)
			}
		}
	}
	return nil
}

// page reads a page of the list.
func (u *usersRead) page(ctx context.Context, w call.Window, names []string, number, size int, due bool) (page, error) {
	var sessions []call.Session
	var info transform.Info
	build := func(w call.Window) trtc.Request {
		return u.Asker.Dialect().UserList(u.App, u.room.CommID, w, names, number, size)
	}
	k, err := u.ask(ctx, w, build, func(body []byte) (err error) {
		var d transform.Decoder
		sessions, info, err = d.Users(body, nil)
		switch {
		case err != nil:
			return err
		case info.List == transform.ListAbsent || info.List == transform.ListWrong:
			return noList("UserList", info)
		case info.Received == 0 && due && info.HasTotal && info.Total > 0:
			return u.null()
		case info.Received == 0 && due && info.List != transform.ListPresent:
			return errSuspect
		}
		return damaged(info.Damage)
	})
	u.list.responses = append(u.list.responses, k.ids()...)
	if err != nil {
		return page{}, err
	}
	return u.add(w, sessions, info), nil
}

// add adds the sessions of a page. Who is named by a row that cannot be read is
// asked about all the same.
func (u *usersRead) add(w call.Window, sessions []call.Session, info transform.Info) page {
	pg := page{total: info.Total, hasTotal: info.HasTotal && !u.Asker.totalOfCalls()}
	u.most = max(u.most, info.Total)
	u.rep.repeated(info.Repeated)
	for _, d := range info.Damage {
		u.damage(w, d)
	}
	for _, s := range sessions {
		if why := u.implausible(s, w); why != "" {
			u.damage(w, transform.Damage{What: "session", User: s.UserID, Problem: why, Session: &s})
			continue
		}
		pg.keys = append(pg.keys, fmt.Sprint(keyOf(s)))
		if !u.all.has(s) {
			pg.fresh++
			u.came = append(u.came, s)
		}
		u.all.add([]call.Session{s})
	}
	u.list.kept = append(u.list.kept, keptOf(info.Damage)...)
	for len(pg.keys) < info.Received {
		pg.keys = append(pg.keys, "")
	}
	return pg
}

// damage sets a row of the list aside.
func (u *usersRead) damage(w call.Window, d transform.Damage) {
	if d.What == "total" {
		return // it is judged by the pages
	}
	u.list.spoil(w.Start, damageText(d))
	u.setAside(call.PartUsers, windowKey(w)+" "+d.User, w.Start, oddPiece(d))
	switch {
	case d.Kept:
	case d.Session == nil || d.Session.UserID == "":
		u.list.strangers = append(u.list.strangers, w)
	default:
		u.list.ghosts = append(u.list.ghosts, call.Session{UserID: d.Session.UserID, JoinedAt: w.Start, LeftAt: w.End, Finished: true})
	}
}

// implausible says why a session cannot be what was asked for: its times are not
// of the window, or not of the call.
func (u *usersRead) implausible(s call.Session, w call.Window) string {
	const slack = 10 * time.Minute // clocks differ
	switch {
	case s.JoinedAt.After(w.End.Add(slack)):
		return "JoinTs is after what was asked for"
	case s.Finished && s.LeftAt.Before(w.Start.Add(-slack)):
		return "LeaveTs is before what was asked for"
	case u.odd == "" && s.JoinedAt.Before(u.room.CreatedAt.Add(-leftFor)):
		return "JoinTs is long before the call"
	case s.Finished && s.LeftAt.After(u.asked.Add(leftFor)), s.Finished && u.room.Finished && s.LeftAt.After(destroyed(u.room).Add(leftFor)):
		return "LeaveTs is long after the call"
	}
	return ""
}

// addUsers adds the sessions that the archive does not hold for good: those
// that ended long enough ago to the settled part, the others to the open one. From
// where on the list is not whole, nothing of it is settled.
func (c *callPass) addUsers(ctx context.Context, list userList) error {
	if list.window.Start.IsZero() {
		return nil
	}
	var known sessionSet
	known.add(c.known.Sessions)
	cut, first, last := c.cut, uint32(list.window.Start.Unix()), uint32(list.window.End.Unix())
	if held := c.heldUntil(call.PartUsers, ""); held >= first {
		first = held + 1
	}
	if cut == call.Forever {
		last = call.Forever
	}
	if !list.broken.IsZero() {
		shown, before, err := c.showing(ctx, call.PartUsers, []call.Owned{{From: first, To: last}})
		if err != nil {
			return err
		}
		list.responses = slices.Concat(before, list.responses)
		list.sessions = withOthers(list.sessions, shown.Sessions)
		cut = min(cut, uint32(list.broken.Unix())-1)
	}
	settled, open := splitSessions(list.sessions, cut, &known)
	a := addition{kind: call.PartUsers, window: list.window, responses: list.responses, reason: list.reason, cut: cut}
	return c.addBoth(ctx, a, []call.Owned{{From: first, To: last}}, c.rows(call.Rows{Sessions: settled}), c.rows(call.Rows{Sessions: open}))
}

// withOthers adds to sessions those that were shown of other stays.
func withOthers(sessions, shown []call.Session) []call.Session {
	have := map[sessionStart]bool{}
	for _, s := range sessions {
		have[startOf(s)] = true
	}
	for _, s := range shown {
		if !have[startOf(s)] {
			sessions = append(sessions, s)
		}
	}
	return sessions
}

// addition is what the settled and the open part of an answer have in common.
type addition struct {
	kind      call.PartKind
	key       string
	window    call.Window
	responses []uint64
	reason    string // why the open part is not whole
	cut       uint32 // what came up to it is settled
}

// addBoth adds the settled and the open part of an answer, each with its rows
// and the seconds that are its own.
func (c *callPass) addBoth(ctx context.Context, a addition, owned []call.Owned, settled, open call.Rows) error {
	var past, present []call.Owned
	for _, o := range owned {
		s, n, hasSettled, hasOpen := owns(o, a.cut)
		if hasSettled {
			past = append(past, s)
		}
		if hasOpen {
			present = append(present, n)
		}
	}
	for _, half := range []struct {
		settled bool
		reason  string
		owned   []call.Owned
		rows    call.Rows
	}{{true, "", past, settled}, {false, a.reason, present, open}} {
		if len(half.owned) == 0 {
			continue
		}
		p := c.part(a.kind, a.key, a.window)
		p.Settled, p.Reason, p.Owned, p.Responses = half.settled, half.reason, half.owned, a.responses
		if err := c.Archive.Add(ctx, c.unit, p, half.rows); err != nil {
			return archiveError{err}
		}
	}
	return nil
}

// owns are the seconds up to a cut and those after it; hasSettled and hasOpen say
// which of them there are.
func owns(o call.Owned, cut uint32) (settled, open call.Owned, hasSettled, hasOpen bool) {
	settled = call.Owned{User: o.User, From: o.From, To: min(o.To, cut)}
	open = call.Owned{User: o.User, From: max(o.From, min(cut, call.Forever-1)+1), To: o.To}
	return settled, open, o.From <= cut, cut < o.To
}

// splitSessions divides the sessions that are not known at a second: those that
// ended by then, and those that ended later or have not ended.
func splitSessions(sessions []call.Session, cut uint32, known *sessionSet) (settled, open []call.Session) {
	for _, s := range sessions {
		switch {
		case known.has(s):
		case cut == call.Forever || s.Finished && s.LeftAt.Unix() <= int64(cut):
			settled = append(settled, s)
		default:
			open = append(open, s)
		}
	}
	return settled, open
}

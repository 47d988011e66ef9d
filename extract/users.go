package extract

import (
	"context"
	"fmt"
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
	responses []uint64
}

// askUsers asks for the sessions of a call, but for those that ended while the
// archive holds them for good, and holds them against the vendor's Total.
// Whether that counts users or sessions, of a window or of the call, it is
// never more than all sessions of the call. seen are sessions that another
// answer has shown already.
func (c *callPass) askUsers(ctx context.Context, seen []call.Session) (userList, error) {
	w := c.alive
	if held := c.heldUntil(call.PartUsers, ""); held > 0 {
		w.Start = later(w.Start, time.Unix(int64(held), 0).UTC())
	}
	if !w.Start.Before(w.End) {
		return userList{}, nil
	}
	list := userList{window: w}
	var all sessionSet
	all.add(c.known.Sessions)
	all.add(seen)
	total := 0
	for _, w := range plan.Slices(w.Start, w.End, c.Asker.Dialect().MaxUsersWindow) {
		said, err := c.userPages(ctx, w, &all, &list)
		if err != nil {
			return list, err
		}
		total = max(total, said)
	}
	if n := len(all.rows); n < total {
		return list, fmt.Errorf("user list is short: %d sessions of %d", n, total)
	}
	list.sessions = all.list()
	return list, nil
}

// userPages reads the pages of one window until one is short, and returns the
// greatest Total said.
func (c *callPass) userPages(ctx context.Context, w call.Window, all *sessionSet, list *userList) (total int, err error) {
	for page, rows := 0, 0; ; page++ {
		var sessions []call.Session
		build := func(w call.Window) trtc.Request { return c.Asker.Dialect().UserList(c.App, c.room.CommID, w, page) }
		id, err := c.ask(ctx, w, build, func(body []byte) error {
			var d transform.Decoder
			var info transform.Info
			var err error
			sessions, info, err = d.Users(body, nil)
			if err == nil {
				total = max(total, info.Total)
			}
			if err == nil && len(sessions) == 0 && rows < info.Total {
				return c.null()
			}
			if err == nil && len(sessions) == 0 && info.List != transform.ListPresent {
				return errSuspect
			}
			return err
		})
		if err != nil {
			return 0, err
		}
		list.responses = append(list.responses, id)
		all.add(sessions)
		rows += len(sessions)
		if len(sessions) < trtc.MaxPageSize {
			return total, nil
		}
	}
}

// addUsers adds the sessions that the archive does not hold for good: those
// that ended long enough ago to the settled part, the others to the open one.
func (c *callPass) addUsers(ctx context.Context, list userList) error {
	if list.window.Start.IsZero() {
		return nil
	}
	var known sessionSet
	known.add(c.known.Sessions)
	settled, open := splitSessions(list.sessions, c.cut, &known)
	first, last := uint32(list.window.Start.Unix()), uint32(list.window.End.Unix())
	if held := c.heldUntil(call.PartUsers, ""); held >= first {
		first = held + 1
	}
	if c.cut == call.Forever {
		last = call.Forever
	}
	return c.addBoth(ctx, call.PartUsers, "", list.window, list.responses, []call.Owned{{From: first, To: last}},
		c.rows(call.Rows{Sessions: settled}), c.rows(call.Rows{Sessions: open}))
}

// addBoth adds the settled and the open part of an answer, each with its rows
// and the seconds that are its own.
func (c *callPass) addBoth(ctx context.Context, kind call.PartKind, key string, w call.Window, responses []uint64, owned []call.Owned, settled, open call.Rows) error {
	var past, present []call.Owned
	for _, o := range owned {
		s, n, hasSettled, hasOpen := c.owns(o.User, o.From, o.To)
		if hasSettled {
			past = append(past, s)
		}
		if hasOpen {
			present = append(present, n)
		}
	}
	for _, half := range []struct {
		settled bool
		owned   []call.Owned
		rows    call.Rows
	}{{true, past, settled}, {false, present, open}} {
		if len(half.owned) == 0 {
			continue
		}
		p := c.part(kind, key, w)
		p.Settled, p.Owned, p.Responses = half.settled, half.owned, responses
		if err := c.Archive.Add(ctx, c.unit, p, half.rows); err != nil {
			return archiveError{err}
		}
	}
	return nil
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

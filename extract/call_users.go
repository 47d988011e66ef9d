package extract

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

const (
	// mostUserPages bounds the pages of the user list of a window. A longer list is asked
	// for in smaller windows.
	mostUserPages = 200

	// leastUsers is the smallest window into which a user list is divided.
	leastUsers = 5 * time.Minute

	// compareUsers is the longest window of a user list in a pass that compares.
	compareUsers = 50 * time.Minute
)

// usersAfter returns the list of users: the first answer's if it is complete.
func (c *callPass) usersAfter(ctx context.Context, first *firstAnswer) (*decide.UserList, error) {
	switch {
	case first == nil:
		return c.askUsers(ctx, nil)
	case first.complete:
		return c.call.WholeList(first.window, first.sessions, first.responses), nil
	}
	first.release()
	return c.askUsers(ctx, first.whole())
}

// askUsers asks for the sessions of a call, except for the time in which the archive's
// sessions are settled. seen are sessions that another answer had. Windows that fail are
// noted as missing. An error means that the pass must end.
func (c *callPass) askUsers(ctx context.Context, seen []call.Session) (*decide.UserList, error) {
	asker := c.pass.Asker
	list, windows := c.call.NewUserList(seen, c.usersWindow())
	for _, w := range windows {
		gaps, err := ask.Divide(w, ask.HalvesDownTo(leastUsers), func(w call.Window) error { return c.usersOf(ctx, list, w) })
		if err != nil {
			return list, err
		}
		for _, gap := range gaps {
			endless := errors.Is(gap.Err, ask.ErrEndless)
			if list.Miss(gap.Of, failureOf(gap.Err), endless); endless {
				asker.FoundEndless(asker.Dialect().Users)
			}
		}
	}
	if len(windows) == 0 {
		return list, nil
	}
	asker.FoundTotalsOfCalls(list.Judge(asker.TotalsCountCalls()))
	if c.pass.Compare != nil {
		if err := c.usersByName(ctx, list); err != nil {
			return list, err
		}
	}
	list.Close()
	return list, nil
}

// usersWindow returns the longest window of a user list.
func (c *callPass) usersWindow() time.Duration {
	if c.pass.Compare != nil {
		return compareUsers
	}
	return c.pass.Asker.Dialect().MaxUsersWindow
}

// usersOf reads the list of one window.
func (c *callPass) usersOf(ctx context.Context, l *decide.UserList, w call.Window) error {
	list := c.userPages(l, w, nil, c.pass.pageSize())
	l.BeginWindow()
	err := list.Read(ctx)
	switch {
	case errors.Is(err, ask.ErrEndless):
		l.EndlessWindow(w)
		return err
	case errors.Is(err, ask.ErrMoves):
		l.MissSome(w, failureOf(err))
		return nil
	}
	l.EndWindow(w, list.Total, list.Counted, list.Received, err == nil && list.Short())
	return err
}

// userPages returns the list of a window: of the named users, or of all users if names is
// empty.
func (c *callPass) userPages(l *decide.UserList, w call.Window, names []string, size int) ask.List {
	return ask.List{Asker: c.pass.Asker, Action: c.pass.Asker.Dialect().Users, Size: size, Most: mostUserPages,
		Fetch: func(ctx context.Context, number, size int, due bool) (ask.Page, error) {
			return c.userPage(ctx, l, w, names, number, size, due && names == nil)
		}}
}

// usersByName asks for the users by their names, as a pass that compares does.
func (c *callPass) usersByName(ctx context.Context, l *decide.UserList) error {
	size, dialect := trtc.MaxPageSize, c.pass.Asker.Dialect()
	if dialect.Users == dialect.Series { // whose pages are small where it is asked for users by name
		size = trtc.MaxSeriesUsers
	}
	for names := range slices.Chunk(l.Names(), trtc.MaxSeriesUsers) {
		for _, w := range plan.Slices(l.Window.Start, l.Window.End, dialect.MaxUsersWindow) {
			list := c.userPages(l, w, names, size)
			if err := list.Read(ctx); ask.Fatal(err) {
				return err
			} else if err != nil {
				l.MissSome(w, failureOf(err))
			}
		}
	}
	return nil
}

// userPage reads a page of the list.
func (c *callPass) userPage(ctx context.Context, l *decide.UserList, w call.Window, names []string, number, size int, due bool) (ask.Page, error) {
	var sessions []call.Session
	var info transform.Info
	r, err := c.ask(ctx, question{
		window: w,
		build: func(w call.Window) trtc.Request {
			return c.pass.Asker.Dialect().UserList(c.pass.App, c.unit.Key, w, names, number, size)
		},
		decode: func(body []byte) (err error) {
			var d transform.Decoder
			sessions, info, err = d.Users(body, nil)
			nothing := info.Received == 0 && due
			null := cmp.Or(ask.When(nothing && info.HasTotal && info.Total > 0, c.errNull()), ask.When(nothing && info.List != transform.ListPresent, ask.ErrNull))
			return ask.AnswerError(err, "UserList", info, null)
		},
	})
	l.Responses = append(l.Responses, r.responses()...)
	if err != nil {
		return ask.Page{}, err
	}
	c.rep.repeated(info.Repeated)
	pg := ask.Page{Total: info.Total, HasTotal: info.HasTotal && !c.pass.Asker.TotalsCountCalls()}
	pg.Keys, pg.Fresh = l.Page(w, sessions, info)
	return pg, nil
}

// addUsers adds the sessions that the archive lacks or has as open: those that ended long
// enough ago to the settled part, the others to the open one.
func (c *callPass) addUsers(ctx context.Context, list *decide.UserList) error {
	if list.Window.Start.IsZero() {
		return nil
	}
	owned, settledTo := c.call.UsersPart(list)
	part := c.call.Part(call.PartUsers, "", list.Window)
	part.Owned, part.Responses, part.Reason = []call.Owned{owned}, list.Responses, list.Reason
	sessions := list.Sessions
	if !list.BrokenFrom.IsZero() {
		visible, before, err := c.visible(ctx, call.PartUsers, part.Owned)
		if err != nil {
			return err
		}
		part.Responses = slices.Concat(before, part.Responses)
		sessions = decide.WithOthers(sessions, visible.Sessions)
	}
	var known decide.SessionSet
	known.Add(c.call.Held.Sessions)
	settled, open := decide.SplitSessions(sessions, settledTo, &known)
	return c.add(ctx, part, settledTo, c.rows(call.Rows{Sessions: settled}), c.rows(call.Rows{Sessions: open}))
}

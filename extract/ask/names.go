package ask

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// namer is a Vendor that knows persons by pseudonyms, and has learnt from answers what the
// vendor calls them. Nameless is the error of a request that names somebody else.
type namer interface {
	Nameless(r trtc.Request) error
}

// learning is what is asked for to learn names. It is safe for concurrent use.
type learning struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // by what is listed; closed when that is over
	gone map[string]bool          // what a list has not mended
}

// mostGone bounds what is remembered.
const mostGone = 10_000

// mostNamePages is how many pages of a list are read for the names on it.
const mostNamePages = 200

// name makes sure that the vendor knows whom a request names. Somebody whom the archive
// knows from an earlier pass, and no answer of this one has named, takes a request for the
// list that he was on.
func (a *Asker) name(ctx context.Context, r trtc.Request) error {
	n, ok := a.vendor.(namer)
	if !ok {
		return nil
	}
	err := n.Nameless(r)
	about := r.About()
	if err == nil || a.learning.hopeless(err, about) || ctx.Value(learningKey{}) != nil {
		return err
	}
	leave, err := a.learning.enter(ctx, fmt.Sprint(about.App, about.CommID))
	if err != nil {
		return err
	}
	defer leave()
	ctx = context.WithValue(ctx, learningKey{}, true)
	for _, list := range []struct {
		of   trtc.Request
		read func(context.Context, trtc.About) error
	}{{r.OfRooms(), a.listRooms}, {r, a.listUsers}} {
		if n.Nameless(list.of) == nil {
			continue
		}
		if err := list.read(ctx, about); err != nil {
			return err
		}
		if err := n.Nameless(list.of); err != nil {
			a.learning.giveUp(err, about)
			return err
		}
	}
	return nil
}

// learningKey marks the context of a list that is read for names: it must not wait for
// itself.
type learningKey struct{}

// listRooms reads the list of rooms around what a request is about.
func (a *Asker) listRooms(ctx context.Context, about trtc.About) error {
	w := about.Window
	if most := w.Start.Add(trtc.MaxRoomsWindow); w.End.After(most) {
		w.End = most
	}
	build := func(number, size int) trtc.Request { return a.dialect.Rooms(about.App, w, "", number, size) }
	return a.readNames(ctx, a.dialect.RoomList, build, func(d *transform.Decoder, body []byte) (keys []string, info transform.Info, err error) {
		rooms, info, err := d.Rooms(body, about.App, nil)
		for _, r := range rooms {
			keys = append(keys, r.CommID)
		}
		return keys, info, err
	})
}

// listUsers reads the lists of users of the call and window that a request is about.
func (a *Asker) listUsers(ctx context.Context, about trtc.About) error {
	longest := a.dialect.MaxUsersWindow
	for start := about.Window.Start; ; start = start.Add(longest) {
		w := call.Window{Start: start, End: about.Window.End}
		if most := start.Add(longest); w.End.After(most) {
			w.End = most
		}
		build := func(number, size int) trtc.Request {
			return a.dialect.UserList(about.App, about.CommID, w, nil, number, size)
		}
		err := a.readNames(ctx, a.dialect.Users, build, func(d *transform.Decoder, body []byte) (keys []string, info transform.Info, err error) {
			sessions, info, err := d.Users(body, nil)
			for _, s := range sessions {
				keys = append(keys, s.UserID+" "+s.JoinedAt.Format(time.RFC3339))
			}
			return keys, info, err
		})
		if err != nil || !w.End.Before(about.Window.End) {
			return err
		}
	}
}

// readNames reads a list for the names on it. That it is not whole does not matter: the
// request that needs it will say what is missing.
func (a *Asker) readNames(ctx context.Context, action string, build func(number, size int) trtc.Request, decode func(*transform.Decoder, []byte) ([]string, transform.Info, error)) error {
	list := List{Asker: a, Action: action, Size: trtc.MaxPageSize, Most: mostNamePages,
		Fetch: func(ctx context.Context, number, size int, due bool) (Page, error) {
			var p Page
			answer, err := a.Ask(ctx, build(number, size), float64(size), func(body []byte) error {
				keys, info, err := decode(new(transform.Decoder), body)
				for len(keys) < info.Received {
					keys = append(keys, "")
				}
				p = Page{Keys: keys, Total: info.Total, HasTotal: info.HasTotal && info.Total > info.Received}
				return err
			})
			discard(&answer, err)
			return p, err
		}}
	err := list.Read(ctx)
	if errors.Is(err, ErrEndless) || errors.Is(err, ErrMoves) || errors.Is(err, errSamePage) {
		return nil
	}
	return err
}

// enter waits until nobody else lists the same.
func (l *learning) enter(ctx context.Context, what string) (leave func(), err error) {
	for {
		l.mu.Lock()
		other := l.busy[what]
		if other == nil {
			over := make(chan struct{})
			l.busy[what] = over
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				delete(l.busy, what)
				close(over)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, Ended(ctx)
		}
	}
}

// hopeless says that a list has not mended an error about the same.
func (l *learning) hopeless(err error, about trtc.About) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone[fmt.Sprint(err, about)]
}

func (l *learning) giveUp(err error, about trtc.About) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.gone) >= mostGone {
		clear(l.gone)
	}
	l.gone[fmt.Sprint(err, about)] = true
}

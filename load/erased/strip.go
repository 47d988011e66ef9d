package erased

import (
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// within asks a Set about the ids of one part, each once.
type within struct {
	*Set
	app   call.AppID
	began time.Time // of the call
	users map[string]bool
}

// user reports whether a user was erased.
func (w *within) user(id string) bool {
	if id == "" {
		return false
	}
	yes, known := w.users[id]
	if !known {
		yes = w.Has(w.app, User, id, w.began)
		w.users[id] = yes
	}
	return yes
}

// Strip takes what was erased out of a part of a unit and its rows, and reports whether
// anything of the part is left. It changes the samples in place, and copies everything else
// that it changes.
func (s *Set) Strip(u call.Unit, p *call.Part, r *call.Rows) (left bool) {
	if !s.Any(u.App) {
		return true
	}
	w := &within{Set: s, app: u.App, began: r.CreatedAt, users: map[string]bool{}}
	if u.Kind == call.UnitUnusual {
		r.Unusual = w.unusual(r.Unusual)
	}
	if u.Kind == call.UnitRoomUsage {
		start, _, _ := call.SpanOf(u)
		r.Statistics = without(r.Statistics, func(x call.Statistic) bool { return w.Has(w.app, Room, x.RoomID, start) })
	}
	if u.Kind != call.UnitCall {
		return true
	}
	if s.Has(u.App, Room, roomOf(p, r), r.CreatedAt) || !w.part(p) {
		return false
	}
	w.rows(r)
	return true
}

func roomOf(p *call.Part, r *call.Rows) string {
	if r.Room != nil {
		return r.Room.RoomID
	}
	if r.RoomID != "" {
		return r.RoomID
	}
	return p.RoomID
}

// part takes the users out of a part. It is false if the part was about them alone.
func (w *within) part(p *call.Part) bool {
	p.Reason = w.Text(w.app, p.Reason)
	kept := without(p.Owned, func(o call.Owned) bool { return w.user(o.User) })
	if len(kept) == len(p.Owned) {
		return true
	}
	for _, o := range p.Owned { // a key ends with a user
		if rest, ok := strings.CutSuffix(p.Key, o.User); ok && len(kept) > 0 && w.user(o.User) {
			p.Key = rest + kept[0].User
			break
		}
	}
	p.Owned = kept
	return len(kept) > 0
}

// rows takes the users out of the rows of a call.
func (w *within) rows(r *call.Rows) {
	if r.Room != nil && w.user(r.Room.Creator) {
		room := *r.Room
		room.Creator = ""
		r.Room = &room
	}
	r.Sessions = without(r.Sessions, func(x call.Session) bool { return w.user(x.UserID) })
	r.Events = without(r.Events, func(x call.Event) bool { return w.user(x.UserID) || w.user(x.PeerID) })
	if r.Samples != nil {
		w.samples(r.Samples)
	}
}

// samples takes out whole series.
func (w *within) samples(x *call.Samples) {
	series, time, value := x.Series[:0], x.Time[:0], x.Value[:0]
	from := 0
	for _, s := range x.Series {
		to := from + s.Rows
		if !w.user(s.UserID) && !w.user(s.PeerID) {
			series = append(series, s)
			time, value = append(time, x.Time[from:to]...), append(value, x.Value[from:to]...)
		}
		from = to
	}
	clear(x.Series[len(series):]) // let go of the strings
	x.Series, x.Time, x.Value = series, time, value
}

// unusual takes out what happened to the users, because of them, or in a room. Each event has
// a time of its own.
func (w *within) unusual(all []call.UnusualEvent) []call.UnusualEvent {
	return without(all, func(x call.UnusualEvent) bool {
		return w.Has(w.app, User, x.UserID, x.Time) || w.Has(w.app, User, x.PeerID, x.Time) || w.Has(w.app, Room, x.RoomID, x.Time)
	})
}

// without is a copy of all without some, or all itself if there are none.
func without[T any](all []T, some func(T) bool) []T {
	if !slices.ContainsFunc(all, some) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), some)
}

// Listed returns a room as the archive may know it: without its creator if that was erased.
// ok is false if the room was.
func (s *Set) Listed(r call.Room) (room call.Room, ok bool) {
	if s.Has(r.App, Room, r.RoomID, r.CreatedAt) {
		return r, false
	}
	if s.Has(r.App, User, r.Creator, r.CreatedAt) {
		r.Creator = ""
	}
	return r, true
}

// Entry returns an entry of the ledger whose texts name nobody who was erased.
func (s *Set) Entry(e ledger.Entry) ledger.Entry {
	app := e.Unit.App
	if !s.Any(app) {
		return e
	}
	e.Reason = s.Text(app, e.Reason)
	e.Failed = slices.Clone(e.Failed)
	for i := range e.Failed {
		f := &e.Failed[i]
		if f.Key = s.key(app, *f); !f.Null() {
			f.Reason = s.Text(app, f.Reason)
		}
	}
	return e
}

// key returns the key of a part: a user, or what stands before a space and then a user.
func (s *Set) key(app call.AppID, f ledger.FailedPart) string {
	before, user, ok := strings.Cut(f.Key, " ")
	switch {
	case s.Ever(app, User, f.Key):
		return gone
	case f.Gone():
	case ok && s.Ever(app, User, user):
		return before + " " + gone
	}
	return f.Key
}

package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// recent is the age up to which the room list still changes while its pages are read: calls
// begin and end, and rows move between pages.
const recent = time.Hour

// The sizes that a pass uses when it compares.
const (
	compareCut   = 13 * time.Hour // where it divides a day
	comparePages = 83             // rows a page
)

// pageSize returns the number of rows of a page.
func (p *Pass) pageSize() int {
	if p.Compare != nil {
		return comparePages
	}
	return trtc.MaxPageSize
}

// slice is a window of the room list, of at most one UTC day.
type slice struct {
	call.Window
	moving bool // calls still begin and end in it
}

// slices divides w into UTC days, oldest first, and the last hour into a slice of its own.
// Neighbours share their common second, so nothing falls between them. A pass that compares
// divides each day in two.
func (p *Pass) slices(w call.Window) []slice {
	quiet := w.End.Add(-recent)
	var out []slice
	for t := w.Start; t.Before(w.End); {
		end := decide.Earlier(day(t).Add(trtc.MaxRoomsWindow), w.End)
		if noon := day(t).Add(compareCut); p.Compare != nil && t.Before(noon) {
			end = decide.Earlier(noon, w.End)
		}
		if t.Before(quiet) {
			end = decide.Earlier(end, quiet)
		}
		out = append(out, slice{call.Window{Start: t, End: end}, !t.Before(quiet)})
		t = end
	}
	return out
}

// eachSlice lists the calls that were alive in the window, slice by slice, oldest first,
// except on days whose list is final. A call that was alive in several slices comes with
// each of them. A window that cannot be listed is noted, and the others are listed
// nevertheless.
func (p *Pass) eachSlice(ctx context.Context, r *report, list *listing, use func(slice, []decide.Listed) error) error {
	w := p.window()
	final := map[time.Time]bool{}
	if !p.again() && p.RoomID == "" {
		var err error
		if final, err = p.listedDays(ctx, w); err != nil {
			return err
		}
	}
	all := p.slices(w)
	p.Progress.Add(StageRooms, len(all))
	for _, s := range all {
		if final[day(s.Start)] {
			list.skip(s)
			p.Progress.Done(StageRooms, 1)
			continue
		}
		got, err := p.listSlice(ctx, s)
		p.Progress.Done(StageRooms, 1)
		if err != nil {
			return err
		}
		r.repeated(got.repeated)
		for _, gap := range got.gaps {
			list.miss(gap)
			r.unlisted(Failure{What: "calls " + between(gap.Of), Reason: gap.Err.Error() + hintOf(gap.Err), Cause: causeOf(gap.Err)})
		}
		for _, d := range got.damage {
			list.damaged(s, d)
			r.unlisted(Failure{What: "room list of " + s.Start.Format(dayKey), Reason: decide.DamageText(d), Cause: d.What + ": " + d.Problem})
		}
		rooms, err := p.renamed(ctx, got.all.Rooms)
		if err != nil {
			return err
		}
		if err := use(s, rooms); err != nil {
			return err
		}
	}
	return nil
}

// renamed are the calls under the names that the archive has for them: a call that it has
// must not come twice.
func (p *Pass) renamed(ctx context.Context, rooms []decide.Listed) ([]decide.Listed, error) {
	others := map[string][]string{}
	var keys []string
	for _, r := range rooms {
		if names := p.otherNames(r.CommID); len(names) > 0 {
			others[r.CommID] = names
			keys = append(append(keys, r.CommID), names...)
		}
	}
	if len(keys) == 0 {
		return rooms, nil
	}
	held, err := p.Ledger.Entries(ctx, p.App, call.UnitCall, keys)
	if err != nil {
		return nil, archived(err)
	}
	rooms = slices.Clone(rooms)
	for i := range rooms {
		if _, ok := held[rooms[i].CommID]; ok {
			continue
		}
		has := func(name string) bool { _, ok := held[name]; return ok }
		if n := slices.IndexFunc(others[rooms[i].CommID], has); n >= 0 {
			rooms[i].CommID = others[rooms[i].CommID][n]
		}
	}
	return rooms, nil
}

func (p *Pass) otherNames(commID string) []string {
	if p.OtherNames == nil {
		return nil
	}
	return p.OtherNames(commID)
}

// between returns the text of a window for a report.
func between(w call.Window) string {
	return "between " + w.Start.Format(time.DateTime) + " and " + w.End.Format(time.DateTime)
}

// hintOf returns what the user can try when a list fails.
func hintOf(err error) string {
	if expired(err) {
		return "; is CALLVAULT_RETENTION longer than your plan's?"
	}
	return ""
}

const (
	// mostRoomPages bounds the pages of a room list. A longer list is asked for in smaller
	// windows.
	mostRoomPages = 200

	// leastSlice is the smallest window into which a room list is divided.
	leastSlice = 15 * time.Minute

	// endlessRooms is the number of calls that are kept of a list without end, moreRooms
	// the number after another such list.
	endlessRooms = 1000
	moreRooms    = 100
)

// sliceRead is the result of reading a slice of the room list.
type sliceRead struct {
	all      decide.RoomSet
	gaps     []ask.Gap[call.Window] // windows of it that could not be listed in full
	damage   []transform.Damage     // rows that name no call
	repeated int                    // rows that came twice in an answer
}

// listSlice lists one slice. The result has every row that any reading showed. An error
// means that the pass must end.
func (p *Pass) listSlice(ctx context.Context, s slice) (*sliceRead, error) {
	got := &sliceRead{}
	action := p.Asker.Dialect().RoomList
	gaps, err := ask.Divide(s.Window, ask.HalvesDownTo(leastSlice), func(w call.Window) error {
		before := len(got.all.Rooms)
		list := ask.List{Asker: p.Asker, Action: action, Size: p.pageSize(), Most: mostRoomPages, Moving: s.moving,
			Fetch: func(ctx context.Context, number, size int, due bool) (ask.Page, error) {
				return p.roomPage(ctx, w, got, number, size, due)
			}}
		err := list.Read(ctx)
		if errors.Is(err, ask.ErrEndless) && list.MostPages() <= ask.EndlessPages {
			got.all.Keep(before + moreRooms)
			return fmt.Errorf("%w, like an earlier list: the first %d calls are archived", ask.ErrEndless, moreRooms)
		}
		if err == nil && list.Short() {
			return fmt.Errorf("the room list is short: %d calls of %d", list.Received, max(list.Total, list.Received+list.Lacks))
		}
		return err
	})
	for _, gap := range gaps {
		if errors.Is(gap.Err, ask.ErrEndless) {
			p.Asker.FoundEndless(action)
			got.all.Keep(endlessRooms)
		}
	}
	got.gaps = gaps
	return got, err
}

// roomPage reads a page of the room list. The vendor's Total counts only the rows of its
// own page, unless it is greater.
func (p *Pass) roomPage(ctx context.Context, w call.Window, got *sliceRead, number, size int, due bool) (ask.Page, error) {
	var rooms []call.Room
	var info transform.Info
	reply, err := p.ask(ctx, question{
		window: w,
		build:  func(w call.Window) trtc.Request { return p.Asker.Dialect().Rooms(p.App, w, p.RoomID, number, size) },
		decode: func(body []byte) (err error) {
			var d transform.Decoder
			rooms, info, err = d.Rooms(body, p.App, nil)
			null := info.Received == 0 && (due && info.List != transform.ListPresent || info.Total > 0 && number == 0)
			return ask.AnswerError(err, "RoomList", info, ask.When(null, ask.ErrNull))
		},
	})
	if err != nil {
		return ask.Page{}, err
	}
	return got.add(rooms, info, reply.response, w), nil
}

// add adds the rows of a page.
func (g *sliceRead) add(rooms []call.Room, info transform.Info, response uint64, w call.Window) ask.Page {
	pg := ask.Page{Total: info.Total, HasTotal: info.HasTotal && info.Total > info.Received}
	if pg.HasTotal {
		pg.Lacks = info.Total - info.Received
	}
	g.repeated += info.Repeated
	listed, damage := decide.ListedRooms(rooms, info, response, w.Start)
	g.damage = append(g.damage, damage...)
	for _, r := range listed {
		pg.Keys = append(pg.Keys, r.CommID)
		if g.all.Add(r) {
			pg.Fresh++
		}
	}
	for len(pg.Keys) < info.Received {
		pg.Keys = append(pg.Keys, "")
	}
	return pg
}

package extract

import (
	"context"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// recent is how far back from now the room list still moves while it is paged:
// calls begin and end, and rows shift between pages.
const recent = time.Hour

// listings is how often a moving list is read at most until it shows nothing new.
const listings = 4

// listedRoom is a call with the response that listed it.
type listedRoom struct {
	call.Room
	Response uint64
}

// slice is a window of the room list, of at most one UTC day.
type slice struct {
	call.Window
	moving bool // calls still begin and end in it
}

// slices cuts w into UTC days, oldest first, and the last hour off: neighbours
// share their common second, so nothing falls between them.
func slices24(w call.Window) []slice {
	quiet := w.End.Add(-recent)
	var out []slice
	for t := w.Start; t.Before(w.End); {
		end := earlier(day(t).Add(trtc.MaxRoomsWindow), w.End)
		if t.Before(quiet) {
			end = earlier(end, quiet)
		}
		out = append(out, slice{call.Window{Start: t, End: end}, !t.Before(quiet)})
		t = end
	}
	return out
}

// eachSlice lists the calls alive in the window, slice by slice, oldest first,
// but for the days whose list is final. A call that was alive in several slices
// comes with each of them.
func (p *Pass) eachSlice(ctx context.Context, r *report, list *listing, use func(slice, []listedRoom) error) error {
	w := p.window()
	final := map[time.Time]bool{}
	if !p.Again && p.RoomID == "" {
		var err error
		if final, err = p.listedDays(ctx, w); err != nil {
			return err
		}
	}
	all := slices24(w)
	p.Progress.Add(StageRooms, len(all))
	for _, s := range all {
		if final[day(s.Start)] {
			list.skip(s)
			p.Progress.Done(StageRooms, 1)
			continue
		}
		rooms, err := p.listSlice(ctx, s)
		p.Progress.Done(StageRooms, 1)
		if expired(err) {
			list.broken = true
			r.unlisted(Failure{What: "calls until " + s.End.Format(time.DateTime), Reason: err.Error() + "; is CALLVAULT_RETENTION longer than your plan's?"})
			continue
		}
		if err != nil {
			return err
		}
		if err := use(s, rooms); err != nil {
			return err
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// listSlice lists one slice. A list of several pages that moves, or on which a
// call came twice because the rows before it have moved on, is read again until
// it shows nothing new; what any reading showed is kept.
func (p *Pass) listSlice(ctx context.Context, s slice) ([]listedRoom, error) {
	var all roomSet
	for range listings {
		before := len(all.rooms)
		pages, shifted, err := p.readSlice(ctx, s.Window, &all)
		if err != nil {
			return nil, err
		}
		if pages == 1 || !shifted && (!s.moving || len(all.rooms) == before) {
			break
		}
	}
	return all.rooms, nil
}

// readSlice reads the pages of a slice until one is short: the vendor's Total
// counts only the page it stands on.
func (p *Pass) readSlice(ctx context.Context, w call.Window, all *roomSet) (pages int, shifted bool, err error) {
	seen := map[string]bool{}
	for page := 0; ; page++ {
		var rooms []call.Room
		build := func(w call.Window) trtc.Request { return p.Asker.Dialect().Rooms(p.App, w, p.RoomID, page) }
		id, err := p.ask(ctx, w, build, func(body []byte) error {
			var d transform.Decoder
			var info transform.Info
			var err error
			rooms, info, err = d.Rooms(body, p.App, nil)
			if err != nil {
				return err
			}
			short := len(rooms) < trtc.MaxPageSize && page*trtc.MaxPageSize+len(rooms) < info.Total // where Total counts all
			if short || len(rooms) == 0 && (info.List != transform.ListPresent || info.Total > 0) {
				return errSuspect
			}
			return nil
		})
		if err != nil {
			return page, shifted, err
		}
		for _, r := range rooms {
			shifted = shifted || seen[r.CommID]
			seen[r.CommID] = true
		}
		all.add(rooms, id)
		if len(rooms) < trtc.MaxPageSize {
			return page + 1, shifted, nil
		}
	}
}

// roomSet holds each call once, as last seen; a finished one stays finished.
type roomSet struct {
	rooms []listedRoom
	index map[string]int
}

func (s *roomSet) add(rooms []call.Room, response uint64) {
	if s.index == nil {
		s.index = map[string]int{}
	}
	for _, r := range rooms {
		i, ok := s.index[r.CommID]
		switch {
		case !ok:
			s.index[r.CommID] = len(s.rooms)
			s.rooms = append(s.rooms, listedRoom{r, response})
		case r.Finished || !s.rooms[i].Finished:
			s.rooms[i] = listedRoom{r, response}
		}
	}
}

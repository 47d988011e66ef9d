package extract

import (
	"context"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// recent is how far back from now the room list still moves while it is paged:
// calls begin and end, and rows shift between pages.
const recent = time.Hour

// listings is how often a moving list is read at most until two readings agree.
const listings = 4

// eachSlice lists the calls alive in the window, slice by slice, oldest first.
// A call that was alive in several slices comes with each of them.
func (p *Pass) eachSlice(ctx context.Context, r *report, use func([]call.Room) error) error {
	w := p.window()
	quiet := w.End.Add(-recent)
	slices := plan.Slices(w.Start, quiet, trtc.MaxRoomsWindow)
	slices = append(slices, plan.Slices(later(quiet, w.Start), w.End, trtc.MaxRoomsWindow)...)
	p.Progress.Add(StageRooms, len(slices))
	for _, s := range slices {
		rooms, err := p.listSlice(ctx, s, s.Start.Before(quiet))
		p.Progress.Done(StageRooms, 1)
		if expired(err) {
			r.failed(Failure{What: "calls until " + s.End.Format(time.DateTime), Reason: err.Error() + "; is CALLVAULT_RETENTION longer than your plan's?"})
			continue
		}
		if err != nil {
			return err
		}
		if err := use(rooms); err != nil {
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

// listSlice lists one slice. A list of several pages that may move is read
// again until it shows nothing new; what any reading showed is kept.
func (p *Pass) listSlice(ctx context.Context, w call.Window, quiet bool) ([]call.Room, error) {
	var all roomSet
	for range listings {
		before := len(all.rooms)
		pages, err := p.readSlice(ctx, w, &all)
		if err != nil {
			return nil, err
		}
		if pages == 1 || quiet || len(all.rooms) == before {
			break
		}
	}
	return all.rooms, nil
}

// readSlice reads the pages of a slice until one is short: the vendor's Total
// counts only the page it stands on.
func (p *Pass) readSlice(ctx context.Context, w call.Window, all *roomSet) (pages int, err error) {
	for page := 0; ; page++ {
		var rooms []call.Room
		build := func(w call.Window) trtc.Request { return p.Asker.Dialect().Rooms(p.App, w, p.RoomID, page) }
		err := p.ask(ctx, w, build, func(body []byte) error {
			var d transform.Decoder
			var info transform.Info
			var err error
			rooms, info, err = d.Rooms(body, p.App, nil)
			if err == nil && info.HasTotal && info.Total > 0 && len(rooms) == 0 {
				return errSuspect
			}
			return err
		})
		if err != nil {
			return page, err
		}
		all.add(rooms)
		if len(rooms) < trtc.MaxPageSize {
			return page + 1, nil
		}
	}
}

// roomSet holds each call once, as last seen; a finished one stays finished.
type roomSet struct {
	rooms []call.Room
	index map[string]int
}

func (s *roomSet) add(rooms []call.Room) {
	if s.index == nil {
		s.index = map[string]int{}
	}
	for _, r := range rooms {
		i, ok := s.index[r.CommID]
		switch {
		case !ok:
			s.index[r.CommID] = len(s.rooms)
			s.rooms = append(s.rooms, r)
		case r.Finished || !s.rooms[i].Finished:
			s.rooms[i] = r
		}
	}
}

package extract

import (
	"context"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// dailyScale archives the vendor's counts of whole past days. It asks for all
// of them at once and replaces only days whose counts may still change.
func (p *Pass) dailyScale(ctx context.Context, r *report) error {
	var days []call.DailyScale
	build := func(w call.Window) trtc.Request { return p.Asker.Dialect().DailyScale(p.App, w) }
	id, err := p.ask(ctx, call.Window{Start: p.oldest(), End: p.now()}, build, func(body []byte) (err error) {
		var d transform.Decoder
		var info transform.Info
		days, info, err = d.DailyScale(body, nil)
		if err == nil && info.List != transform.ListPresent {
			return errSuspect
		}
		return err
	})
	if err != nil {
		if fatal(err) {
			return err
		}
		if unavailable(err) {
			r.failed(notServed("daily_scale", err))
		} else {
			r.failed(Failure{What: "daily scale", Reason: err.Error()})
		}
		return nil
	}
	return p.archiveDays(ctx, r, days, id)
}

func (p *Pass) archiveDays(ctx context.Context, r *report, days []call.DailyScale, response uint64) error {
	keys := make([]string, len(days))
	for i, d := range days {
		keys[i] = dayUnit(p.App, d).Key
	}
	held, err := p.Archive.Entries(ctx, p.App, call.UnitScale, keys)
	if err != nil {
		return archiveError{err}
	}
	for i, d := range days {
		if held[keys[i]].State.Final() && !p.Again {
			continue
		}
		if err := p.archiveDay(ctx, dayUnit(p.App, d), d, response); err != nil {
			return archiveError{err}
		}
		r.day()
	}
	return nil
}

// scaleSettles is how long after a day's end its counts are taken as settled.
const scaleSettles = 24 * time.Hour

func (p *Pass) archiveDay(ctx context.Context, u call.Unit, d call.DailyScale, response uint64) error {
	end := d.Start.Add(24 * time.Hour)
	e := call.Entry{Unit: u, State: call.Provisional, StartsAt: d.Start, HeldUntil: earlier(p.now(), end), Deadline: p.deadline(d.Start)}
	if p.Now().After(end.Add(scaleSettles)) {
		e.State = call.Archived
	} else {
		p.open.add(u)
	}
	part := call.Part{
		Kind: call.PartScale, Window: call.Window{Start: d.Start, End: end}, Settled: e.State.Final(),
		Owned: []call.Owned{{To: call.Forever}}, Asked: p.now(), Deadline: e.Deadline, Responses: []uint64{response},
	}
	if err := p.Archive.Add(ctx, u, part, call.Rows{Day: &d}); err != nil {
		return err
	}
	return p.Archive.End(ctx, e)
}

// counted says whether a day of the scale was counted after its end. Where the
// vendor drops it before its counts are confirmed, which it does for a plan that
// keeps no more than two days, it is held all the same.
func counted(e call.Entry) bool {
	return e.Unit.Kind == call.UnitScale && e.State == call.Provisional && !e.HeldUntil.Before(e.StartsAt.Add(24*time.Hour))
}

// dayUnit is the unit of one of the vendor's days.
func dayUnit(app call.AppID, d call.DailyScale) call.Unit {
	return call.Unit{App: app, Kind: call.UnitScale, Key: d.Start.UTC().Format(time.RFC3339)}
}

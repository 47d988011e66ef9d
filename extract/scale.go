package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// dailyScale archives the vendor's counts of whole past days. It asks for all
// of them at once and replaces only days whose counts may still change.
func (p *Pass) dailyScale(ctx context.Context, r *report) error {
	var days []call.DailyScale
	var info transform.Info
	build := func(w call.Window) trtc.Request { return p.Asker.Dialect().DailyScale(p.App, w) }
	gaps, err := divide(ctx, call.Window{Start: p.oldest(), End: p.now()}, 24*time.Hour, func(ctx context.Context, w call.Window) error {
		k, err := p.ask(ctx, w, build, func(body []byte) (err error) {
			var d transform.Decoder
			days, info, err = d.DailyScale(body, nil)
			switch {
			case err != nil:
				return err
			case info.List == transform.ListAbsent || info.List == transform.ListWrong:
				return noList("ScaleList", info)
			case info.List != transform.ListPresent:
				return errSuspect
			}
			return cmp.Or(damaged(info.Damage), shortAnswer(info))
		})
		if err != nil {
			return err
		}
		r.repeated(info.Repeated)
		for _, d := range info.Damage {
			if d.What != "total" {
				r.failed(Failure{What: "daily scale", Reason: damageText(d), Cause: d.Problem})
			}
		}
		if err := shortAnswer(info); err != nil {
			r.failed(Failure{What: "daily scale", Reason: fmt.Sprintf("%v: %d days of %d", err, info.Items, info.Total)})
		}
		return p.archiveDays(ctx, r, days, k.id)
	})
	for _, gap := range gaps {
		if unavailable(gap.err) {
			r.failed(notServed("daily_scale", gap.err))
		} else {
			r.failed(Failure{What: "daily scale", Reason: gap.err.Error()})
		}
	}
	return err
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
		u := dayUnit(p.App, d)
		if held[keys[i]].State.Final() && !p.Again || p.counted.has(u) {
			continue
		}
		p.counted.add(u)
		other := slices.IndexFunc(days[i+1:], func(o call.DailyScale) bool { return o.Start.Equal(d.Start) })
		if other >= 0 {
			d, err = days[i+1+other], fmt.Errorf("the vendor tells two counts of the day: %v and %v", countsOf(d), countsOf(days[i+1+other]))
		}
		if err := p.archiveDay(ctx, r, u, d, response, err, held[keys[i]].Entry); err != nil {
			return archiveError{err}
		}
		r.day()
	}
	return nil
}

// countsOf are the counts of a day, as text.
func countsOf(d call.DailyScale) string {
	return fmt.Sprintf("%d rooms, %d entries, %d users", d.RoomNumber, d.UserCount, d.UserNumber)
}

// scaleSettles is how long after a day's end its counts are taken as settled.
const scaleSettles = 24 * time.Hour

// archiveDay archives the counts of a day; doubt says why they are to be asked for
// again, unless nil.
func (p *Pass) archiveDay(ctx context.Context, r *report, u call.Unit, d call.DailyScale, response uint64, doubt error, before call.Entry) error {
	end := d.Start.Add(24 * time.Hour)
	e := call.Entry{Unit: u, State: call.Provisional, StartsAt: d.Start, HeldUntil: earlier(p.now(), end), Deadline: p.deadline(d.Start)}
	if p.Now().After(end.Add(scaleSettles)) && doubt == nil {
		e.State = call.Archived
	} else {
		p.open.add(u)
	}
	if doubt != nil {
		e.HeldUntil = time.Time{}
		e.Failed, e.Attempts = triedAgain(withPart(nil, call.PartScale, "", doubt), before.Failed), before.Attempts+1
		e.Reason = failedReason(e.Failed)
		r.failed(Failure{What: "daily scale of " + u.Key, Reason: doubt.Error()})
	}
	part := call.Part{
		Kind: call.PartScale, Window: call.Window{Start: d.Start, End: end}, Settled: e.State.Final(), Reason: e.Reason,
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

package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/transform"
)

// dailyScale archives the vendor's counts of past days. It asks for all days at once and
// replaces only days whose counts may still change.
func (p *Pass) dailyScale(ctx context.Context, r *report) error {
	var days []call.DailyScale
	var info transform.Info
	gaps, err := ask.Divide(call.Window{Start: p.oldest(), End: p.now()}, ask.HalvesDownTo(24*time.Hour), func(w call.Window) error {
		reply, err := p.ask(ctx, question{
			window: w,
			build:  func(w call.Window) trtc.Request { return p.Asker.Dialect().DailyScale(p.App, w) },
			decode: func(body []byte) (err error) {
				var d transform.Decoder
				days, info, err = d.DailyScale(body, nil)
				return cmp.Or(ask.AnswerError(err, "ScaleList", info, ask.When(info.List != transform.ListPresent, ask.ErrNull)), ask.ShortAnswer(info))
			},
		})
		if err != nil {
			return err
		}
		r.repeated(info.Repeated)
		for _, d := range info.Damage {
			if d.What != "total" {
				r.failed(Failure{What: "daily scale", Reason: decide.DamageText(d), Cause: d.Problem})
			}
		}
		if err := ask.ShortAnswer(info); err != nil {
			r.failed(Failure{What: "daily scale", Reason: fmt.Sprintf("%v: %d days of %d", err, info.Items, info.Total)})
		}
		return p.archiveDays(ctx, r, days, reply.response)
	})
	for _, gap := range gaps {
		if unavailable(gap.Err) {
			r.failed(notServed("daily_scale", gap.Err))
		} else {
			r.failed(Failure{What: "daily scale", Reason: gap.Err.Error()})
		}
	}
	return err
}

func (p *Pass) archiveDays(ctx context.Context, r *report, days []call.DailyScale, response uint64) error {
	keys := make([]string, len(days))
	for i, d := range days {
		keys[i] = decide.DayUnit(p.App, d).Key
	}
	held, err := p.entries(ctx, call.UnitScale, keys)
	if err != nil {
		return err
	}
	for i, d := range days {
		u := decide.DayUnit(p.App, d)
		if held[keys[i]].State.Final() && !p.again() {
			continue
		}
		if _, reported := p.counted.LoadOrStore(u, nil); reported {
			continue
		}
		other := slices.IndexFunc(days[i+1:], func(o call.DailyScale) bool { return o.Start.Equal(d.Start) })
		if other >= 0 {
			d, err = days[i+1+other], fmt.Errorf("the vendor reports two counts of the day: %v and %v", countsOf(d), countsOf(days[i+1+other]))
		}
		if before := held[keys[i]]; err == nil && before.Day != nil && countsOf(*before.Day) == countsOf(d) && !before.Lacks() && !p.countsSettled(d) && !p.again() {
			p.notFinal.Store(u, nil)
			continue // nothing new, and it may still change
		}
		if err := p.archiveDay(ctx, r, u, d, response, err, held[keys[i]].Entry); err != nil {
			return archived(err)
		}
		r.day()
	}
	return nil
}

// countsOf returns the counts of a day as text.
func countsOf(d call.DailyScale) string {
	return fmt.Sprintf("%d rooms, %d entries, %d users", d.RoomNumber, d.UserCount, d.UserNumber)
}

// countsSettled reports whether the counts of a day can no longer change.
func (p *Pass) countsSettled(d call.DailyScale) bool {
	return p.Now().After(d.Start.Add(24*time.Hour + decide.ScaleSettles))
}

// archiveDay archives the counts of a day. doubt, unless nil, is the reason why they must
// be asked for again.
func (p *Pass) archiveDay(ctx context.Context, r *report, u call.Unit, d call.DailyScale, response uint64, doubt error, before ledger.Entry) error {
	end := d.Start.Add(24 * time.Hour)
	e := ledger.Entry{Unit: u, State: ledger.Provisional, StartsAt: d.Start, HeldUntil: decide.Earlier(p.now(), end), Deadline: p.deadline(d.Start)}
	if p.countsSettled(d) && doubt == nil {
		e.State = ledger.Archived
	} else {
		p.notFinal.Store(u, nil)
	}
	if doubt != nil {
		e.HeldUntil = time.Time{}
		e.Failed, e.Attempts = decide.TriedAgain(decide.AddPart(nil, call.PartScale, "", failureOf(doubt)), before.Failed), before.Attempts+1
		e.Reason = decide.ReasonOf(e.Failed)
		r.failed(Failure{What: "daily scale of " + u.Key, Reason: doubt.Error()})
	}
	part := call.Part{
		Kind: call.PartScale, Window: call.Window{Start: d.Start, End: end}, Settled: e.State.Final(), Reason: e.Reason,
		Owned: []call.Owned{{To: call.Forever}}, Asked: p.now(), Deadline: e.Deadline, Responses: []uint64{response},
	}
	if err := p.taker().Add(ctx, u, part, call.Rows{Day: &d}); err != nil {
		return err
	}
	return p.taker().End(ctx, e)
}

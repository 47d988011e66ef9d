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
	err := p.ask(ctx, p.window(), build, func(body []byte) (err error) {
		var d transform.Decoder
		days, _, err = d.DailyScale(body, nil)
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
	return p.archiveDays(ctx, r, days)
}

func (p *Pass) archiveDays(ctx context.Context, r *report, days []call.DailyScale) error {
	keys := make([]string, len(days))
	for i, d := range days {
		keys[i] = d.Start.UTC().Format(time.RFC3339)
	}
	held, err := p.Archive.Held(ctx, p.App, call.UnitScale, keys)
	if err != nil {
		return archiveError{err}
	}
	for i, d := range days {
		if held[keys[i]] && !p.Again {
			continue
		}
		u := call.Unit{App: p.App, Kind: call.UnitScale, Key: keys[i]}
		if err := p.Archive.DailyScale(ctx, u, d); err != nil {
			return archiveError{err}
		}
		// A day's counts are taken as settled a day after its end.
		final := p.Now().After(d.Start.Add(48 * time.Hour))
		if err := p.Archive.Commit(ctx, u, d.Start, final); err != nil {
			return archiveError{err}
		}
		r.day()
	}
	return nil
}

package extract

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// series asks for all metric series of a call and hands them to the archive
// request by request, so that a call's size does not matter.
func (p *Pass) series(ctx context.Context, u call.Unit, room call.Room, sessions []call.Session, w call.Window) (samples, nulls int, err error) {
	requests := plan.Series(sessions, w, plan.Limits{Window: trtc.MaxSeriesWindow, Users: trtc.MaxSeriesUsers})
	p.Progress.Add(StageSeries, len(requests))
	var rows, empty atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inFlight)
	for _, r := range requests {
		g.Go(func() error {
			n, err := p.seriesRequest(gctx, u, room, r)
			rows.Add(int64(n.rows))
			empty.Add(int64(n.nulls))
			p.Progress.Done(StageSeries, 1)
			p.Progress.Done(StageSamples, n.rows)
			return err
		})
	}
	err = g.Wait()
	return int(rows.Load()), int(empty.Load()), err
}

type seriesCounts struct{ rows, nulls int }

// seriesRequest asks for one planned window and archives what belongs to it.
func (p *Pass) seriesRequest(ctx context.Context, u call.Unit, room call.Room, r plan.Request) (seriesCounts, error) {
	samples, err := p.seriesPages(ctx, room, r)
	if err != nil {
		return seriesCounts{}, err
	}
	var norm transform.Normaliser
	norm.Normalise(samples)
	n := seriesCounts{samples.Rows(), samples.Nulls}
	if n.rows == 0 {
		return n, nil
	}
	return n, archived(p.Archive.Samples(ctx, u, room.CommID, room.RoomID, samples))
}

// seriesPages reads all pages of one window: the vendor pages over what it
// found of the users asked for, which may be several rows a user.
func (p *Pass) seriesPages(ctx context.Context, room call.Room, r plan.Request) (*call.Samples, error) {
	var all call.Samples
	for page, seen := 0, 0; ; page++ {
		var got transform.Detail
		var info transform.DetailInfo
		build := func(w call.Window) trtc.Request {
			return p.Asker.Dialect().SeriesOf(p.App, room.CommID, w, r.UserIDs(), page)
		}
		err := p.ask(ctx, r.Window, build, func(body []byte) (err error) {
			var d transform.Decoder
			got.Reset()
			info, err = d.Detail(body, owned(r), &got)
			if err == nil && page == 0 && info.List != transform.ListPresent {
				return errSuspect
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		appendSamples(&all, &got.Samples)
		seen += len(got.Sessions)
		if len(got.Sessions) == 0 || seen >= info.Total {
			return &all, nil
		}
	}
}

// owned keeps the seconds that the plan gave to this request.
func owned(r plan.Request) transform.Keep {
	return func(userID string) (from, to uint32) {
		from, to, ok := r.Owned(userID)
		if !ok {
			return 1, 0
		}
		return from, to
	}
}

func appendSamples(to, from *call.Samples) {
	to.Series = append(to.Series, from.Series...)
	to.Time = append(to.Time, from.Time...)
	to.Value = append(to.Value, from.Value...)
	to.Nulls += from.Nulls
}

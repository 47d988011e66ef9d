package load

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/span"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/retry"
)

// maxEndings is how many units one flush ends: few enough for one block of hidden_loads.
const maxEndings = 2000

// maxSummed is how many rows of summaries, of up to 4 KB each, wait for a commit.
const maxSummed = 8000

// flush takes the buffer and writes it, one flush at a time. If another goroutine has
// emptied the buffer meanwhile, it does nothing unless it is forced.
func (w *Writer) flush(ctx context.Context, forced bool) error {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { w.turn <- struct{}{} }()
	b, ended, ending, notes, err := w.take(forced)
	if err != nil {
		return err
	}
	if err = w.writeSpan(ctx, b, ended, ending, notes); err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = err
	}
	return err
}

// take swaps the buffer for an empty one. ended are the units that get no more rows. ending
// are the units that this flush ends: all of ended, or none. A commit costs as much as some
// hundred thousand rows, so a full buffer alone is no reason for one. notes go into the
// ledger with ending.
func (w *Writer) take(forced bool) (b *buffer, ended, ending []*unitState, notes []ledger.Row, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil, nil, nil, nil, w.err
	}
	if !forced && !w.full() {
		return &buffer{}, nil, nil, nil, nil
	}
	b, ended = w.buf, slices.Clone(w.ending)
	w.buf = &buffer{}
	b.drop()
	if len(w.ending) == 0 || forced || w.due() {
		ending = w.ending
		w.ending, w.summed, w.since = nil, 0, time.Time{}
	}
	if len(ending) > 0 {
		notes, w.notes = w.notes, nil
	}
	return b, ended, ending, notes, nil
}

// due reports whether the units to be ended have waited long enough, or are enough for a
// commit. The caller holds mu.
func (w *Writer) due() bool {
	if w.opt.Together {
		return false
	}
	return time.Since(w.since) >= w.opt.MaxAge || len(w.ending) >= maxEndings || w.summed >= maxSummed
}

// writeSpan calls write within a span, if there is anything to write.
func (w *Writer) writeSpan(ctx context.Context, b *buffer, ended, ending []*unitState, notes []ledger.Row) error {
	if len(b.parts) == 0 && len(ending) == 0 {
		return nil
	}
	w.wrote = true
	ctx, s := span.Begin(w.inFlush(ctx), "flush", native.AttrRows.Int(b.rows()), attrUnits.Int(len(ending)))
	err := w.write(ctx, b, ended, ending, notes)
	span.End(s, err)
	return err
}

// write makes one flush: rows, then commits, then the ledger.
func (w *Writer) write(ctx context.Context, b *buffer, ended, ending []*unitState, notes []ledger.Row) error {
	if len(b.parts) > 0 || w.raw.any() {
		b.sort()
		if err := w.insertAll(ctx, b); err != nil {
			return err
		}
		w.pool.put(b.samples.blocks)
	}
	rows := w.ready(b, ended)
	if len(ending) == 0 {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.summed += rows; w.opt.Together && w.summed >= maxSummed {
			forgetReady(ended)
		}
		return nil
	}
	if err := span.Do(ctx, "commit", func(ctx context.Context) error { return w.commitAll(ctx, ending) }); err != nil {
		return err
	}
	if err := w.Retry(ctx, func(ctx context.Context) error { return w.insertEndings(ctx, ending, notes) }); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range ending {
		delete(w.units, s.unit)
		w.ids.Close(s.loads())
	}
	return nil
}

// insertAll inserts the rows until an attempt succeeds. Each attempt uses new load ids. The
// loads of failed attempts stay hidden, even if their rows were inserted.
func (w *Writer) insertAll(ctx context.Context, b *buffer) error {
	halves := b.halves()
	return w.Retry(ctx, func(ctx context.Context) error {
		ids := w.ids.Open(len(halves))
		for i, h := range halves {
			h.load = ids[i]
		}
		if err := w.insertOnce(ctx, b, ids); err != nil {
			w.ids.Close(ids)
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, h := range halves {
			h.loads = append(h.loads, h.load)
			if h.dead() {
				w.ids.Close(h.loads)
			}
		}
		return nil
	})
}

// insertOnce hides the loads, inserts their rows and then, when all rows are there, the
// loads' parts.
func (w *Writer) insertOnce(ctx context.Context, b *buffer, ids []uint64) error {
	if err := w.hide(ctx, ids); err != nil {
		return err
	}
	if err := w.insertRows(ctx, b); err != nil {
		return err
	}
	streams, err := w.insertStreams(ctx, b.parts)
	if err != nil {
		return err
	}
	sent := b.sent()
	sent["quality_streams_data"] = streams
	if err := w.landed(ctx, ids, sent); err != nil {
		return err
	}
	return w.insertParts(ctx, b.parts)
}

func (w *Writer) insertRows(ctx context.Context, b *buffer) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	g.Go(func() error { return w.insertSamples(ctx, &b.samples) })
	g.Go(func() error { return w.raw.insert(ctx, 0, w.insertResponses) })
	g.Go(func() error { return w.insertRooms(ctx, b.rooms) })
	g.Go(func() error { return w.insertSessions(ctx, b.sessions) })
	g.Go(func() error { return w.insertEvents(ctx, b.events) })
	g.Go(func() error { return w.insertUnusual(ctx, b.unusual) })
	g.Go(func() error { return w.insertDays(ctx, b.days) })
	g.Go(func() error { return w.insertStatistics(ctx, b.statistics) })
	return g.Wait()
}

// Retry calls a function and repeats it with the Writer's patience (see retry.Patience).
func (w *Writer) Retry(ctx context.Context, f func(context.Context) error) error {
	p := retry.Patience{Attempts: w.opt.Attempts, Pause: w.opt.Backoff, Timeout: w.opt.AttemptTimeout, OnRetry: w.opt.OnRetry}
	return p.Do(ctx, f)
}

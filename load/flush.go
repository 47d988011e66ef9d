package load

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"
)

// maxCommits of one flush: few enough for one block of hidden_loads.
const maxCommits = 2000

// flush takes the buffer and writes it, one flush at a time. Unless forced it
// does nothing when another goroutine has emptied the buffer meanwhile.
func (w *Writer) flush(ctx context.Context, forced bool) error {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { w.turn <- struct{}{} }()
	b, commits, err := w.take(forced)
	if err != nil {
		return err
	}
	if err = w.write(ctx, b, commits); err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = err
	}
	return err
}

// take swaps the buffer for an empty one.
func (w *Writer) take(forced bool) (*buffer, []*unitState, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil, nil, w.err
	}
	if !forced && !w.full() {
		return &buffer{}, nil, nil
	}
	b, commits := w.buf, w.commit
	w.buf, w.commit, w.since = &buffer{}, nil, time.Time{}
	b.drop()
	return b, commits, nil
}

// write is one flush: rows, then commits, then the ledger.
func (w *Writer) write(ctx context.Context, b *buffer, commits []*unitState) error {
	if units := b.units(); len(units) > 0 {
		b.sort()
		if err := w.insertAll(ctx, b, units); err != nil {
			return err
		}
	}
	if len(commits) == 0 {
		return nil
	}
	if err := w.commitAll(ctx, commits); err != nil {
		return err
	}
	w.mu.Lock()
	for _, s := range commits {
		delete(w.units, s.unit)
		w.store.closeIDs(s.loads)
	}
	w.mu.Unlock()
	if w.opt.OnCommit != nil {
		for _, s := range commits {
			w.opt.OnCommit(s.unit, s.counts)
		}
	}
	return nil
}

// insertAll inserts the rows under new load ids until an attempt succeeds. The
// loads of the failed attempts stay hidden, whatever became of their rows.
func (w *Writer) insertAll(ctx context.Context, b *buffer, units []*unitState) error {
	return w.retry(ctx, func(ctx context.Context) error {
		ids := w.store.openIDs(len(units))
		for i, s := range units {
			s.load = ids[i]
		}
		if err := w.insertOnce(ctx, b, units, ids); err != nil {
			w.store.closeIDs(ids)
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, s := range units {
			s.loads = append(s.loads, s.load)
			if s.abandoned {
				w.store.closeIDs(s.loads)
			}
		}
		return nil
	})
}

// insertOnce hides the loads, and then inserts what they are and their rows.
func (w *Writer) insertOnce(ctx context.Context, b *buffer, units []*unitState, ids []uint64) error {
	if err := insertSteps(ctx, w.store.conn, ids, stepOpened, nil, ""); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	g.Go(func() error { return w.insertLoads(ctx, units) })
	g.Go(func() error { return w.insertSamples(ctx, &b.samples) })
	g.Go(func() error { return w.insertRooms(ctx, b.rooms) })
	g.Go(func() error { return w.insertSessions(ctx, b.sessions) })
	g.Go(func() error { return w.insertEvents(ctx, b.events) })
	g.Go(func() error { return w.insertUnusual(ctx, b.unusual) })
	g.Go(func() error { return w.insertDays(ctx, b.days) })
	return g.Wait()
}

// insertLoads writes which unit each load under way belongs to.
func (w *Writer) insertLoads(ctx context.Context, units []*unitState) error {
	in, err := begin(ctx, w.store.conn, "loads", "sdk_app_id, kind, key, load_id, run_id")
	if err != nil {
		return err
	}
	in.col(column(units, func(s **unitState) uint32 { return uint32((*s).unit.App) }))
	in.col(column(units, func(s **unitState) string { return string((*s).unit.Kind) }))
	in.col(column(units, func(s **unitState) string { return (*s).unit.Key }))
	in.col(column(units, func(s **unitState) uint64 { return (*s).load }))
	in.col(column(units, func(**unitState) string { return w.run }))
	return in.send()
}

// retry calls f until it succeeds, fails for good, or has failed too often.
func (w *Writer) retry(ctx context.Context, f func(context.Context) error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = w.opt.Backoff
	pause.MaxInterval = 20 * time.Second
	tries := 0
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		tries++
		attempt, cancel := context.WithTimeout(ctx, w.opt.AttemptTimeout)
		defer cancel()
		err := f(attempt)
		if err != nil && (ctx.Err() != nil || !retryable(err)) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(uint(w.opt.Attempts)), backoff.WithMaxElapsedTime(0), backoff.WithNotify(w.opt.OnRetry))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case tries > 1:
		return fmt.Errorf("%w (after %d attempts)", err, tries)
	}
	return err
}

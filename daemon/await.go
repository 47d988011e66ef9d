package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/callvault/callvault/load/store"
)

// await waits for the daemon's ClickHouse. It logs once that it waits and why, and once
// that the waiting is over.
func (d *daemon) await(ctx context.Context) (*store.Store, func(), error) {
	var until time.Time
	if wait := d.set.Load().cfg.Wait; wait != nil {
		until = time.Now().Add(time.Duration(*wait))
	}
	return d.open(ctx, until)
}

// open waits for ClickHouse until a moment, or without end if that is zero.
func (d *daemon) open(ctx context.Context, until time.Time) (*store.Store, func(), error) {
	cfg, began := d.set.Load().cfg, time.Now()
	waits, server := false, d.Connect(cfg)
	server.Options.OnInsert = d.meters.inserted
	server.Options.OnRetry = func(err error, pause time.Duration) {
		d.Log.Warn("a step in ClickHouse is tried again", "in", pause, "err", err)
	}
	opened, done, err := server.Await(ctx, until, func(err error) {
		waits = true
		d.Log.Warn("waiting for ClickHouse", "err", err)
	})
	waited := time.Since(began).Round(100 * time.Millisecond)
	switch {
	case err == nil && waits:
		d.Log.Info("ClickHouse is there", "waited", waited)
	case err != nil && ctx.Err() == nil && errors.Is(err, store.ErrUnreachable):
		return nil, nil, fmt.Errorf("waited %s for ClickHouse (CALLVAULT_WAIT): %w", waited, err)
	}
	return opened, done, err
}

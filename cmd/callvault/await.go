package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/load"
)

// The pauses between attempts to reach ClickHouse at the start.
const (
	firstPause = 500 * time.Millisecond
	mostPause  = 15 * time.Second
)

// awaitArchive is openArchive of a ClickHouse that may come later than the program,
// until a time; zero: as long as it takes. Only that it cannot be reached is waited
// out: a wrong password stays wrong. waiting is told once that it waits, and why.
func (c *cli) awaitArchive(ctx context.Context, cfg *config.Config, until time.Time, waiting func(error)) (*load.Store, func(), error) {
	pause := backoff.ExponentialBackOff{InitialInterval: firstPause, MaxInterval: mostPause, Multiplier: 1.5, RandomizationFactor: 0.2}
	for told := false; ; told = true {
		store, done, err := c.openArchive(ctx, cfg)
		if err == nil || ctx.Err() != nil || !errors.Is(err, load.ErrUnreachable) {
			return store, done, err
		}
		next := pause.NextBackOff()
		if !until.IsZero() {
			left := time.Until(until)
			if left <= 0 {
				return nil, nil, err
			}
			next = min(next, left)
		}
		if !told {
			waiting(err)
		}
		timer := time.NewTimer(next)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// await waits for the daemon's ClickHouse. It says once that it waits, and what
// for, and when the waiting is over.
func (d *daemon) await(ctx context.Context) (*load.Store, func(), error) {
	cfg, began := d.set.Load().cfg, time.Now()
	var until time.Time
	if cfg.Wait > 0 {
		until = began.Add(time.Duration(cfg.Wait))
	}
	waits := false
	store, done, err := d.cli.awaitArchive(ctx, cfg, until, func(err error) {
		waits = true
		d.log.Warn("waiting for ClickHouse", "err", err)
	})
	waited := time.Since(began).Round(100 * time.Millisecond)
	switch {
	case err == nil && waits:
		d.log.Info("ClickHouse is there", "waited", waited)
	case err != nil && ctx.Err() == nil && errors.Is(err, load.ErrUnreachable):
		return nil, nil, fmt.Errorf("waited %s for ClickHouse (CALLVAULT_WAIT): %w", waited, err)
	}
	return store, done, err
}

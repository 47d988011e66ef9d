package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/callvault/callvault/load"
)

// The pauses between attempts to reach ClickHouse at the start of the daemon.
const (
	firstPause = 500 * time.Millisecond
	mostPause  = 15 * time.Second
)

// await connects to ClickHouse, which may come later than the daemon. Only that
// it cannot be reached is waited out: a wrong password stays wrong. It says once
// that it waits, and what for, and when the waiting is over.
func (d *daemon) await(ctx context.Context) (*load.Store, func(), error) {
	cfg, began := d.set.Load().cfg, time.Now()
	pause := backoff.ExponentialBackOff{InitialInterval: firstPause, MaxInterval: mostPause, Multiplier: 1.5, RandomizationFactor: 0.2}
	for waiting := false; ; waiting = true {
		store, done, err := d.cli.openArchive(ctx, cfg)
		waited := time.Since(began).Round(100 * time.Millisecond)
		switch {
		case err == nil:
			if waiting {
				d.log.Info("ClickHouse is there", "waited", waited)
			}
			return store, done, nil
		case ctx.Err() != nil || !errors.Is(err, load.ErrUnreachable):
			return nil, nil, err
		case cfg.Wait > 0 && waited >= time.Duration(cfg.Wait):
			return nil, nil, fmt.Errorf("waited %s for ClickHouse (CALLVAULT_WAIT): %w", waited, err)
		case !waiting:
			d.log.Warn("waiting for ClickHouse", "err", err)
		}
		timer := time.NewTimer(pause.NextBackOff())
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// Package connect opens the ClickHouse of an archive: that of a DSN, or the embedded one.
package connect

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"os"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/load/store"
)

// Server is the ClickHouse to connect to.
type Server struct {
	DSN      string                      // "": the embedded ClickHouse
	Database string                      // in place of the DSN's, or the embedded one's; "": that one
	TLS      func() (*tls.Config, error) // for a DSN with secure=true; nil: the usual settings
	Embedded embedded.Options            // of the embedded ClickHouse; its Library may be empty
	Fetch    embedded.FetchOptions
	// Download is called when the embedded ClickHouse is fetched. It returns two functions:
	// one is called with the progress, the other at the end.
	Download func(what string) (progress func(done, total int64), finish func())
	Options  store.Options
}

// stopWithin bounds the stop of an embedded engine.
const stopWithin = 15 * time.Second

// Open connects. An embedded ClickHouse runs until close is called.
func (s Server) Open(ctx context.Context) (store *store.Store, close func(), err error) {
	if s.DSN == "" {
		return s.openEmbedded(ctx)
	}
	o := s.Options
	o.Database = s.Database
	if s.TLS != nil {
		if o.TLS, err = s.TLS(); err != nil {
			return nil, nil, err
		}
	}
	if store, err = Store(ctx, s.DSN, o); err != nil {
		return nil, nil, err
	}
	return store, func() { store.Close() }, nil
}

// openEmbedded starts an embedded ClickHouse, or attaches to a running one, and connects.
func (s Server) openEmbedded(ctx context.Context) (*store.Store, func(), error) {
	o := s.Embedded
	o.Database = cmp.Or(s.Database, o.Database)
	var err error
	if o.Library, err = s.Library(ctx); err != nil {
		return nil, nil, err
	}
	srv, err := embedded.Open(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	stop := func() { _ = Stop(ctx, srv) }
	store, err := Store(ctx, srv.DSN(), s.Options)
	if err != nil {
		stop()
		return nil, nil, err
	}
	return store, func() { store.Close(); stop() }, nil
}

// Stop stops an embedded ClickHouse, even if ctx has ended.
func Stop(ctx context.Context, srv *embedded.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return srv.Stop(ctx)
}

// Library downloads the embedded ClickHouse, with progress, if it is missing.
func (s Server) Library(ctx context.Context) (string, error) {
	progress, finish := s.Download("fetching ClickHouse (once)")
	defer finish()
	o := s.Fetch
	o.Progress = progress
	return embedded.Fetch(ctx, o)
}

// Empty reports whether the embedded ClickHouse has no archive yet.
func (s Server) Empty() bool {
	_, err := os.Stat(s.Embedded.Path)
	return s.DSN == "" && errors.Is(err, os.ErrNotExist)
}

// The pauses between attempts to reach ClickHouse at the start.
const (
	firstPause = 500 * time.Millisecond
	mostPause  = 15 * time.Second
)

// Await opens a ClickHouse that may start later than this program. It waits until a time,
// or without end if that is zero, as long as ClickHouse cannot be reached. Any other error
// ends it: a wrong password remains wrong. waiting is called once if it waits, with the
// reason.
func (s Server) Await(ctx context.Context, until time.Time, waiting func(error)) (*store.Store, func(), error) {
	return await(ctx, s.Open, until, waiting)
}

func await(ctx context.Context, open func(context.Context) (*store.Store, func(), error), until time.Time, waiting func(error)) (*store.Store, func(), error) {
	pause := backoff.ExponentialBackOff{InitialInterval: firstPause, MaxInterval: mostPause, Multiplier: 1.5, RandomizationFactor: 0.2}
	for first := true; ; first = false {
		opened, done, err := open(ctx)
		if err == nil || ctx.Err() != nil || !errors.Is(err, store.ErrUnreachable) {
			return opened, done, err
		}
		next := pause.NextBackOff()
		if !until.IsZero() {
			left := time.Until(until)
			if left <= 0 {
				return nil, nil, err
			}
			next = min(next, left)
		}
		if first {
			waiting(err)
		}
		select {
		case <-time.After(next):
		case <-ctx.Done():
		}
	}
}

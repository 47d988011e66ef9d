package daemon

import (
	"context"
	"net"
	"time"

	"github.com/callvault/callvault/console"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/load/store"
)

// site is the console that the daemon serves where a setting turns it on.
type site struct {
	listener net.Listener // nil: it is off
}

func newSite(cfg *config.Config) (site, error) {
	if cfg.Console.Listen == "" {
		return site{}, nil
	}
	l, err := net.Listen("tcp", cfg.Console.Listen)
	if err != nil {
		return site{}, config.Error{Setting: "CALLVAULT_CONSOLE", Problem: err.Error(), Try: "choose another address"}
	}
	return site{l}, nil
}

func (s site) close() error {
	if s.listener == nil {
		return nil
	}
	return s.listener.Close()
}

// serveSite serves the console until stop is called. It reads the archive by connections of
// its own that cannot write, made once ClickHouse is there.
func (d *daemon) serveSite(ctx context.Context, s site) (stop func()) {
	if s.listener == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	o := console.Options{Archive: d.readable, Access: console.AccessOf(d.set.Load().cfg.Console), Log: d.Log, Now: time.Now, Version: d.Version}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := console.Serve(ctx, s.listener, console.New(o), d.Log); err != nil {
			d.Log.Error("console ended", "err", err)
		}
	}()
	d.Log.Info("console", "url", "http://"+s.listener.Addr().String()+"/")
	return func() { cancel(); <-ended }
}

// readable is the archive for the console; nil while the daemon waits for ClickHouse.
func (d *daemon) readable() console.Archive {
	if s := d.reader.Load(); s != nil {
		return s
	}
	return nil
}

// openReader connects for the console, where it is on, until close is called.
func (d *daemon) openReader(ctx context.Context, s site) (close func(), err error) {
	if s.listener == nil {
		return func() {}, nil
	}
	server := d.Connect(d.set.Load().cfg)
	server.Options = store.Options{ReadOnly: true, MaxConns: 6}
	reader, done, err := server.Open(ctx)
	if err != nil {
		return nil, err
	}
	d.reader.Store(reader)
	return done, nil
}

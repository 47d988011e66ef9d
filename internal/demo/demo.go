// Package demo shows everything at once: a simulated vendor, an embedded ClickHouse of
// its own, one pass, a report.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/load/store"
)

// The demo's vendor: some hundred calls in 14 days.
const (
	Calls = 120
	Seed  = 1
)

// Start starts the embedded ClickHouse on an empty directory.
func Start(ctx context.Context, cfg *config.Config, lib string) (*embedded.Server, error) {
	dir := Dir(cfg)
	if running, ok := embedded.Discover(ctx, dir); ok {
		return nil, fmt.Errorf("a demo is running already, at %s; stop it first", running.HTTPURL())
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear the last demo's data: %w", err)
	}
	return embedded.Start(ctx, embedded.Options{Library: lib, Path: dir})
}

// Archive archives a simulated vendor into srv and prints the report.
func Archive(ctx context.Context, cfg *config.Config, srv *embedded.Server, screen ui.Screen, version string) (*archive.Report, error) {
	vendor := Vendor{Seed: Seed, Calls: Calls, Began: time.Now().UTC()}
	sim, err := simulator.Serve(ctx, "127.0.0.1:0", vendor.Options())
	if err != nil {
		return nil, err
	}
	defer sim.Close()
	store, err := connect.Store(ctx, srv.DSN(), store.Options{Missing: store.Create})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	settings := WithVendor(cfg, sim)
	j, err := archive.New(archive.OptionsOf(settings), archive.Scope{Accounts: settings.Accounts}, runs.Origin{Version: version})
	if err != nil {
		return nil, err
	}
	if err := j.Connect(ctx); err != nil {
		return nil, err
	}
	if !screen.Quiet {
		fmt.Fprintf(screen.Err, "archiving %d calls from a simulated vendor\n", Calls)
	}
	defer archive.BoundMemory(int64(cfg.Memory))()
	watch := screen.Watch()
	sum, err := j.Do(ctx, store, watch)
	watch.Close()
	if err != nil && !errors.Is(err, archive.ErrPartial) {
		return nil, err
	}
	vendor.Ended = time.Now().UTC()
	if err := vendor.keep(cfg); err != nil {
		return nil, err
	}
	screen.Report(sum, false)
	if screen.Quiet {
		return sum, nil
	}
	return sum, report(ctx, store, sum, screen)
}

// WithVendor returns the user's settings with the simulator in the vendor's place.
func WithVendor(cfg *config.Config, sim *simulator.Server) *config.Config {
	d := Settings(cfg)
	a := &d.Accounts[0]
	a.SecretID, a.SecretKey, a.Token, a.Endpoint = sim.SecretID(), config.Secret(sim.SecretKey()), config.Secret(sim.Token()), sim.URL
	a.Apps = nil
	for _, app := range sim.Apps() {
		a.Apps = append(a.Apps, config.AppID(call.AppID(app)))
	}
	return d
}

// Settings returns the user's settings with the demo's account.
func Settings(cfg *config.Config) *config.Config {
	d := *cfg
	d.Accounts, d.Skip = []config.Account{{
		Name: "demo", Region: "ap-singapore", API: "auto", Apps: []config.AppID{config.AppID(simulator.DefaultApp)},
		Retention: config.Duration(14 * 24 * time.Hour), QPS: 1000, // the demo's vendor has no quota, so that tables of usage by room come at once
	}}, nil
	return &d
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load"
)

// The demo's vendor: some hundred calls in 14 days, which take about half a
// minute at the vendor's 20 requests a second.
const (
	demoCalls = 120
	demoSeed  = 1
)

func (c *cli) demoCmd() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show everything at once, with nothing configured",
		Long: `Start a simulated vendor and the embedded ClickHouse, archive the vendor's calls
of the last 14 days in one pass, and print a report with a few queries. The data
is made up; everything else is what callvault archive does with a real account.

The demo keeps its data apart from the archive and makes it anew each time.`,
		Example: `  callvault demo
  callvault demo --keep      leave ClickHouse up, with its query page`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.demo(cmd.Context(), keep) },
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave ClickHouse up (native, HTTP and its query page) until interrupted")
	return cmd
}

func (c *cli) demo(ctx context.Context, keep bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	srv, err := c.demoEngine(ctx, cfg)
	if err != nil {
		return err
	}
	defer connect.Stop(ctx, srv)
	sum, err := c.demoPass(ctx, cfg, srv)
	if err != nil {
		return err
	}
	if keep {
		fmt.Fprintln(c.stdout)
		howToConnect(c.stdout, srv)
		fmt.Fprintln(c.stdout, "Ctrl-C stops it.")
		if err := waitFor(ctx, srv); err != nil {
			return err
		}
	}
	return sum.Err()
}

// demoEngine starts the embedded ClickHouse on an empty directory.
func (c *cli) demoEngine(ctx context.Context, cfg *config.Config) (*embedded.Server, error) {
	lib, err := c.server(cfg).Library(ctx)
	if err != nil {
		return nil, err
	}
	dir := demoDir(cfg)
	if running, ok := embedded.Discover(ctx, dir); ok {
		return nil, fmt.Errorf("a demo is running already, at %s; stop it first", running.HTTPURL())
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear the last demo's data: %w", err)
	}
	return embedded.Start(ctx, embedded.Options{Library: lib, Path: dir, OpenAnalyst: true})
}

// demoPass archives a simulated vendor into srv and prints the report.
func (c *cli) demoPass(ctx context.Context, cfg *config.Config, srv *embedded.Server) (*archive.Report, error) {
	vendor := demoVendor{Seed: demoSeed, Calls: demoCalls, Began: time.Now().UTC()}
	sim, err := startSimulator(ctx, "127.0.0.1:0", vendor.options())
	if err != nil {
		return nil, err
	}
	defer sim.Close()
	store, err := connect.Store(ctx, srv.DSN(), load.Options{})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	settings := demoConfig(cfg, sim)
	j, err := archive.New(settings, archive.Scope{Accounts: settings.Accounts}, runs.Origin{Version: version})
	if err != nil {
		return nil, err
	}
	if err := j.Connect(ctx); err != nil {
		return nil, err
	}
	if !c.quiet {
		fmt.Fprintf(c.stderr, "archiving %d calls from a simulated vendor at its 20 requests a second\n", demoCalls)
	}
	defer archive.BoundMemory(int64(cfg.Memory))()
	watch := c.screen().Watch()
	sum, err := j.Do(ctx, store, watch)
	watch.Close()
	if err != nil && !errors.Is(err, archive.ErrPartial) {
		return nil, err
	}
	vendor.Ended = time.Now().UTC()
	if err := vendor.keep(cfg); err != nil {
		return nil, err
	}
	c.screen().Report(sum, false)
	if c.quiet {
		return sum, nil
	}
	return sum, c.demoReport(ctx, store, sum)
}

// demoConfig is the user's settings with the simulator in the vendor's place.
func demoConfig(cfg *config.Config, sim *simulated) *config.Config {
	d := demoSettings(cfg)
	a := &d.Accounts[0]
	a.SecretID, a.SecretKey, a.Token, a.Endpoint = sim.SecretID(), config.Secret(sim.SecretKey()), config.Secret(sim.Token()), sim.url
	a.Apps = nil
	for _, app := range sim.Apps() {
		a.Apps = append(a.Apps, config.AppID(call.AppID(app)))
	}
	return d
}

// demoSettings are the user's settings with the demo's account.
func demoSettings(cfg *config.Config) *config.Config {
	d := *cfg
	d.Accounts, d.Skip = []config.Account{{
		Name: "demo", Region: "ap-singapore", API: "auto", Apps: []config.AppID{config.AppID(simulator.DefaultApp)},
		Retention: config.Duration(14 * 24 * time.Hour), QPS: 20,
	}}, nil
	return &d
}

// demoDisk tells what the archive takes on disk, raw responses apart.
func (c *cli) demoDisk(ctx context.Context, store *load.Store, sum *archive.Report) error {
	usage, err := store.DiskUsage(ctx)
	if err != nil {
		return err
	}
	var total, raw uint64
	for _, u := range usage {
		if u.Relation == "raw_responses" {
			raw += u.Bytes
		} else {
			total += u.Bytes
		}
	}
	fmt.Fprintf(c.stdout, "  %-11s %s", "on disk", humanize.IBytes(total))
	if n := sum.Total().Samples; n > 0 {
		fmt.Fprintf(c.stdout, ", %.2f bytes a sample", float64(total)/float64(n))
	}
	if raw > 0 {
		fmt.Fprintf(c.stdout, "; and %s of responses as they came (CALLVAULT_RAW)", humanize.IBytes(raw))
	}
	fmt.Fprintln(c.stdout)
	return nil
}

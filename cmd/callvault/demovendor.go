package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/simulator"
)

// demoVendor is what a demo's vendor was made from, and when the demo had archived
// it: enough to start it again as it was then.
type demoVendor struct {
	Seed  uint64    `json:"seed"`
	Calls int       `json:"calls"`
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
}

// hasDemo says that callvault demo has run.
func hasDemo(cfg *config.Config) bool {
	_, err := os.Stat(demoDir(cfg))
	return err == nil
}

// noDemoFor is the error of a command where there is no demo.
func noDemoFor(command string) error {
	verb := command
	if command == "sql" {
		verb = "query"
	}
	if command == "status" {
		verb = "show"
	}
	return fmt.Errorf("there is no demo to %s; run callvault demo first", verb)
}

func demoVendorFile(cfg *config.Config) string { return filepath.Join(demoDir(cfg), "vendor.json") }

// keep writes the vendor beside the demo's data.
func (v demoVendor) keep(cfg *config.Config) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.WriteFile(demoVendorFile(cfg), b, 0o600); err != nil {
		return fmt.Errorf("keep the demo's vendor: %w", err)
	}
	return nil
}

// readDemoVendor reads the vendor of the last demo that has come to its end.
func readDemoVendor(cfg *config.Config) (v demoVendor, err error) {
	b, err := os.ReadFile(demoVendorFile(cfg))
	if errors.Is(err, os.ErrNotExist) {
		return v, noDemoFor("verify")
	}
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		return v, fmt.Errorf("read the demo's vendor: %w; run callvault demo again", err)
	}
	return v, nil
}

// now is the vendor's clock, which stands still at the demo's end.
func (v demoVendor) now() time.Time { return v.Ended }

// start starts the vendor again.
func (v demoVendor) start(ctx context.Context) (*simulated, error) {
	o := v.options()
	o.Now = v.now
	return startSimulator(ctx, "127.0.0.1:0", o)
}

// options are what the vendor is made from. There is trouble in most of its calls.
func (v demoVendor) options() simulator.Options {
	return simulator.Options{Seed: v.Seed, Calls: v.Calls, Began: v.Began, Troubles: true}
}

// demoDir is where the demo's ClickHouse keeps its data.
func demoDir(cfg *config.Config) string { return filepath.Join(cfg.DataDir, "demo") }

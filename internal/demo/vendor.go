package demo

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

// Vendor describes a demo's vendor: what it was made from, and when the demo had archived
// it. That is enough to start it again in the same state.
type Vendor struct {
	Seed  uint64    `json:"seed"`
	Calls int       `json:"calls"`
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
}

// Exists reports whether callvault demo has run.
func Exists(cfg *config.Config) bool {
	_, err := os.Stat(Dir(cfg))
	return err == nil
}

// None returns the error of a command that needs the demo if there is none.
func None(command string) error {
	verb := command
	if command == "sql" {
		verb = "query"
	}
	if command == "status" {
		verb = "show"
	}
	return fmt.Errorf("there is no demo to %s; run callvault demo first", verb)
}

func vendorFile(cfg *config.Config) string { return filepath.Join(Dir(cfg), "vendor.json") }

// keep writes the vendor next to the demo's data.
func (v Vendor) keep(cfg *config.Config) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.WriteFile(vendorFile(cfg), b, 0o600); err != nil {
		return fmt.Errorf("keep the demo's vendor: %w", err)
	}
	return nil
}

// ReadVendor reads the vendor of the last demo that completed.
func ReadVendor(cfg *config.Config) (v Vendor, err error) {
	b, err := os.ReadFile(vendorFile(cfg))
	if errors.Is(err, os.ErrNotExist) {
		return v, None("verify")
	}
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		return v, fmt.Errorf("read the demo's vendor: %w; run callvault demo again", err)
	}
	return v, nil
}

// Now returns the vendor's time, which is always the demo's end.
func (v Vendor) Now() time.Time { return v.Ended }

// Start starts the vendor again.
func (v Vendor) Start(ctx context.Context) (*simulator.Server, error) {
	o := v.Options()
	o.Now = v.Now
	return simulator.Serve(ctx, "127.0.0.1:0", o)
}

// Options returns what the vendor is made from. Most of its calls have trouble.
func (v Vendor) Options() simulator.Options {
	return simulator.Options{Seed: v.Seed, Calls: v.Calls, Began: v.Began, Troubles: true, Statistics: true, QPS: -1}
}

// Dir returns where the demo's ClickHouse keeps its data.
func Dir(cfg *config.Config) string { return filepath.Join(cfg.DataDir, "demo") }

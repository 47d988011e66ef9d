package archive

import (
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/upkeep"
)

// Options are the options of every run.
type Options struct {
	Lease   time.Duration   // how long the archive lease lasts without renewal
	Traced  bool            // whether spans are sent to a collector
	Settle  time.Duration   // how long the vendor's data about a moment may still change
	Raw     time.Duration   // how long responses are kept
	Keep    time.Duration   // how long units are kept after their end; zero: for ever
	Skip    extract.Skip    // relations to leave out
	Events  ledger.EventsOf // whose events are archived; "": all
	Memory  config.Shares
	Privacy identity.Policy
	Tiering upkeep.Tiering // where old data goes
}

// OptionsOf returns the options from the settings.
func OptionsOf(cfg *config.Config) Options {
	return Options{
		Lease: time.Duration(cfg.Lease), Traced: cfg.Traces.On(), Settle: time.Duration(cfg.Settle), Raw: time.Duration(cfg.Raw), Keep: time.Duration(cfg.Keep),
		Skip:    extract.Skip{UnusualEvents: cfg.Skips("unusual_events"), DailyScale: cfg.Skips("daily_scale")},
		Events:  ledger.EventsOf(cfg.UserEvents),
		Memory:  cfg.Memory.Shares(),
		Privacy: cfg.Privacy(),
		Tiering: upkeep.Tiering{Policy: cfg.StoragePolicy, Volume: cfg.ColdVolume, After: time.Duration(cfg.ColdAfter)},
	}
}

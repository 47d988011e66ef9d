package archive

import (
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/load/upkeep"
)

// Options are how runs are made, whatever they are over.
type Options struct {
	Lease   time.Duration // how long the archive lease lasts unless it is renewed
	Traced  bool          // spans are sent to a collector
	Settle  time.Duration // how long after a moment the vendor's data about it may still change
	Raw     time.Duration // how long responses are kept
	Keep    time.Duration // how long what has ended is kept; zero: for ever
	Skip    extract.Skip  // what is not asked for
	Memory  config.Shares
	Tiering upkeep.Tiering // where old data of the tables goes, and on which cluster they are
}

// OptionsOf are the options that the settings say.
func OptionsOf(cfg *config.Config) Options {
	return Options{
		Lease: time.Duration(cfg.Lease), Traced: cfg.Traces.On(), Settle: time.Duration(cfg.Settle), Raw: time.Duration(cfg.Raw), Keep: time.Duration(cfg.Keep),
		Skip:    extract.Skip{UserEvents: cfg.Skips("user_events"), UnusualEvents: cfg.Skips("unusual_events"), DailyScale: cfg.Skips("daily_scale")},
		Memory:  cfg.Memory.Shares(),
		Tiering: upkeep.Tiering{Policy: cfg.StoragePolicy, Volume: cfg.ColdVolume, After: time.Duration(cfg.ColdAfter), Cluster: cfg.Cluster},
	}
}

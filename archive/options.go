package archive

import (
	"slices"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/upkeep"
)

// Options are the options of every run.
type Options struct {
	Lease      time.Duration // how long the archive lease lasts without renewal
	Traces     runs.Traces
	Settle     time.Duration    // how long the vendor's data about a moment may still change
	Raw        time.Duration    // how long responses are kept
	Keep       time.Duration    // how long units are kept after their end; zero: for ever
	Skip       extract.Skip     // relations to leave out
	Statements []call.Statement // the vendor's statistics to archive
	Events     ledger.EventsOf  // whose events are archived; "": all
	Memory     config.Shares
	Privacy    identity.Policy
	Tiering    upkeep.Tiering // where old data goes
}

// OptionsOf returns the options from the settings.
func OptionsOf(cfg *config.Config) Options {
	return Options{
		Lease: time.Duration(cfg.Lease), Traces: runs.Traces{On: cfg.Traces.On(), Headers: cfg.Traces.Sent()}, Settle: time.Duration(cfg.Settle), Raw: time.Duration(cfg.Raw), Keep: time.Duration(cfg.Keep),
		Skip:       extract.Skip{UnusualEvents: cfg.Skips("unusual_events"), DailyScale: cfg.Skips("daily_scale")},
		Statements: statements(cfg),
		Events:     ledger.EventsOf(cfg.UserEvents),
		Memory:     cfg.Memory.Shares(),
		Privacy:    cfg.Privacy(),
		Tiering:    upkeep.Tiering{Policy: cfg.StoragePolicy, Volume: cfg.ColdVolume, After: time.Duration(cfg.ColdAfter)},
	}
}

// statements returns the vendor's statistics that the settings ask for.
func statements(cfg *config.Config) []call.Statement {
	skips := func(k call.UnitKind) bool {
		if k == call.UnitRealtime {
			return !cfg.Realtime
		}
		return cfg.Skips(k.Relation())
	}
	return slices.DeleteFunc(call.Statements(), func(s call.Statement) bool { return skips(s.Kind) })
}

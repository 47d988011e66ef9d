package daemon

import (
	"context"
	"fmt"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/schedules"
)

// settings has the settings and schedules of the daemon.
type settings struct {
	cfg     *config.Config
	entries []schedules.Entry
}

// settings reads and checks the settings of the daemon.
func (o Options) settings(ctx context.Context) (settings, error) {
	cfg, err := o.Config()
	if err != nil {
		return settings{}, err
	}
	j, err := archive.New(archive.OptionsOf(cfg), archive.Scope{Accounts: cfg.Accounts}, runs.Origin{})
	if err != nil {
		return settings{}, err
	}
	if err := j.Connect(ctx); err != nil {
		return settings{}, err
	}
	entries, err := loadSchedules(cfg, o.Args)
	return settings{cfg, entries}, err
}

// reload reads the settings again. Settings that need a restart must not have changed.
func (d *daemon) reload(ctx context.Context) (settings, error) {
	set, err := d.settings(ctx)
	if err != nil {
		return settings{}, err
	}
	was := d.set.Load().cfg
	for _, s := range []struct{ name, was, is string }{
		{"CLICKHOUSE_DSN", was.DSN.Reveal(), set.cfg.DSN.Reveal()},
		{"CALLVAULT_CLICKHOUSE_CA, or another of TLS", fmt.Sprint(was.ClickHouseTLS), fmt.Sprint(set.cfg.ClickHouseTLS)},
		{"CALLVAULT_CLICKHOUSE_CLUSTER", was.Cluster, set.cfg.Cluster},
		{"CALLVAULT_CLICKHOUSE_LIB", was.Library, set.cfg.Library},
		{"CALLVAULT_DATA_DIR", was.DataDir, set.cfg.DataDir},
		{"CALLVAULT_LISTEN", was.Listen, set.cfg.Listen},
		{"CALLVAULT_CONSOLE, or another of the console", fmt.Sprintf("%q %s", was.Console, was.Console.Password.Reveal()), fmt.Sprintf("%q %s", set.cfg.Console, set.cfg.Console.Password.Reveal())},
	} {
		if s.was != s.is {
			return settings{}, config.Error{Setting: s.name, Problem: "has changed, which a reload cannot follow", Try: "restart callvault serve"}
		}
	}
	return set, nil
}

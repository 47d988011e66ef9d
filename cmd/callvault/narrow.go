package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/config"
)

// narrow holds the flags that narrow a pass.
type narrow struct {
	apps     []string
	from, to string
	expiring string
	room     string
	again    bool
}

// flags adds the flags.
func (n *narrow) flags(f *pflag.FlagSet) {
	f.StringSliceVar(&n.apps, "app", nil, "only these SDKAppIDs (repeatable)")
	f.StringVar(&n.from, "from", "", "only calls, hours and days that end after this UTC `time`: 2026-11-20, 2026-11-20T15:04:05Z, or an age such as 2d")
	f.StringVar(&n.to, "to", "", "only calls, hours and days that begin before this UTC `time`")
	f.StringVar(&n.expiring, "expiring", "", "only data that the vendor drops within this `duration`, such as 1d")
	f.StringVar(&n.room, "room", "", "only calls of this room `id`")
}

// scope combines the flags with the settings.
func (n *narrow) scope(cfg *config.Config, now time.Time) (s archive.Scope, err error) {
	if s.From, err = parseTime("--from", n.from, now); err != nil {
		return s, err
	}
	if s.To, err = parseTime("--to", n.to, now); err != nil {
		return s, err
	}
	if s.From.After(now) {
		return s, usagef("--from %s is in the future", n.from)
	}
	if !s.To.IsZero() && !s.To.After(s.From) {
		return s, usagef("--to %s is not after --from %s", n.to, n.from)
	}
	if n.expiring != "" {
		if s.Expiring, err = config.ParseDuration(n.expiring); err != nil || s.Expiring <= 0 {
			return s, usagef("--expiring %q is not a duration; use 1d or 6h", n.expiring)
		}
		if n.to != "" {
			return s, usagef("--expiring and --to exclude each other")
		}
	}
	s.Room, s.Again = n.room, n.again
	s.Accounts, err = n.accounts(cfg.Accounts)
	return s, err
}

// accounts keeps the applications that the flag names, or all if it names none.
func (n *narrow) accounts(all []config.Account) ([]config.Account, error) {
	only := map[config.AppID]bool{}
	for _, a := range n.apps {
		id, err := config.ParseAppID(a)
		if err != nil {
			return nil, usagef("--app: %v", err)
		}
		only[config.AppID(id)] = true
	}
	if len(only) == 0 {
		return all, nil
	}
	all = slices.Clone(all)
	for i := range all {
		var apps []config.AppID
		for _, a := range all[i].Apps {
			if only[a] {
				apps = append(apps, a)
				delete(only, a)
			}
		}
		all[i].Apps = apps
	}
	missing := slices.Sorted(maps.Keys(only))
	switch {
	case len(missing) == 0:
	case len(all) == 1: // a single account may be asked for applications that the settings do not name
		all[0].Apps = append(all[0].Apps, missing...)
	default:
		return nil, usagef("--app %s is in no account's sdk_app_ids", joined(missing))
	}
	return all, nil
}

// joined returns numbers with commas between them.
func joined[N ~uint32](all []N) string {
	parts := make([]string, len(all))
	for i, a := range all {
		parts[i] = fmt.Sprint(a)
	}
	return strings.Join(parts, ",")
}

// parseTime reads a day, a time or an age, in UTC.
func parseTime(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return t.UTC(), nil
		}
	}
	if d, err := config.ParseDuration(s); err == nil {
		return now.Add(-d).UTC(), nil
	}
	return time.Time{}, usagef("%s %q is not a time; use 2026-11-20, 2026-11-20T15:04:05Z or an age such as 2d", flag, s)
}

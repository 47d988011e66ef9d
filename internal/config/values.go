package config

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/internal/call"
)

const (
	defaultRetention = 14 * 24 * time.Hour // of the vendor's top plans
	defaultQPS       = 20                  // requests a second for each action, https://www.tencentcloud.com/document/product/647
	defaultSettle    = 15 * time.Minute
	defaultLease     = 30 * time.Second
	defaultRaw       = 30 * 24 * time.Hour
	defaultGrace     = time.Minute
)

// DefaultWait is how long commands wait for ClickHouse if CALLVAULT_WAIT is not set: an
// instance in a cloud takes that long to wake up.
const DefaultWait = 30 * time.Second

// DefaultPatience is the default of CALLVAULT_PATIENCE.
const DefaultPatience = 5 * time.Minute

// Secret is a value that is never printed. Formatting it shows only whether it is set.
type Secret string

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(set)"
}

func (s Secret) GoString() string              { return s.String() }
func (s Secret) LogValue() slog.Value          { return slog.StringValue(s.String()) }
func (s Secret) MarshalText() ([]byte, error)  { return []byte(s.String()), nil }
func (s *Secret) UnmarshalText(b []byte) error { *s = Secret(b); return nil }

// Reveal returns the value.
func (s Secret) Reveal() string { return string(s) }

// Duration is a time.Duration that can be given in days: 14d, 1d12h, 336h.
type Duration time.Duration

func (d Duration) String() string { return time.Duration(d).String() }

// UnmarshalText parses a duration.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Keep is how long something is kept: a Duration, or "off".
type Keep time.Duration

func (k Keep) String() string { return time.Duration(k).String() }

// UnmarshalText parses a duration or off.
func (k *Keep) UnmarshalText(b []byte) error {
	if string(b) == "off" {
		*k = 0
		return nil
	}
	v, err := ParseDuration(string(b))
	*k = Keep(v)
	return err
}

// Bytes is a size: 256MB, 1GiB.
type Bytes int64

// UnmarshalText parses a size.
func (b *Bytes) UnmarshalText(text []byte) error {
	v, err := humanize.ParseBytes(string(text))
	if err != nil || v > 1<<50 {
		return fmt.Errorf("%q is not a size", text)
	}
	*b = Bytes(v)
	return nil
}

const (
	day = 24 * time.Hour
	// longest is the longest duration: ClickHouse has no time before 1970.
	longest = 50 * 365 * day
)

// ParseDuration parses the durations of time.ParseDuration with optional whole days in
// front: 14d, 1d12h. It refuses durations of more than 50 years.
func ParseDuration(s string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is not a duration", s)
	rest := strings.TrimSpace(s)
	var days time.Duration
	if n, after, ok := strings.Cut(rest, "d"); ok {
		v, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return 0, wrong
		}
		days, rest = time.Duration(v)*day, after
		if rest == "" {
			rest = "0"
		}
	}
	v, err := time.ParseDuration(rest)
	switch {
	case err != nil, days > 0 && v < 0:
		return 0, wrong
	case v.Abs() > longest || days+v > longest:
		return 0, fmt.Errorf("%q is longer than 50 years", s)
	}
	return days + v, nil
}

// AppID is an SDKAppID as a setting.
type AppID call.AppID

// UnmarshalText parses an SDKAppID.
func (a *AppID) UnmarshalText(b []byte) error {
	v, err := ParseAppID(string(b))
	*a = AppID(v)
	return err
}

// ParseAppID parses an SDKAppID such as 1400353843.
func ParseAppID(s string) (call.AppID, error) {
	v, err := strconv.ParseUint(strings.TrimSpace(s), 10, 32)
	if err != nil || v == 0 {
		return 0, fmt.Errorf("%q is not an SDKAppID", s)
	}
	return call.AppID(v), nil
}

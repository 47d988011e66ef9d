// Package config reads callvault's settings: defaults, then a YAML file, then
// the environment, each overriding the one before.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/caarlos0/env/v11"
	"github.com/goccy/go-yaml"
)

// Config is the whole of the settings. The fields of Account at the top level
// describe the one account of the environment; Accounts lists more.
type Config struct {
	Account  `yaml:",inline"`
	Accounts []Account `yaml:"accounts"`

	// Settle is how long after its end a call's data may still grow.
	Settle Duration `yaml:"settle" env:"CALLVAULT_SETTLE"`
	// Lease is how long after its holder died a pass still counts as running.
	Lease Duration `yaml:"lease" env:"CALLVAULT_LEASE"`
	// Raw is how long the vendor's responses are kept as they came; zero: not
	// at all.
	Raw Keep `yaml:"raw" env:"CALLVAULT_RAW"`
	// Keep is how long calls are kept in the archive after their end; zero: for
	// good.
	Keep Keep `yaml:"keep" env:"CALLVAULT_KEEP"`
	// ColdAfter is how old data moves to ColdVolume of the tables' storage policy;
	// zero: it does not.
	ColdAfter     Keep   `yaml:"cold_after" env:"CALLVAULT_COLD_AFTER"`
	ColdVolume    string `yaml:"cold_volume" env:"CALLVAULT_COLD_VOLUME"`
	StoragePolicy string `yaml:"storage_policy" env:"CALLVAULT_STORAGE_POLICY"`
	// Memory is about what a pass may hold, in bytes.
	Memory Bytes `yaml:"memory" env:"CALLVAULT_MEMORY"`
	// Skip lists relations that are not collected.
	Skip []string `yaml:"skip" env:"CALLVAULT_SKIP"`

	DSN Secret `yaml:"clickhouse_dsn" env:"CLICKHOUSE_DSN"`
	// HTTP is the address of ClickHouse's HTTP interface, for exports and FORMAT; empty:
	// where the server says it is.
	HTTP    string `yaml:"clickhouse_http" env:"CALLVAULT_CLICKHOUSE_HTTP"`
	Cluster string `yaml:"clickhouse_cluster" env:"CALLVAULT_CLICKHOUSE_CLUSTER"`
	Library string `yaml:"clickhouse_lib" env:"CALLVAULT_CLICKHOUSE_LIB"`
	// BackupTo is where backups go: a folder or s3://bucket/folder.
	BackupTo string `yaml:"backup_to" env:"CALLVAULT_BACKUP_TO"`
	// BackupKeep is how many full backups are kept, with the incremental ones on
	// them; zero: all.
	BackupKeep int    `yaml:"backup_keep" env:"CALLVAULT_BACKUP_KEEP"`
	DataDir    string `yaml:"data_dir" env:"CALLVAULT_DATA_DIR"`
	CacheDir   string `yaml:"cache_dir" env:"CALLVAULT_CACHE_DIR"`
	Schedules  string `yaml:"schedules" env:"CALLVAULT_SCHEDULES"`
	Listen     string `yaml:"listen" env:"CALLVAULT_LISTEN"`

	// Keys of the object storage that exports are written to, by their usual
	// names; none: ClickHouse's own.
	S3KeyID  string `yaml:"s3_key_id" env:"AWS_ACCESS_KEY_ID"`
	S3Secret Secret `yaml:"s3_secret_key" env:"AWS_SECRET_ACCESS_KEY"`
	S3Token  Secret `yaml:"s3_token" env:"AWS_SESSION_TOKEN"`

	// Patience is how long an archiving run goes on while the vendor or ClickHouse
	// does not answer; zero: it gives up soon.
	Patience Duration `yaml:"patience" env:"CALLVAULT_PATIENCE"`
	// Grace is how long a pass may go on when the daemon is to stop.
	Grace Duration `yaml:"grace" env:"CALLVAULT_GRACE"`
	// Wait is how long the daemon waits for ClickHouse; zero: as long as it takes.
	Wait Duration `yaml:"wait" env:"CALLVAULT_WAIT"`

	// NotifyURL is told of failures, losses and recoveries; it is a secret, since
	// such URLs carry one.
	NotifyURL    Secret `yaml:"notify_url" env:"CALLVAULT_NOTIFY_URL"`
	NotifyFormat string `yaml:"notify_format" env:"CALLVAULT_NOTIFY_FORMAT"`

	Traces Traces `yaml:"-"`
}

// Account is one Tencent Cloud account: its credentials, and the applications
// that share its quota.
type Account struct {
	Name      string   `yaml:"name"`
	SecretID  string   `yaml:"secret_id" env:"TENCENTCLOUD_SECRET_ID"`
	SecretKey Secret   `yaml:"secret_key" env:"TENCENTCLOUD_SECRET_KEY"`
	Token     Secret   `yaml:"token" env:"TENCENTCLOUD_TOKEN"`
	Region    string   `yaml:"region" env:"TENCENTCLOUD_REGION"`
	Endpoint  string   `yaml:"endpoint" env:"CALLVAULT_TRTC_ENDPOINT"`
	API       string   `yaml:"api" env:"CALLVAULT_TRTC_API"`
	Apps      []AppID  `yaml:"sdk_app_ids" env:"CALLVAULT_SDK_APP_IDS"`
	Retention Duration `yaml:"retention" env:"CALLVAULT_RETENTION"`
	QPS       float64  `yaml:"qps" env:"CALLVAULT_QPS"`
	// Reserve is how many of QPS are left for the account's other programs.
	Reserve float64 `yaml:"qps_reserve" env:"CALLVAULT_QPS_RESERVE"`
}

// Relations that Skip may name; the others are what an archive is.
var skippable = []string{"user_events", "unusual_events", "daily_scale"}

// Load reads the settings. file may be empty; lookup is os.LookupEnv outside
// tests. The error, if any, is an Errors: one line a setting.
func Load(file string, environ []string) (*Config, error) {
	c := defaults()
	vars := env.ToMap(environ)
	if file == "" {
		file = vars["CALLVAULT_CONFIG"]
	}
	if file != "" {
		if err := c.readFile(file); err != nil {
			return nil, err
		}
	}
	if err := c.readEnv(vars); err != nil {
		return nil, err
	}
	c.fillPaths(vars)
	c.fillAccounts()
	return c, c.validate()
}

func defaults() *Config {
	return &Config{Settle: Duration(defaultSettle), Lease: Duration(defaultLease), Raw: Keep(defaultRaw), Memory: DefaultMemory, Listen: "127.0.0.1:9464",
		Patience: Duration(DefaultPatience), Grace: Duration(defaultGrace), NotifyFormat: "json", ColdVolume: "cold"}
}

func (c *Config) readFile(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return Errors{{Setting: "--config", Problem: err.Error(), Try: "give the path of a YAML file"}}
	}
	defer f.Close()
	if err := yaml.NewDecoder(f, yaml.Strict()).Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return Errors{{Setting: file, Problem: yamlProblem(err), Try: "see docs/operations.md for the settings"}}
	}
	return nil
}

// readEnv takes every variable that is set and not empty.
func (c *Config) readEnv(vars map[string]string) error {
	set := map[string]string{}
	for k, v := range vars {
		if v != "" {
			set[k] = v
		}
	}
	if err := env.ParseWithOptions(c, env.Options{Environment: set}); err != nil {
		return envProblems(err, set)
	}
	return c.zeroes(set)
}

// zeroes refuses a zero that is set: unset means the default.
func (c *Config) zeroes(set map[string]string) error {
	var bad Errors
	for name, zero := range map[string]bool{"CALLVAULT_QPS": c.QPS == 0, "CALLVAULT_RETENTION": c.Retention == 0} {
		if set[name] != "" && zero {
			bad = append(bad, Error{Setting: name, Problem: fmt.Sprintf("%q is nothing", set[name]), Try: example(name)})
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// fillPaths follows the XDG base directories.
func (c *Config) fillPaths(vars map[string]string) {
	under := func(variable, fallback string) string {
		base := vars[variable]
		if base == "" {
			base = filepath.Join(vars["HOME"], fallback)
		}
		return filepath.Join(base, "callvault")
	}
	if c.DataDir == "" {
		c.DataDir = under("XDG_DATA_HOME", ".local/share")
	}
	if c.CacheDir == "" {
		c.CacheDir = under("XDG_CACHE_HOME", ".cache")
	}
	if abs, err := filepath.Abs(c.DataDir); err == nil {
		c.DataDir = abs
	}
}

// fillAccounts makes Accounts the complete list, with defaults filled in. What
// the top level sets is the default of every account.
func (c *Config) fillAccounts() {
	if len(c.Accounts) == 0 {
		c.Accounts = []Account{c.Account}
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		a.Region = first(a.Region, c.Region, "ap-singapore")
		a.Endpoint = first(a.Endpoint, c.Endpoint, "https://trtc.tencentcloudapi.com")
		a.API = first(a.API, c.API, "auto")
		a.Retention = first(a.Retention, c.Retention, Duration(defaultRetention))
		a.QPS = first(a.QPS, c.QPS, defaultQPS)
		a.Reserve = first(a.Reserve, c.Reserve)
		if a.SecretID == "" && a.SecretKey == "" {
			a.SecretID, a.SecretKey, a.Token = c.SecretID, c.SecretKey, c.Token
		}
		if a.Name == "" {
			a.Name = fmt.Sprintf("account %d", i+1)
		}
	}
}

func first[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}

// Skips tells whether a relation is not to be collected.
func (c *Config) Skips(relation string) bool {
	for _, s := range c.Skip {
		if s == relation {
			return true
		}
	}
	return false
}

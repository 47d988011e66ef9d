// Package config reads callvault's settings: defaults, then a YAML file, then the
// environment. Each overrides the one before.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/caarlos0/env/v11"
	"github.com/goccy/go-yaml"
)

// Config holds all settings. The embedded Account is the account of the environment and
// the default of Accounts. After Load, Accounts is complete.
type Config struct {
	Account  `yaml:",inline"`
	Accounts []Account `yaml:"accounts"`

	// Settle is how long after its end a call's data may still grow.
	Settle Duration `yaml:"settle" env:"CALLVAULT_SETTLE"`
	// Lease is how long a pass counts as running after its process has died.
	Lease Duration `yaml:"lease" env:"CALLVAULT_LEASE"`
	// Raw is how long the vendor's responses are kept; zero: not at all.
	Raw Keep `yaml:"raw" env:"CALLVAULT_RAW"`
	// Keep is how long calls are kept in the archive after their end; zero: for ever.
	Keep Keep `yaml:"keep" env:"CALLVAULT_KEEP"`
	// ColdAfter is the age at which data moves to ColdVolume of StoragePolicy; zero:
	// it does not move.
	ColdAfter     Keep   `yaml:"cold_after" env:"CALLVAULT_COLD_AFTER"`
	ColdVolume    string `yaml:"cold_volume" env:"CALLVAULT_COLD_VOLUME"`
	StoragePolicy string `yaml:"storage_policy" env:"CALLVAULT_STORAGE_POLICY"`
	// Memory is about the memory of a pass, in bytes.
	Memory Bytes `yaml:"memory" env:"CALLVAULT_MEMORY"`
	// Skip lists the relations that are not archived.
	Skip []string `yaml:"skip" env:"CALLVAULT_SKIP"`

	DSN Secret `yaml:"clickhouse_dsn" env:"CLICKHOUSE_DSN"`
	// HTTP is the address of ClickHouse's HTTP interface, for exports and FORMAT;
	// empty: the port that the server names.
	HTTP    string `yaml:"clickhouse_http" env:"CALLVAULT_CLICKHOUSE_HTTP"`
	Cluster string `yaml:"clickhouse_cluster" env:"CALLVAULT_CLICKHOUSE_CLUSTER"`
	Library string `yaml:"clickhouse_lib" env:"CALLVAULT_CLICKHOUSE_LIB"`
	// BackupTo is the place of backups: a folder or s3://bucket/folder.
	BackupTo string `yaml:"backup_to" env:"CALLVAULT_BACKUP_TO"`
	// BackupKeep is how many full backups are kept, with the incremental backups based
	// on them; zero: all.
	BackupKeep int    `yaml:"backup_keep" env:"CALLVAULT_BACKUP_KEEP"`
	DataDir    string `yaml:"data_dir" env:"CALLVAULT_DATA_DIR"`
	CacheDir   string `yaml:"cache_dir" env:"CALLVAULT_CACHE_DIR"`
	Schedules  string `yaml:"schedules" env:"CALLVAULT_SCHEDULES"`
	Listen     string `yaml:"listen" env:"CALLVAULT_LISTEN"`

	// Keys of the object storage for exports; empty: the keys in ClickHouse's own
	// configuration.
	S3KeyID  string `yaml:"s3_key_id" env:"AWS_ACCESS_KEY_ID"`
	S3Secret Secret `yaml:"s3_secret_key" env:"AWS_SECRET_ACCESS_KEY"`
	S3Token  Secret `yaml:"s3_token" env:"AWS_SESSION_TOKEN"`

	// Patience is how long an archiving run keeps retrying while the vendor or
	// ClickHouse does not answer; zero: it gives up soon.
	Patience Duration `yaml:"patience" env:"CALLVAULT_PATIENCE"`
	// Grace is how long a pass may continue after the daemon is asked to stop.
	Grace Duration `yaml:"grace" env:"CALLVAULT_GRACE"`
	// Wait is how long the daemon waits for ClickHouse at its start; zero: for ever.
	Wait Duration `yaml:"wait" env:"CALLVAULT_WAIT"`

	// NotifyURL is the webhook for failures, losses and recoveries. It is a secret:
	// such URLs contain one.
	NotifyURL    Secret `yaml:"notify_url" env:"CALLVAULT_NOTIFY_URL"`
	NotifyFormat string `yaml:"notify_format" env:"CALLVAULT_NOTIFY_FORMAT"`

	Traces Traces `yaml:"-"`
}

// Account is a Tencent Cloud account: its credentials, and the applications that share
// its quota.
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
	// Reserve is the part of QPS left to other programs of the account.
	Reserve float64 `yaml:"qps_reserve" env:"CALLVAULT_QPS_RESERVE"`
}

// skippable lists the relations that Skip may name.
var skippable = []string{"user_events", "unusual_events", "daily_scale"}

// Load reads the settings from file, or from the file named by CALLVAULT_CONFIG if file
// is empty, and from environ (os.Environ). It returns an Errors, one line a setting.
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

// readEnv reads the variables that are not empty.
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

// zeroes rejects a zero where zero stands for the default.
func (c *Config) zeroes(set map[string]string) error {
	var bad Errors
	for name, zero := range map[string]bool{"CALLVAULT_QPS": c.QPS == 0, "CALLVAULT_RETENTION": c.Retention == 0} {
		if set[name] != "" && zero {
			bad = append(bad, Error{Setting: name, Problem: fmt.Sprintf("%q is zero", set[name]), Try: example(name)})
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
		return filepath.Join(cmp.Or(vars[variable], filepath.Join(vars["HOME"], fallback)), "callvault")
	}
	c.DataDir = cmp.Or(c.DataDir, under("XDG_DATA_HOME", ".local/share"))
	c.CacheDir = cmp.Or(c.CacheDir, under("XDG_CACHE_HOME", ".cache"))
	if abs, err := filepath.Abs(c.DataDir); err == nil {
		c.DataDir = abs
	}
}

// fillAccounts completes Accounts. The embedded Account holds the defaults of every
// account.
func (c *Config) fillAccounts() {
	if len(c.Accounts) == 0 {
		c.Accounts = []Account{c.Account}
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		a.Region = cmp.Or(a.Region, c.Region, "ap-singapore")
		a.Endpoint = cmp.Or(a.Endpoint, c.Endpoint, "https://trtc.tencentcloudapi.com")
		a.API = cmp.Or(a.API, c.API, "auto")
		a.Retention = cmp.Or(a.Retention, c.Retention, Duration(defaultRetention))
		a.QPS = cmp.Or(a.QPS, c.QPS, defaultQPS)
		a.Reserve = cmp.Or(a.Reserve, c.Reserve)
		if a.SecretID == "" && a.SecretKey == "" {
			a.SecretID, a.SecretKey, a.Token = c.SecretID, c.SecretKey, c.Token
		}
		a.Name = cmp.Or(a.Name, fmt.Sprintf("account %d", i+1))
	}
}

// Skips reports whether Skip names a relation.
func (c *Config) Skips(relation string) bool { return slices.Contains(c.Skip, relation) }

// Package config reads callvault's settings: defaults, then a YAML file, then the
// environment. Each overrides the one before. An unknown setting or a wrong value is an
// error with its name and, in a file, its line.
package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/identity"
)

// Config has all settings. The embedded Account is the account of the environment and the
// default of Accounts. After Load, Accounts is complete.
//
// A field with the tag use is a setting: use describes its value, env is its variable, yaml
// its key in the file.
type Config struct {
	Account
	Accounts []Account

	// Settle is how long after its end a call's data may still grow.
	Settle Duration `yaml:"settle" env:"CALLVAULT_SETTLE" use:"a duration such as 15m"`
	// Lease is how long a pass counts as running after its process has died.
	Lease Duration `yaml:"lease" env:"CALLVAULT_LEASE" use:"a duration such as 30s"`
	// Raw is how long the vendor's responses are kept; zero: not at all.
	Raw Keep `yaml:"raw" env:"CALLVAULT_RAW" use:"a duration such as 30d, or off"`
	// Keep is how long calls are kept in the archive after their end; zero: for ever.
	Keep Keep `yaml:"keep" env:"CALLVAULT_KEEP" use:"a duration such as 400d, or off"`
	// ColdAfter is the age at which data moves to ColdVolume of StoragePolicy; zero:
	// it does not move.
	ColdAfter     Keep   `yaml:"cold_after" env:"CALLVAULT_COLD_AFTER" use:"a duration such as 90d, or off"`
	ColdVolume    string `yaml:"cold_volume" env:"CALLVAULT_COLD_VOLUME" use:"the name of a volume, such as cold"`
	StoragePolicy string `yaml:"storage_policy" env:"CALLVAULT_STORAGE_POLICY" use:"the name of a policy, such as tiered"`
	// Memory is about the memory of a pass, in bytes.
	Memory Bytes `yaml:"memory" env:"CALLVAULT_MEMORY" use:"a size such as 256MB"`
	// Skip lists the relations that are not archived.
	Skip []string `yaml:"skip" env:"CALLVAULT_SKIP" use:"relations separated by commas, of unusual_events, daily_scale, usage_days, usage_rooms, market_hours"`
	// Realtime is whether the vendor's real-time statistics are archived, too.
	Realtime bool `yaml:"realtime" env:"CALLVAULT_REALTIME" use:"true or false"`
	// UserEvents says whose events are archived.
	UserEvents string `yaml:"user_events" env:"CALLVAULT_USER_EVENTS" use:"all, troubled or off"`

	// ClientIP is what is kept of a client's address.
	ClientIP string `yaml:"client_ip" env:"CALLVAULT_CLIENT_IP" use:"full, prefix or none"`
	// Identities is whether ids are kept as they come, or as pseudonyms under IdentityKey.
	Identities string `yaml:"identities" env:"CALLVAULT_IDENTITIES" use:"plain, keyed or keyed+rooms"`
	// IdentityKey has the key of pseudonyms, and after it, with commas, earlier keys.
	IdentityKey Secret `yaml:"identity_key" env:"CALLVAULT_IDENTITY_KEY" use:"32 or more random characters, such as openssl rand -hex 32 prints"`

	DSN Secret `yaml:"clickhouse_dsn" env:"CLICKHOUSE_DSN" use:"clickhouse://user:password@host:9000/trtc"`
	// HTTP is the address of ClickHouse's HTTP interface, for exports and FORMAT;
	// empty: the port that the server names.
	HTTP    string `yaml:"clickhouse_http" env:"CALLVAULT_CLICKHOUSE_HTTP" use:"https://host:8443, without user and password, which CLICKHOUSE_DSN has"`
	Cluster string `yaml:"clickhouse_cluster" env:"CALLVAULT_CLICKHOUSE_CLUSTER" use:"the name of a cluster"`
	// ClickHouseTLS is for a DSN with secure=true, and for HTTPS.
	ClickHouseTLS TLS    `yaml:"clickhouse" env:"CALLVAULT_CLICKHOUSE"`
	Library       string `yaml:"clickhouse_lib" env:"CALLVAULT_CLICKHOUSE_LIB" use:"the path of a libchdb.so"`
	// BackupTo is the place of backups: a folder or s3://bucket/folder.
	BackupTo string `yaml:"backup_to" env:"CALLVAULT_BACKUP_TO" use:"a folder or s3://bucket/folder"`
	// BackupKeep is how many full backups are kept, with the incremental backups based
	// on them; zero: all.
	BackupKeep int    `yaml:"backup_keep" env:"CALLVAULT_BACKUP_KEEP" use:"a number of full backups such as 4, or 0 to keep all"`
	DataDir    string `yaml:"data_dir" env:"CALLVAULT_DATA_DIR" use:"the path of a folder"`
	CacheDir   string `yaml:"cache_dir" env:"CALLVAULT_CACHE_DIR" use:"the path of a folder"`
	Schedules  string `yaml:"schedules" env:"CALLVAULT_SCHEDULES" use:"the path of a folder with .cron files"`
	Listen     string `yaml:"listen" env:"CALLVAULT_LISTEN" use:"host:port such as 127.0.0.1:9464"`

	// Keys of the object storage for exports; empty: the keys in ClickHouse's own
	// configuration.
	S3KeyID  string `yaml:"s3_key_id" env:"AWS_ACCESS_KEY_ID" use:"the key as it was issued"`
	S3Secret Secret `yaml:"s3_secret_key" env:"AWS_SECRET_ACCESS_KEY" use:"the key as it was issued"`
	S3Token  Secret `yaml:"s3_token" env:"AWS_SESSION_TOKEN" use:"the token as it was issued"`

	// Patience is how long an archiving run keeps retrying while the vendor or
	// ClickHouse does not answer; zero: it gives up soon.
	Patience Duration `yaml:"patience" env:"CALLVAULT_PATIENCE" use:"a duration such as 5m, or 0s to give up at once"`
	// Grace is how long a pass may continue after the daemon is asked to stop.
	Grace Duration `yaml:"grace" env:"CALLVAULT_GRACE" use:"a duration such as 1m"`
	// Wait is how long to wait for a ClickHouse that cannot be reached; nil: the daemon
	// waits without end, and commands wait for DefaultWait.
	Wait *Duration `yaml:"wait" env:"CALLVAULT_WAIT" use:"a duration such as 10m, or 0s to give up at once"`

	// NotifyURL is the webhook for failures, losses and recoveries. It is a secret:
	// such URLs contain one.
	NotifyURL    Secret `yaml:"notify_url" env:"CALLVAULT_NOTIFY_URL" use:"the URL of a webhook, https://…"`
	NotifyFormat string `yaml:"notify_format" env:"CALLVAULT_NOTIFY_FORMAT" use:"json, slack, dingtalk or wecom"`

	Console Console

	Traces Traces
}

// Account is a Tencent Cloud account: its credentials, and the applications that share
// its quota.
type Account struct {
	Name      string   `yaml:"name" use:"a name such as production"`
	SecretID  string   `yaml:"secret_id" env:"TENCENTCLOUD_SECRET_ID" use:"the key as the vendor's console shows it"`
	SecretKey Secret   `yaml:"secret_key" env:"TENCENTCLOUD_SECRET_KEY" use:"the key as the vendor's console shows it"`
	Token     Secret   `yaml:"token" env:"TENCENTCLOUD_TOKEN" use:"the token as it was issued"`
	Region    string   `yaml:"region" env:"TENCENTCLOUD_REGION" use:"a region such as ap-singapore"`
	Endpoint  string   `yaml:"endpoint" env:"CALLVAULT_TRTC_ENDPOINT" use:"mainland, international or a URL"`
	VendorTLS TLS      `yaml:"trtc" env:"CALLVAULT_TRTC"`
	API       string   `yaml:"api" env:"CALLVAULT_TRTC_API" use:"auto, legacy or current"`
	Apps      []AppID  `yaml:"sdk_app_ids" env:"CALLVAULT_SDK_APP_IDS" use:"SDKAppIDs separated by commas, such as 1400353843,1400353844"`
	Retention Duration `yaml:"retention" env:"CALLVAULT_RETENTION" use:"a duration such as 14d or 336h"`
	QPS       float64  `yaml:"qps" env:"CALLVAULT_QPS" use:"requests a second, such as 20"`
	// Reserve is the part of QPS left to other programs of the account.
	Reserve float64 `yaml:"qps_reserve" env:"CALLVAULT_QPS_RESERVE" use:"requests a second, such as 2"`
}

// Load reads the settings from file, or from the file named by CALLVAULT_CONFIG if file
// is empty, and from environ (os.Environ). It returns an Errors, one line a setting.
func Load(file string, environ []string) (*Config, error) {
	c := defaults()
	r := &reader{Config: c, where: places{}}
	vars := variables(environ)
	accounts := r.readFile(file, vars["CALLVAULT_CONFIG"])
	r.readEnv(vars)
	r.readAccounts(accounts)
	c.fillPaths(vars)
	if len(r.bad) == 0 {
		r.validate()
	}
	if len(r.bad) > 0 {
		return nil, r.bad
	}
	return c, nil
}

func defaults() *Config {
	return &Config{
		Account: Account{Region: "ap-singapore", Endpoint: MainlandURL, API: "auto", Retention: Duration(defaultRetention), QPS: defaultQPS},
		Settle:  Duration(defaultSettle), Lease: Duration(defaultLease), Raw: Keep(defaultRaw), Memory: DefaultMemory, Listen: "127.0.0.1:9464",
		Patience: Duration(DefaultPatience), Grace: Duration(defaultGrace), NotifyFormat: "json", ColdVolume: "cold",
		UserEvents: userEvents[0], ClientIP: string(identity.Full), Identities: plainIdentities,
	}
}

// reader reads one Config.
type reader struct {
	*Config
	where    places   // of the settings at the top
	accounts []places // of the settings of each of Accounts
	bad      Errors
}

// places maps variables to the place where the setting was read, such as "callvault.yml:
// line 3: qps". A setting from the environment is not in it.
type places map[string]string

// set reads the value of a setting at a place.
func (r *reader) set(s setting, place, text string) {
	problem := flaw(text)
	if problem == "" && s.set(text) != nil {
		problem = fmt.Sprintf("%q cannot be used", short(text))
	}
	if problem != "" {
		r.bad = append(r.bad, Error{place, problem, "use " + s.use})
	}
}

// readAccounts makes the accounts of the file or, without any, that of the environment.
// Settings that an account lacks are those at the top.
func (r *reader) readAccounts(own []section) {
	if len(own) == 0 {
		r.Account.Name = cmp.Or(r.Account.Name, "account 1")
		r.Accounts, r.accounts = []Account{r.Account}, []places{nil}
		return
	}
	if len(r.Apps) > 0 {
		r.say(nil, "CALLVAULT_SDK_APP_IDS", "names applications, but the accounts have their own", "name them in their account's sdk_app_ids")
	}
	for i, s := range own {
		a, p := r.Account, places{}
		a.Name, a.Apps, a.SecretID, a.SecretKey, a.Token = fmt.Sprintf("account %d", i+1), nil, "", "", ""
		r.readSection(s, settingsOf(&a), p)
		if a.SecretID == "" && a.SecretKey == "" {
			a.SecretID, a.SecretKey, a.Token = r.SecretID, r.SecretKey, r.Token
		}
		r.Accounts, r.accounts = append(r.Accounts, a), append(r.accounts, p)
	}
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

// WaitAsCommand returns how long a command waits for a ClickHouse that cannot be reached.
func (c *Config) WaitAsCommand() time.Duration {
	if c.Wait == nil {
		return DefaultWait
	}
	return time.Duration(*c.Wait)
}

// Skips reports whether Skip names a relation.
func (c *Config) Skips(relation string) bool { return slices.Contains(c.Skip, relation) }

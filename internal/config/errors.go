package config

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/dustin/go-humanize"
	"github.com/goccy/go-yaml"
)

// Error is a setting that cannot be used.
type Error struct {
	Setting string // environment variable, flag or file
	Problem string
	Try     string // what to do
}

func (e Error) Error() string {
	s := e.Setting + ": " + e.Problem
	if e.Try != "" {
		s += "; " + e.Try
	}
	return s
}

// Errors lists all settings that cannot be used, one line each.
type Errors []Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// keepBeyond is how much longer than the vendor the archive must keep calls. A pass
// would fetch a call again that is deleted earlier.
const keepBeyond = 48 * time.Hour

// minMemory is enough for the largest responses, one at a time.
const minMemory = 64 << 20

func (c *Config) validate() error {
	var bad Errors
	say := func(setting, problem, try string) { bad = append(bad, Error{setting, problem, try}) }
	for _, a := range c.Accounts {
		where := func(setting string) string {
			if len(c.Accounts) > 1 {
				return setting + " of " + a.Name
			}
			return setting
		}
		a.validate(func(setting, problem, try string) { say(where(setting), problem, try) })
	}
	c.validateApps(say)
	for _, s := range c.Skip {
		if !slices.Contains(skippable, s) {
			say("CALLVAULT_SKIP", fmt.Sprintf("%q cannot be skipped", s), "use "+strings.Join(skippable, ", "))
		}
	}
	if c.Settle < 0 {
		say("CALLVAULT_SETTLE", "is negative", "use a duration such as 15m")
	}
	if c.Raw < 0 {
		say("CALLVAULT_RAW", "is negative", "use a duration such as 30d, or off")
	}
	if c.ColdAfter != 0 && c.ColdAfter < Keep(24*time.Hour) {
		say("CALLVAULT_COLD_AFTER", fmt.Sprintf("%v is less than a day", c.ColdAfter), "use a duration such as 90d, or off")
	}
	for _, a := range c.Accounts {
		if c.Keep != 0 && time.Duration(c.Keep) < time.Duration(a.Retention)+keepBeyond {
			say("CALLVAULT_KEEP", fmt.Sprintf("%v is not two days longer than CALLVAULT_RETENTION (%v): passes would fetch deleted calls again", c.Keep, a.Retention), "use a duration such as 400d, or off")
			break
		}
	}
	if c.Memory < minMemory {
		say("CALLVAULT_MEMORY", fmt.Sprintf("%s is too little", humanize.IBytes(uint64(max(c.Memory, 0)))), "use 64MB or more")
	}
	if c.Lease < Duration(time.Second) {
		say("CALLVAULT_LEASE", fmt.Sprintf("%v is too short to be renewed in time", c.Lease), "use a duration such as 30s")
	}
	if u, err := url.Parse(c.HTTP); c.HTTP != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https") {
		say("CALLVAULT_CLICKHOUSE_HTTP", "is not the address of a server", "use https://host:8443, without user and password, which CLICKHOUSE_DSN has")
	}
	c.validateDaemon(say)
	c.Traces.validate(say)
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// validateApps fails if two accounts name the same application: their passes would
// disturb each other. It removes duplicates within an account.
func (c *Config) validateApps(say func(setting, problem, try string)) {
	account := map[AppID]string{}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		slices.Sort(a.Apps)
		a.Apps = slices.Compact(a.Apps)
		for _, app := range a.Apps {
			if other, ok := account[app]; ok {
				say("sdk_app_ids", fmt.Sprintf("names application %d in two accounts, %q and %q", app, other, a.Name), "leave it in the account that it belongs to")
			}
			account[app] = a.Name
		}
	}
}

// notifyFormats lists the formats of notify.Webhook.
var notifyFormats = []string{"json", "slack", "dingtalk", "wecom"}

func (c *Config) validateDaemon(say func(setting, problem, try string)) {
	if c.BackupKeep < 0 {
		say("CALLVAULT_BACKUP_KEEP", "is negative", "use a number of full backups such as 4, or 0 to keep all")
	}
	if c.Patience < 0 {
		say("CALLVAULT_PATIENCE", "is negative", "use a duration such as 5m, or 0s to give up at once")
	}
	if c.Grace < 0 {
		say("CALLVAULT_GRACE", "is negative", "use a duration such as 1m")
	}
	if c.Wait < 0 {
		say("CALLVAULT_WAIT", "is negative", "use a duration such as 10m, or 0s to wait as long as it takes")
	}
	if u, err := url.Parse(c.NotifyURL.Reveal()); c.NotifyURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		say("CALLVAULT_NOTIFY_URL", "is not a URL", "use the URL of a webhook, https://…")
	}
	if !slices.Contains(notifyFormats, c.NotifyFormat) {
		say("CALLVAULT_NOTIFY_FORMAT", fmt.Sprintf("%q is unknown", c.NotifyFormat), "use "+strings.Join(notifyFormats, ", "))
	}
}

func (a Account) validate(say func(setting, problem, try string)) {
	switch {
	case a.SecretID != "" && a.SecretKey == "":
		say("TENCENTCLOUD_SECRET_KEY", "is not set though TENCENTCLOUD_SECRET_ID is", "export both")
	case a.SecretID == "" && a.SecretKey != "":
		say("TENCENTCLOUD_SECRET_ID", "is not set though TENCENTCLOUD_SECRET_KEY is", "export both")
	}
	if u, err := url.Parse(a.Endpoint); err == nil && u.User != nil {
		say("CALLVAULT_TRTC_ENDPOINT", "holds a user or a password", "leave them out; the keys are TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY")
	} else if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		say("CALLVAULT_TRTC_ENDPOINT", fmt.Sprintf("%q is not a URL", a.Endpoint), "use https://trtc.tencentcloudapi.com")
	}
	if !slices.Contains([]string{"auto", "legacy", "current"}, a.API) {
		say("CALLVAULT_TRTC_API", fmt.Sprintf("%q is unknown", a.API), "use auto, legacy or current")
	}
	if a.Retention <= 0 {
		say("CALLVAULT_RETENTION", fmt.Sprintf("%v is not positive", a.Retention), "use a duration such as 14d or 168h")
	}
	if a.Reserve < 0 || a.Reserve > 0 && a.Reserve >= a.QPS {
		say("CALLVAULT_QPS_RESERVE", fmt.Sprintf("%v of %v requests a second leaves none to callvault", a.Reserve, a.QPS), "use less than CALLVAULT_QPS")
	}
	if !(a.QPS > 0) || math.IsInf(a.QPS, 1) {
		say("CALLVAULT_QPS", fmt.Sprintf("%v is not a rate", a.QPS), "use requests a second, such as 20")
	}
}

// yamlProblem is a YAML error in one line, with line number and key.
func yamlProblem(err error) string {
	if e, ok := errors.AsType[yaml.Error](err); ok {
		if t := e.GetToken(); t != nil {
			return fmt.Sprintf("line %d: %s", t.Position.Line, e.GetMessage())
		}
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// envProblems names the variable of each field that cannot be parsed.
func envProblems(err error, set map[string]string) Errors {
	var bad Errors
	agg, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return Errors{{Setting: "environment", Problem: err.Error()}}
	}
	for _, e := range agg.Errors {
		p, ok := errors.AsType[env.ParseError](e)
		if !ok {
			bad = append(bad, Error{Setting: "environment", Problem: e.Error()})
			continue
		}
		name := variable(p.Name)
		bad = append(bad, Error{Setting: name, Problem: fmt.Sprintf("%q cannot be used", set[name]), Try: example(name)})
	}
	return bad
}

// variable returns the environment variable of a field.
func variable(field string) string {
	for _, t := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[Account]()} {
		if f, ok := t.FieldByName(field); ok {
			if name := f.Tag.Get("env"); name != "" {
				return name
			}
		}
	}
	return field
}

func example(name string) string {
	switch name {
	case "CALLVAULT_RETENTION":
		return "use a duration such as 14d or 336h"
	case "CALLVAULT_SETTLE":
		return "use a duration such as 15m"
	case "CALLVAULT_MEMORY":
		return "use a size such as 256MB"
	case "CALLVAULT_QPS_RESERVE":
		return "use requests a second, such as 2"
	case "CALLVAULT_RAW":
		return "use a duration such as 30d, or off"
	case "CALLVAULT_COLD_AFTER":
		return "use a duration such as 90d, or off"
	case "CALLVAULT_KEEP":
		return "use a duration such as 400d, or off"
	case "CALLVAULT_BACKUP_KEEP":
		return "use a number of full backups such as 4"
	case "CALLVAULT_PATIENCE":
		return "use a duration such as 5m, or 0s to give up at once"
	case "CALLVAULT_GRACE":
		return "use a duration such as 1m"
	case "CALLVAULT_WAIT":
		return "use a duration such as 10m"
	case "CALLVAULT_LEASE":
		return "use a duration such as 30s"
	case "CALLVAULT_QPS":
		return "use requests a second, such as 20"
	case "CALLVAULT_SDK_APP_IDS":
		return "use SDKAppIDs separated by commas, such as 1400353843,1400353844"
	}
	return ""
}

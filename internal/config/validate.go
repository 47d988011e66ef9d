package config

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
)

const (
	// keepBeyond is how much longer than the vendor the archive must keep calls. A pass
	// would fetch a call again that is deleted earlier.
	keepBeyond = 2 * day
	// minMemory is enough for the largest responses, one at a time.
	minMemory = 64 << 20
	// maxLease bounds how long a dead pass delays the next one.
	maxLease = time.Hour
	// maxQPS is more than any vendor serves.
	maxQPS = 1e6
)

// skippable lists the relations that Skip may name.
var skippable = []string{"unusual_events", "daily_scale", "usage_days", "usage_rooms", "market_hours"}

// userEvents lists whose events may be archived, the default first: ledger.EventsOf.
var userEvents = []string{"all", "troubled", "off"}

// notifyFormats lists the formats of notify.Webhook.
var notifyFormats = []string{"json", "slack", "dingtalk", "wecom"}

// say reports a wrong setting with the place where it was read: that of the account or else
// that of the top. A setting at the top that is wrong for several accounts is reported
// once.
func (r *reader) say(own places, name, problem, try string) {
	e := Error{cmp.Or(own[name], r.where[name], name), problem, try}
	if !slices.Contains(r.bad, e) {
		r.bad = append(r.bad, e)
	}
}

// check reports a setting unless ok.
func (r *reader) check(ok bool, name, problem, try string) {
	if !ok {
		r.say(nil, name, problem, try)
	}
}

func (r *reader) validate() {
	for i := range r.Accounts {
		a := account{r, &r.Accounts[i], r.accounts[i]}
		a.validate()
		a.validateTimes()
	}
	r.validateAccounts()
	r.check(slices.Contains(userEvents, r.UserEvents), "CALLVAULT_USER_EVENTS", fmt.Sprintf("%q is unknown", short(r.UserEvents)), "use all, troubled or off")
	for i, s := range r.Skip {
		if s == "user_events" {
			r.say(nil, "CALLVAULT_SKIP", "cannot name user_events", "set CALLVAULT_USER_EVENTS=off")
			continue
		}
		r.check(slices.Contains(skippable, s), "CALLVAULT_SKIP", fmt.Sprintf("%q cannot be skipped", short(s)), "use "+strings.Join(skippable, ", "))
		r.check(s == "" || !slices.Contains(r.Skip[:i], s), "CALLVAULT_SKIP", "names "+s+" twice", "leave one of them out")
	}
	r.check(r.Settle >= 0, "CALLVAULT_SETTLE", "is negative", "use a duration such as 15m")
	r.check(r.Raw >= 0, "CALLVAULT_RAW", "is negative", "use a duration such as 30d, or off")
	r.check(r.ColdAfter == 0 || r.ColdAfter >= Keep(day), "CALLVAULT_COLD_AFTER", fmt.Sprintf("%v is less than a day", r.ColdAfter), "use a duration such as 90d, or off")
	r.check(r.Memory >= minMemory, "CALLVAULT_MEMORY", fmt.Sprintf("%s is too little", humanize.IBytes(uint64(max(r.Memory, 0)))), "use 64MB or more")
	r.check(r.Lease >= Duration(time.Second), "CALLVAULT_LEASE", fmt.Sprintf("%v is too short to be renewed in time", r.Lease), "use a duration such as 30s")
	r.check(r.Lease <= Duration(maxLease), "CALLVAULT_LEASE", fmt.Sprintf("a pass that died would delay the next one by %v", r.Lease), "use a duration such as 30s")
	r.check(r.HTTP == "" || server(r.HTTP) != nil, "CALLVAULT_CLICKHOUSE_HTTP", "is not the address of a server", "use https://host:8443, without user and password, which CLICKHOUSE_DSN has")
	r.validateTLS(nil, r.ClickHouseTLS, clickhouse, secure(r.DSN.Reveal()), "CLICKHOUSE_DSN has no ?secure=true")
	r.check(unbroken(r.S3KeyID), "AWS_ACCESS_KEY_ID", holdsBlank, "use the key as it was issued")
	r.check(unbroken(r.S3Secret.Reveal()), "AWS_SECRET_ACCESS_KEY", holdsBlank, "use the key as it was issued")
	r.check(unbroken(r.S3Token.Reveal()), "AWS_SESSION_TOKEN", holdsBlank, "use the token as it was issued")
	r.validateIdentities()
	r.validateDaemon()
	r.validateConsole()
	r.Traces.validate(func(setting, problem, try string) { r.say(nil, setting, problem, try) })
}

// server returns the address of a server, with or without a path, or nil if text is none.
func server(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	return u
}

// secure reports whether a DSN requires TLS. It returns true for a text that is not a DSN,
// which another check reports.
func secure(dsn string) bool {
	_, params, _ := strings.Cut(dsn, "?")
	q, err := url.ParseQuery(params)
	if err != nil || dsn == "" {
		return err != nil
	}
	on, err := strconv.ParseBool(cmp.Or(q.Get("secure"), strconv.FormatBool(q.Has("secure"))))
	return on || err != nil
}

const holdsBlank = "contains a blank, which no key has"

// unbroken reports whether a key has no blank in it.
func unbroken(key string) bool { return !strings.ContainsFunc(key, unicode.IsSpace) }

func (r *reader) validateDaemon() {
	r.check(r.BackupKeep >= 0, "CALLVAULT_BACKUP_KEEP", "is negative", "use a number of full backups such as 4, or 0 to keep all")
	r.check(r.Patience >= 0, "CALLVAULT_PATIENCE", "is negative", "use a duration such as 5m, or 0s to give up at once")
	r.check(r.Grace >= 0, "CALLVAULT_GRACE", "is negative", "use a duration such as 1m")
	r.check(r.Wait == nil || *r.Wait >= 0, "CALLVAULT_WAIT", "is negative", "use a duration such as 10m, or 0s to give up at once")
	r.check(listenable(r.Listen), "CALLVAULT_LISTEN", fmt.Sprintf("%q is not an address", short(r.Listen)), "use host:port such as 127.0.0.1:9464")
	u, err := url.Parse(r.NotifyURL.Reveal())
	r.check(r.NotifyURL == "" || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https"), "CALLVAULT_NOTIFY_URL", "is not a URL", "use the URL of a webhook, https://…")
	r.check(slices.Contains(notifyFormats, r.NotifyFormat), "CALLVAULT_NOTIFY_FORMAT", fmt.Sprintf("%q is unknown", short(r.NotifyFormat)), "use "+strings.Join(notifyFormats, ", "))
}

// listenable reports whether a text is an address to listen on.
func listenable(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = net.LookupPort("tcp", port)
	return err == nil && port != ""
}

// validateAccounts fails if two accounts have the same name or the same application: their
// passes would disturb each other.
func (r *reader) validateAccounts() {
	of, named := map[AppID]string{}, map[string]bool{}
	for i := range r.Accounts {
		a, own := &r.Accounts[i], r.accounts[i]
		if named[a.Name] {
			r.say(own, "name", fmt.Sprintf("%q is the name of two accounts", short(a.Name)), "give each its own")
		}
		named[a.Name] = true
		slices.Sort(a.Apps)
		for j, app := range a.Apps {
			other, ok := of[app]
			switch {
			case j > 0 && app == a.Apps[j-1]:
				r.say(own, "CALLVAULT_SDK_APP_IDS", fmt.Sprintf("names application %d twice", app), "leave one of them out")
			case ok:
				r.say(own, "CALLVAULT_SDK_APP_IDS", fmt.Sprintf("names application %d, which is in two accounts, %q and %q", app, short(other), short(a.Name)), "leave it in the account that it belongs to")
			}
			of[app] = a.Name
		}
	}
}

// account is an account to be validated.
type account struct {
	*reader
	a   *Account
	own places
}

func (v account) check(ok bool, name, problem, try string) {
	if !ok {
		v.say(v.own, name, problem, try)
	}
}

// region matches the names of the vendor's regions.
var region = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)+$`)

func (v account) validate() {
	a := v.a
	v.pair("TENCENTCLOUD_SECRET_ID", a.SecretID, "TENCENTCLOUD_SECRET_KEY", a.SecretKey.Reveal())
	v.pair("TENCENTCLOUD_SECRET_KEY", a.SecretKey.Reveal(), "TENCENTCLOUD_SECRET_ID", a.SecretID)
	for name, key := range map[string]string{"TENCENTCLOUD_SECRET_ID": a.SecretID, "TENCENTCLOUD_SECRET_KEY": a.SecretKey.Reveal(), "TENCENTCLOUD_TOKEN": a.Token.Reveal()} {
		v.check(unbroken(key), name, holdsBlank, "use it as the vendor's console shows it")
	}
	v.check(region.MatchString(a.Region), "TENCENTCLOUD_REGION", fmt.Sprintf("%q is not a region", short(a.Region)), "use a region such as ap-singapore")
	v.validateEndpoint()
	v.check(slices.Contains([]string{"auto", "legacy", "current"}, a.API), "CALLVAULT_TRTC_API", fmt.Sprintf("%q is unknown", short(a.API)), "use auto, legacy or current")
	v.check(a.QPS > 0 && a.QPS <= maxQPS, "CALLVAULT_QPS", fmt.Sprintf("%v is not a rate", a.QPS), "use requests a second, such as 20")
	v.check(a.Reserve >= 0 && (a.Reserve == 0 || a.Reserve < a.QPS), "CALLVAULT_QPS_RESERVE", fmt.Sprintf("%v of %v requests a second leaves none to callvault", a.Reserve, a.QPS), "use less than CALLVAULT_QPS, and not less than 0")
}

// pair reports one of two keys without the other.
func (v account) pair(name, value, other, missing string) {
	if value == "" || missing != "" {
		return
	}
	if place := cmp.Or(v.own[name], v.where[name]); place != "" {
		v.say(v.own, name, "is set without the other key", "set both secret_id and secret_key")
		return
	}
	v.say(v.own, other, "is not set though "+name+" is", "export both")
}

func (v account) validateEndpoint() {
	const name, try = "CALLVAULT_TRTC_ENDPOINT", "use mainland (" + MainlandURL + "), international (" + InternationalURL + ") or another URL"
	if site, ok := sites[v.a.Endpoint]; ok {
		v.a.Endpoint = site
	}
	u, err := url.Parse(v.a.Endpoint)
	switch {
	case err == nil && u.User != nil:
		v.say(v.own, name, "contains a user or a password", "leave them out; the keys are TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY")
	case err == nil && (u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "") && u.Host != "":
		v.say(v.own, name, "contains more than scheme and host, which callvault would leave out", try)
	case server(v.a.Endpoint) == nil:
		v.say(v.own, name, fmt.Sprintf("%q is neither a name nor a URL", short(v.a.Endpoint)), try)
	default:
		v.validateTLS(v.own, v.a.VendorTLS, vendor, u.Scheme == "https", "CALLVAULT_TRTC_ENDPOINT has no TLS")
	}
}

func (v account) validateTimes() {
	kept := v.a.Retention
	v.check(kept > 0, "CALLVAULT_RETENTION", fmt.Sprintf("%v is not positive", kept), "use a duration such as 14d or 168h")
	v.check(kept <= 0 || v.Settle < kept, "CALLVAULT_SETTLE", fmt.Sprintf("%v is not less than CALLVAULT_RETENTION (%v): no call would ever be final", v.Settle, kept), "use a duration such as 15m")
	v.check(v.Keep == 0 || time.Duration(v.Keep) >= time.Duration(kept)+keepBeyond, "CALLVAULT_KEEP",
		fmt.Sprintf("%v is not two days longer than CALLVAULT_RETENTION (%v): passes would fetch deleted calls again", v.Keep, kept), "use a duration such as 400d, or off")
}

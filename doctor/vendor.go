package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/words"
)

// settings reports what is configured.
func (x *examination) settings(cfg *config.Config) {
	apps := 0
	for _, a := range cfg.Accounts {
		apps += len(a.Apps)
	}
	if apps == 0 {
		x.say("settings", Fail, "CALLVAULT_SDK_APP_IDS names no application", "export CALLVAULT_SDK_APP_IDS=1400353843 with the SDKAppID of your own")
		return
	}
	raw := "not kept"
	if cfg.Raw > 0 {
		raw = "kept " + days(time.Duration(cfg.Raw))
	}
	x.say("settings", OK, fmt.Sprintf("accounts: %d, applications: %d, raw responses %s", len(cfg.Accounts), apps, raw), "")
	if p := cfg.Privacy(); p.Lacking() {
		x.say("persons", Fail, "CALLVAULT_IDENTITY_KEY is not set, and CALLVAULT_IDENTITIES needs it", "set the key of the passes before")
	} else if !p.Plain() {
		x.say("persons", OK, "passes keep "+p.String(), "")
	}
}

// account checks the vendor for one account.
func (x *examination) account(ctx context.Context, a config.Account) {
	secure, err := a.ToVendor()
	if err != nil {
		x.say("endpoint", Fail, words.OneLine(err), "")
		return
	}
	if len(a.Apps) == 0 || !x.endpoint(ctx, a, secure) {
		return
	}
	cred, err := archive.Credential(ctx, a)
	if err != nil {
		x.say("credentials", Fail, words.OneLine(err), "export TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY")
		return
	}
	client, err := trtc.New(trtc.Options{Credential: cred, Region: a.Region, Endpoint: a.Endpoint, TLS: secure})
	if err != nil {
		x.say("endpoint", Fail, words.OneLine(err), "check CALLVAULT_TRTC_ENDPOINT")
		return
	}
	limits := quota.New(quota.Options{PerSecond: a.QPS, Reserve: a.Reserve})
	for i, app := range a.Apps {
		p := &ask.Prober{Vendor: client, Limits: limits, App: call.AppID(app), Now: time.Now}
		if ok := x.application(ctx, a, p, i == 0); !ok {
			return
		}
	}
	x.say("quota", OK, fmt.Sprintf("%g requests a second of each action, %g of them left to others", a.QPS, a.Reserve), "")
}

// skew is how far clocks may differ. The vendor refuses signatures that are five minutes
// old.
const skew = time.Minute

// endpoint sends a plain request to find out what answers, and its time.
func (x *examination) endpoint(ctx context.Context, a config.Account, secure *tls.Config) bool {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	client, err := trtc.New(trtc.Options{Endpoint: a.Endpoint, TLS: secure})
	if err != nil {
		x.say("endpoint", Fail, words.OneLine(err), "check CALLVAULT_TRTC_ENDPOINT")
		return false
	}
	asked := time.Now()
	theirs, proxy, err := client.Reach(ctx, a.Endpoint)
	via := ""
	if proxy != "" {
		via = " through the proxy " + proxy
	}
	if err != nil {
		x.say("endpoint", Fail, words.OneLine(err)+via, archive.AccountHint(a, err))
		return false
	}
	name := a.Endpoint
	if site := a.Site(); site != "" {
		name = site + " (" + a.Endpoint + ")"
	}
	x.say("endpoint", OK, name+" answers"+via, "")
	x.clock(theirs, asked.Add(time.Since(asked)/2))
	return true
}

// clock compares this machine's clock with the vendor's.
func (x *examination) clock(theirs, now time.Time) {
	if theirs.IsZero() {
		x.say("clock", Warn, "the vendor's answer has no date to compare with", "")
		return
	}
	off := now.Sub(theirs).Round(time.Second)
	if off.Abs() > skew {
		x.say("clock", Fail, fmt.Sprintf("this machine's clock is %s off the vendor's", off), "set the clock; signatures are refused at five minutes")
		return
	}
	x.say("clock", OK, fmt.Sprintf("within %s of the vendor's", max(off.Abs(), time.Second)), "")
}

// application asks each action once. It returns false if further checks are pointless.
func (x *examination) application(ctx context.Context, a config.Account, p *ask.Prober, first bool) bool {
	dialect, err := ask.Detect(ctx, p.Vendor, p.Limits, []call.AppID{p.App}, time.Now(), archive.Dialects(a)...)
	if err != nil {
		x.say("credentials", Fail, words.OneLine(err), archive.AccountHint(a, err))
		return false
	}
	if first {
		x.say("credentials", OK, fmt.Sprintf("accepted; the account has the %s API", dialect.Name), "")
	}
	for _, probe := range p.Actions(ctx, dialect) {
		name := fmt.Sprintf("%s of %d", probe.Action, p.App)
		switch {
		case probe.Err != nil && skippable(probe.Relation):
			without := "CALLVAULT_SKIP=" + probe.Relation
			if probe.Relation == "user_events" {
				without = "CALLVAULT_USER_EVENTS=off"
			}
			x.say("action", Warn, name+": "+words.OneLine(probe.Err), "set "+without+" to leave it out"+orElse(trtc.Hint(probe.Err)))
		case probe.Err != nil:
			x.say("action", Fail, name+": "+words.OneLine(probe.Err), trtc.Hint(probe.Err))
		case probe.Region != "" && probe.Region != a.Region:
			x.say("action", OK, name+", served in "+probe.Region, "")
		default:
			x.say("action", OK, name, "")
		}
	}
	if first {
		x.retention(ctx, a, p, dialect)
	}
	return true
}

// orElse adds another hint, if there is one.
func orElse(hint string) string {
	if hint == "" {
		return ""
	}
	return "; or else: " + hint
}

func skippable(relation string) bool {
	return relation == "user_events" || relation == "unusual_events" || relation == "daily_scale"
}

// retention compares the retention of the plan with the setting.
func (x *examination) retention(ctx context.Context, a config.Account, p *ask.Prober, d trtc.Dialect) {
	kept, err := p.Retention(ctx, d)
	want := time.Duration(a.Retention)
	switch {
	case err != nil:
		x.say("retention", Warn, words.OneLine(err), "")
	case kept < want:
		x.say("retention", Fail, fmt.Sprintf("the plan keeps %s, CALLVAULT_RETENTION is %s", days(kept), days(want)), "set CALLVAULT_RETENTION="+days(kept))
	case kept > want:
		x.say("retention", Warn, fmt.Sprintf("the plan keeps %s, CALLVAULT_RETENTION is %s", days(kept), days(want)), "set CALLVAULT_RETENTION="+days(kept)+" to archive all of it")
	default:
		x.say("retention", OK, "the plan keeps "+days(kept)+", as set", "")
	}
}

func days(d time.Duration) string { return fmt.Sprintf("%gd", d.Hours()/24) }

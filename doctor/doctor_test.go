package doctor

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/config"
)

// TestFindings judges plain values.
func TestFindings(t *testing.T) {
	now := time.Now()
	apps := []config.Account{{Apps: []config.AppID{1, 2}}, {Apps: []config.AppID{3}}}
	for _, c := range []struct {
		find    func(*examination)
		verdict string
		found   string
		try     string // a part of it; "": nothing
	}{
		{func(x *examination) { x.settings(&config.Config{}) }, Fail, "CALLVAULT_SDK_APP_IDS names no application", "export CALLVAULT_SDK_APP_IDS="},
		{func(x *examination) { x.settings(&config.Config{Accounts: apps}) }, OK, "accounts: 2, applications: 3, raw responses not kept", ""},
		{func(x *examination) { x.settings(&config.Config{Accounts: apps, Raw: config.Keep(36 * time.Hour)}) }, OK, "accounts: 2, applications: 3, raw responses kept 1.5d", ""},
		{func(x *examination) { x.clock(time.Time{}, now) }, Warn, "the vendor's answer has no date to compare with", ""},
		{func(x *examination) { x.clock(now, now) }, OK, "within 1s of the vendor's", ""},
		{func(x *examination) { x.clock(now, now.Add(-time.Minute)) }, OK, "within 1m0s of the vendor's", ""},
		{func(x *examination) { x.clock(now, now.Add(61*time.Second)) }, Fail, "this machine's clock is 1m1s off the vendor's", "set the clock"},
		{func(x *examination) { x.clock(now, now.Add(-time.Hour)) }, Fail, "this machine's clock is -1h0m0s off the vendor's", "set the clock"},
		{func(x *examination) { x.room(10<<30, 100<<30) }, OK, "10 GiB of 100 GiB free", ""},
		{func(x *examination) { x.room(9<<30, 100<<30) }, Warn, "9.0 GiB of 100 GiB free", "free disk space"},
		{func(x *examination) { x.succeeded(time.Time{}) }, Warn, "no full pass has succeeded yet", "run callvault archive"},
		{func(x *examination) { x.succeeded(now.Add(-25 * time.Hour)) }, OK, "1 day ago", ""},
		{func(x *examination) { x.succeeded(now.Add(-50 * time.Hour)) }, Warn, "2 days ago", "callvault serve"},
	} {
		shown := 0
		x := &examination{show: func(Finding) { shown++ }}
		c.find(x)
		if len(x.findings) != 1 || shown != 1 {
			t.Errorf("%s: %d findings, %d shown", c.found, len(x.findings), shown)
			continue
		}
		f := x.findings[0]
		if f.Verdict != c.verdict || f.Found != c.found || !strings.Contains(f.Try, c.try) || (f.Try == "") != (c.try == "") {
			t.Errorf("%+v, want %s %q, try %q", f, c.verdict, c.found, c.try)
		}
	}
}

// TestEndpoint: who answers is known, whatever it answers, and so is its clock.
func TestEndpoint(t *testing.T) {
	var date string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", date)
		w.WriteHeader(http.StatusTeapot)
	}))
	date = time.Now().UTC().Format(http.TimeFormat)
	look := func() (verdicts []string) {
		x := &examination{show: func(f Finding) { verdicts = append(verdicts, f.Check+" "+f.Verdict) }}
		x.endpoint(t.Context(), config.Account{Endpoint: server.URL}, nil)
		return verdicts
	}
	if got := look(); !slices.Equal(got, []string{"endpoint ok", "clock ok"}) {
		t.Error(got)
	}
	date = time.Now().UTC().Add(-time.Hour).Format(http.TimeFormat)
	if got := look(); !slices.Equal(got, []string{"endpoint ok", "clock fail"}) {
		t.Errorf("an hour behind: %v", got)
	}
	server.Close()
	if got := look(); !slices.Equal(got, []string{"endpoint fail"}) {
		t.Errorf("nobody there: %v", got)
	}
}

func TestRightsOfEngines(t *testing.T) {
	for cluster, want := range map[string]string{"": "TABLE ENGINE ON Memory", "c": "TABLE ENGINE ON ReplicatedMergeTree"} {
		if rights := others(cluster); !slices.Contains(rights, want) || rights[0] != "SELECT ON system.parts" {
			t.Errorf("cluster %q: %v", cluster, rights)
		}
	}
}

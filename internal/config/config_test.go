package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/config"
)

func TestDefaults(t *testing.T) {
	c, err := config.Load("", []string{"HOME=/home/ann"})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Account{{
		Name: "account 1", Region: "ap-singapore", Endpoint: "https://trtc.tencentcloudapi.com",
		API: "auto", Retention: config.Duration(336 * time.Hour), QPS: 20,
	}}
	if diff := cmp.Diff(want, c.Accounts); diff != "" {
		t.Error(diff)
	}
	if c.Patience != config.Duration(5*time.Minute) {
		t.Errorf("patience %s", c.Patience)
	}
	if c.DataDir != "/home/ann/.local/share/callvault" {
		t.Errorf("data dir %q", c.DataDir)
	}
}

func TestEnvironment(t *testing.T) {
	c, err := config.Load("", []string{
		"HOME=/home/ann", "XDG_DATA_HOME=/data", "CALLVAULT_SDK_APP_IDS=1400353843, 1400353844", "CALLVAULT_RETENTION=7d",
		"TENCENTCLOUD_SECRET_ID=id", "TENCENTCLOUD_SECRET_KEY=key", "CALLVAULT_QPS=", "CALLVAULT_SKIP=unusual_events",
	})
	if err != nil {
		t.Fatal(err)
	}
	a := c.Accounts[0]
	if len(a.Apps) != 2 || a.Apps[1] != 1400353844 || time.Duration(a.Retention) != 168*time.Hour || a.QPS != 20 {
		t.Errorf("account %+v", a)
	}
	if c.DataDir != "/data/callvault" || !c.Skips("unusual_events") || c.UserEvents != "all" || c.Skips("daily_scale") {
		t.Errorf("config %+v", c)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", a, a, a, a.SecretKey); strings.Contains(s, "key") {
		t.Errorf("the secret shows: %s", s)
	}
}

func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "callvault.yml")
	text := `
region: ap-guangzhou
retention: 7d
accounts:
  - name: europe
    secret_id: a
    secret_key: b
    sdk_app_ids: [1400353843]
  - name: asia
    secret_id: c
    secret_key: d
    retention: 14d
    qps: 10
    sdk_app_ids: [1400353844, 1400353845]
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load("", []string{"CALLVAULT_CONFIG=" + file, "TENCENTCLOUD_REGION=ap-mumbai"})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Accounts) != 2 {
		t.Fatalf("%d accounts", len(c.Accounts))
	}
	a, b := c.Accounts[0], c.Accounts[1]
	if a.Region != "ap-mumbai" || time.Duration(a.Retention) != 168*time.Hour || a.SecretKey.Reveal() != "b" {
		t.Errorf("first %+v", a)
	}
	if b.QPS != 10 || time.Duration(b.Retention) != 336*time.Hour || len(b.Apps) != 2 {
		t.Errorf("second %+v", b)
	}
}

func TestWrongSettings(t *testing.T) {
	for _, c := range []struct{ env, want string }{
		{"CALLVAULT_RETENTION=a fortnight", `CALLVAULT_RETENTION: "a fortnight" cannot be used; use a duration such as 14d or 336h`},
		{"CALLVAULT_RETENTION=-3h", "CALLVAULT_RETENTION: -3h0m0s is not positive; use a duration such as 14d or 168h"},
		{"CALLVAULT_SDK_APP_IDS=me", `CALLVAULT_SDK_APP_IDS: "me" cannot be used; use SDKAppIDs separated by commas, such as 1400353843,1400353844`},
		{"CALLVAULT_QPS=fast", `CALLVAULT_QPS: "fast" cannot be used; use requests a second, such as 20`},
		{"CALLVAULT_TRTC_ENDPOINT=trtc", `CALLVAULT_TRTC_ENDPOINT: "trtc" is neither a name nor a URL; use mainland (https://trtc.tencentcloudapi.com), international (https://trtc.intl.tencentcloudapi.com) or another URL`},
		{"CALLVAULT_TRTC_API=newest", `CALLVAULT_TRTC_API: "newest" is unknown; use auto, legacy or current`},
		{"TENCENTCLOUD_SECRET_ID=id", "TENCENTCLOUD_SECRET_KEY: is not set though TENCENTCLOUD_SECRET_ID is; export both"},
		{"CALLVAULT_SKIP=rooms", `CALLVAULT_SKIP: "rooms" cannot be skipped; use unusual_events, daily_scale, usage_days, usage_rooms, market_hours`},
		{"CALLVAULT_SKIP=user_events", `CALLVAULT_SKIP: cannot name user_events; set CALLVAULT_USER_EVENTS=off`},
		{"CALLVAULT_USER_EVENTS=some", `CALLVAULT_USER_EVENTS: "some" is unknown; use all, troubled or off`},
		{"CALLVAULT_CONFIG=/nowhere.yml", "CALLVAULT_CONFIG: open /nowhere.yml: no such file or directory; give the path of a YAML file"},
	} {
		_, err := config.Load("", []string{c.env})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.env, err, c.want)
		}
	}
}

// TestSites checks that the vendor's endpoints have names, at the top and of an account.
func TestSites(t *testing.T) {
	for name, url := range map[string]string{"mainland": config.MainlandURL, "international": config.InternationalURL} {
		c, err := config.Load("", []string{"CALLVAULT_TRTC_ENDPOINT=" + name})
		if err != nil || c.Accounts[0].Endpoint != url || c.Accounts[0].Site() != name || c.Accounts[0].OtherSite() == name {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}

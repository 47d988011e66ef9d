package config_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/config"
)

// write writes a file of settings and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "callvault.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestNothingInFile checks that an empty file leaves the defaults.
func TestNothingInFile(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# nothing yet\n", "---\n# nothing\n", "\ufeff", "\ufeff# nothing\n", "{}\n", "~\n", "qps:\naccounts:\nretention: ~\nlease: \"\"\n"} {
		c, err := config.Load(write(t, text), []string{"HOME=/home/ann"})
		if err != nil || c.Accounts[0].QPS != 20 || c.Accounts[0].Retention.String() != "336h0m0s" || c.Lease.String() != "30s" || len(c.Accounts) != 1 {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

// TestFormsOfValues checks values that YAML can write in several ways.
func TestFormsOfValues(t *testing.T) {
	for _, text := range []string{
		"qps: 5\nsdk_app_ids: [1, 2]\nsecret_id: 12\nsecret_key: 0123\nmemory: 134217728\n",
		"\ufeffqps: 5.0\r\nsdk_app_ids:\r\n  - 1\r\n  - \"2\"\r\nsecret_id: \"12\"\r\nsecret_key: '0123'\r\nmemory: 128MiB\r\n",
		"# first\n---\n{qps: \"5\", sdk_app_ids: \"1, 2\", secret_id: 12, secret_key: !!str 0123, memory: 128MiB}\n",
		"secret_id: &id 12\naccounts:\n  - &a {qps: 5, sdk_app_ids: [1, 2], secret_id: *id, secret_key: 0123}\nmemory: 128MiB\n",
		"memory: 128MiB\naccounts:\n  - name: x\n    secret_id: 12\n    secret_key: 0123\n    qps: &five 5\n    sdk_app_ids:\n    - 1\n    - 2\n",
	} {
		c, err := config.Load(write(t, text), nil)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		a := c.Accounts[0]
		if a.QPS != 5 || len(a.Apps) != 2 || a.Apps[1] != 2 || a.SecretID != "12" || a.SecretKey.Reveal() != "0123" || c.Memory != 128<<20 {
			t.Errorf("%q: %+v", text, c)
		}
	}
}

// TestMerged checks that a mapping's own values replace merged ones.
func TestMerged(t *testing.T) {
	c, err := config.Load(write(t, `
accounts:
  - &first
    name: first
    secret_id: a
    secret_key: b
    qps: 7
    sdk_app_ids: [1]
  - <<: *first
    name: second
    sdk_app_ids: [2]
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if b := c.Accounts[1]; b.Name != "second" || b.QPS != 7 || b.SecretID != "a" || len(b.Apps) != 1 || b.Apps[0] != 2 {
		t.Errorf("%+v", b)
	}
}

// TestWrongFiles checks that errors name file, line and key, and what to do.
func TestWrongFiles(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"retention: 3\n", `: line 1: retention: "3" cannot be used; use a duration such as 14d or 336h`},
		{"\nqps: five\n", `: line 2: qps: "five" cannot be used; use requests a second, such as 20`},
		{"retentoin: 7d\n", ": line 1: retentoin: is not a setting; did you mean retention?"},
		{"CALLVAULT_QPS: 5\n", ": line 1: CALLVAULT_QPS: is not a setting; did you mean qps?"},
		{"zebra: 5\n", ": line 1: zebra: is not a setting; docs/operations.md has all settings"},
		{"account:\n- name: a\n", ": line 1: account: is not a setting; did you mean accounts?"},
		{"accounts:\n- name: a\n  settle: 5m\n", ": line 3: settle: is not a setting; did you mean settle at the top, outside accounts?"},
		{"accounts:\n- name: a\n  qsp: 5\n", ": line 3: qsp: is not a setting; did you mean qps?"},
		{"accounts:\n- name: a\n  qps: 0\n", ": line 3: qps: 0 is not a rate; use requests a second, such as 20"},
		{"accounts: 5\n", ": line 1: accounts: is not a list of accounts; begin each with a dash, as in docs/operations.md"},
		{"accounts: [5]\n", ": line 1: accounts: has an element that is not an account; give it a name, secret_id, secret_key and sdk_app_ids"},
		{"qps: 5\nqps: 6\n", `: line 2: mapping key "qps" already defined at [1:1]; docs/operations.md has all settings`},
		{"sdk_app_ids: [[1]]\n", ": line 1: sdk_app_ids: cannot be a mapping, or a list of lists; use SDKAppIDs separated by commas, such as 1400353843,1400353844"},
		{"sdk_app_ids: [7, 7]\n", ": line 1: sdk_app_ids: names application 7 twice; leave one of them out"},
		{"secret_id: a\n", ": line 1: secret_id: is set without the other key; set both secret_id and secret_key"},
		{"settle: 14d\n", ": line 1: settle: 336h0m0s is not less than CALLVAULT_RETENTION (336h0m0s): no call would ever be final; use a duration such as 15m"},
		{"- qps\n", ": line 1: is not a mapping of settings, such as qps: 20; docs/operations.md has all settings"},
		{"qps\n", ": line 1: is not a mapping of settings, such as qps: 20; docs/operations.md has all settings"},
		{"qps: 5\n---\nqps: 6\n", ": line 3: a second document begins; one is read; docs/operations.md has all settings"},
		{"q\x00\xff\xfe", ": is not UTF-8 text; docs/operations.md has all settings"},
		{"secret_key: |\n  hidden\nsecret_id: a\n", ": line 1: secret_key: contains a line break; use the key as the vendor's console shows it"},
		{"secret_key: hid den\nsecret_id: a\n", ": line 1: secret_key: contains a blank, which no key has; use it as the vendor's console shows it"},
		{"accounts:\n- name: a\n  sdk_app_ids: [7]\n- name: b\n  sdk_app_ids: [7]\n", `: line 5: sdk_app_ids: names application 7, which is in two accounts, "a" and "b"; leave it in the account that it belongs to`},
		{"accounts:\n- name: a\n- name: a\n", `: line 3: name: "a" is the name of two accounts; give each its own`},
		{"sdk_app_ids: [7]\naccounts:\n- name: a\n", ": line 1: sdk_app_ids: names applications, but the accounts have their own; name them in their account's sdk_app_ids"},
		{"qps: -1\naccounts:\n- name: a\n- name: b\n", ": line 1: qps: -1 is not a rate; use requests a second, such as 20"},
	} {
		file := write(t, c.text)
		_, err := config.Load(file, nil)
		if err == nil || err.Error() != file+c.want {
			t.Errorf("%q\n got %v\nwant %s", c.text, err, c.want)
		}
	}
	all := config.Errors{}
	_, err := config.Load(write(t, "qps: five\nlease: soon\n"), []string{"CALLVAULT_SETTLE=never", "CALLVAULT_NOTHING=1"})
	if all, _ = err.(config.Errors); len(all) != 4 {
		t.Errorf("%d errors, want 4: %v", len(all), err)
	}
}

// TestOthersVariables checks that variables of other programs are ignored.
func TestOthersVariables(t *testing.T) {
	_, err := config.Load("", []string{
		"CLICKHOUSE_HOST=x", "CLICKHOUSE_USER=x", "CLICKHOUSE_PASSWORD=x", "CLICKHOUSE_DB=x", "CLICKHOUSE_URL=x", "CLICKHOUSE_CONFIG=x",
		"TENCENTCLOUD_SECURITY_TOKEN=x", "TENCENTCLOUD_CREDENTIALS_FILE=x", "TENCENTCLOUD_ROLE_ARN=x", "TENCENTCLOUD_REGIONS_FILE=x",
		"AWS_REGION=x", "AWS_PROFILE=x", "OTEL_SERVICE_NAME=x", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=x",
		"CALLVAULT_SERVICE_HOST=10.0.0.1", "CALLVAULT_SERVICE_PORT=9464", "CALLVAULT_SERVICE_PORT_METRICS=9464", "CALLVAULT_PORT=tcp://10.0.0.1:9464",
		"CALLVAULT_PORT_9464_TCP=tcp://10.0.0.1:9464", "CALLVAULT_PORT_9464_TCP_ADDR=10.0.0.1", "CALLVAULT_CLICKHOUSE_SERVICE_HOST=10.0.0.2",
		"CLICKHOUSE_DSM=another program's", "CLICKHOUSE_DSN=clickhouse://127.0.0.1/x",
	})
	if err != nil {
		t.Error(err)
	}
	for name, near := range map[string]string{"CLICKHOUSE_DNS": "CLICKHOUSE_DSN", "clickhouse_dsn": "CLICKHOUSE_DSN", "TENCENTCLOUD_SECRETID": "TENCENTCLOUD_SECRET_ID", "callvault_qps": "CALLVAULT_QPS", "CALLVAULT_QSP": "CALLVAULT_QPS"} {
		_, err := config.Load("", []string{name + "=hidden"})
		if want := name + ": is not a setting; did you mean " + near + "?"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestOurVariablesAreKnown checks that every variable in the project's own files is known.
func TestOurVariablesAreKnown(t *testing.T) {
	const root = "../.."
	asked := regexp.MustCompile(`(?:Getenv\("|env_var\('|setting\(t, "|(?m:^\s*|Environment=|ENV |\s)- \{name: )(CALLVAULT_[A-Z_]+)`)
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".yml") && !strings.HasSuffix(path, ".yaml") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			n++
			if _, err := config.Load("", []string{m[1] + "=x"}); err != nil && strings.Contains(err.Error(), "is not a setting") {
				t.Errorf("%s: %v", path, err)
			}
		}
		return nil
	})
	if err != nil || n < 5 {
		t.Errorf("%d variables found, %v", n, err)
	}
}

// TestEndpointParts checks that parts of an endpoint that would be ignored are refused.
func TestEndpointParts(t *testing.T) {
	for _, endpoint := range []string{"https://host/path", "https://host/?a=b", "https://host#x", "https://host/a/"} {
		_, err := config.Load("", []string{"CALLVAULT_TRTC_ENDPOINT=" + endpoint})
		if err == nil || err.Error() != "CALLVAULT_TRTC_ENDPOINT: contains more than scheme and host, which callvault would leave out; use mainland (https://trtc.tencentcloudapi.com), international (https://trtc.intl.tencentcloudapi.com) or another URL" {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	if _, err := config.Load("", []string{"CALLVAULT_TRTC_ENDPOINT=https://host/"}); err != nil {
		t.Error(err)
	}
}

// TestDocsHaveAllSettings looks for each variable and each key in docs/operations.md.
func TestDocsHaveAllSettings(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range config.Names() {
		if !strings.Contains(string(text), "`"+name) {
			t.Errorf("docs/operations.md does not have %s", name)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]string{
		"90s": "1m30s", "15m": "15m0s", "336h": "336h0m0s", "14d": "336h0m0s", "1d12h": "36h0m0s", "0d": "0s", "0": "0s", "-1h": "-1h0m0s", "18250d": "438000h0m0s",
		"": "", "d": "", "1d-2h": "", "-3d": "", "14": "", "1d2": "", "18251d": "", "65535d": "", "2000000h": "", "99999999999999h": "", "NaN": "", "1e3s": "", "Infs": "",
	} {
		d, err := config.ParseDuration(text)
		if (want == "") != (err != nil) || err == nil && d.String() != want {
			t.Errorf("%q: %v, %v; want %q", text, d, err, want)
		}
	}
}

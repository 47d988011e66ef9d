package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/config"
)

// TestSecretsInFiles checks that each secret may be in a file of its own.
func TestSecretsInFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := file("key", "the-key\n")
	c, err := config.Load("", []string{"TENCENTCLOUD_SECRET_ID=id", "TENCENTCLOUD_SECRET_KEY_FILE=" + key, "CLICKHOUSE_DSN_FILE=" + file("dsn", "clickhouse://u:p@h/trtc")})
	if err != nil || c.Accounts[0].SecretKey != "the-key" || c.DSN != "clickhouse://u:p@h/trtc" {
		t.Errorf("%+v, %v", c, err)
	}
	yaml := file("callvault.yml", fmt.Sprintf("accounts:\n  - secret_id: id\n    secret_key_file: %s\n    sdk_app_ids: [1]\nclickhouse_dsn: clickhouse://other/trtc\n", key))
	c, err = config.Load(yaml, []string{"CLICKHOUSE_DSN_FILE=" + filepath.Join(dir, "dsn")})
	if err != nil || c.Accounts[0].SecretKey != "the-key" || c.DSN != "clickhouse://u:p@h/trtc" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, w := range []struct{ env, want string }{
		{"TENCENTCLOUD_SECRET_KEY_FILE=/nowhere", "TENCENTCLOUD_SECRET_KEY_FILE: open /nowhere: no such file or directory; name a file that has the value"},
		{"TENCENTCLOUD_SECRET_KEY_FILE=" + file("blank", "\n"), "TENCENTCLOUD_SECRET_KEY_FILE: names a file that is empty"},
		{"CLICKHOUSE_DSN_FILE=" + file("two", "a\nb\n"), "CLICKHOUSE_DSN_FILE: contains a line break"},
		{"CALLVAULT_QPS_FILE=" + file("qps", "five"), "CALLVAULT_QPS_FILE: is not a setting"},
		{"CALLVAULT_NOTIFY_URL_FIEL=x", "CALLVAULT_NOTIFY_URL_FIEL: is not a setting; did you mean CALLVAULT_NOTIFY_URL_FILE?"},
	} {
		if _, err := config.Load("", []string{w.env}); err == nil || !strings.Contains(err.Error(), w.want) {
			t.Errorf("%s\n got %v\nwant %s", w.env, err, w.want)
		}
	}
	both := []string{"CLICKHOUSE_DSN=clickhouse://h/trtc", "CLICKHOUSE_DSN_FILE=" + filepath.Join(dir, "dsn")}
	if _, err := config.Load("", both); err == nil || !strings.Contains(err.Error(), "CLICKHOUSE_DSN_FILE: is set together with CLICKHOUSE_DSN; unset one of them") {
		t.Errorf("both: %v", err)
	}
}

// TestEverySecretMayBeInAFile walks the settings: each secret can be read from a file that a
// variable names, and each that the file of settings can have from one that its key names.
func TestEverySecretMayBeInAFile(t *testing.T) {
	if all := config.Secrets(); len(all) < 10 {
		t.Fatalf("%d secrets: %v", len(all), all)
	}
	for _, name := range config.Secrets() {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte("a=0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		both := []string{name + "=x", name + "_FILE=" + path}
		if _, err := config.Load("", both); err == nil || !strings.Contains(err.Error(), name+"_FILE: is set together with "+name) {
			t.Errorf("%s: its file is not read: %v", name, err)
		}
		if _, err := config.Load("", []string{name + "_FILE=" + path + ".no"}); err == nil || !strings.Contains(err.Error(), name+"_FILE: open") {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(path, []byte("api-key=a%20b,other=c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load("", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318", "OTEL_EXPORTER_OTLP_HEADERS_FILE=" + path})
	if err != nil || !c.Traces.On() || c.Traces.Sent()["api-key"] != "a b" || c.Traces.Sent()["other"] != "c" {
		t.Errorf("%v, %v", c, err)
	}
}

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

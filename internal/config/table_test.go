package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/test/certtest"
)

// row is the expected treatment of a setting: a good value, and which of the classes wrong,
// zero, negative and huge it accepts.
type row struct {
	good    string
	accepts string
	with    string // another variable that it needs
}

const (
	anyText   = "wrong zero negative huge" // a name or a path
	secureDSN = "CLICKHOUSE_DSN=clickhouse://127.0.0.1/trtc?secure=true"
	tracing   = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"
)

// table has every setting, by its variable or else its key.
var table = map[string]row{
	"name":                               {"production", anyText, ""},
	"TENCENTCLOUD_SECRET_ID":             {"AKIDexample", "zero negative huge", "TENCENTCLOUD_SECRET_KEY=x"},
	"TENCENTCLOUD_SECRET_KEY":            {"hidden", "zero negative huge", "TENCENTCLOUD_SECRET_ID=x"},
	"TENCENTCLOUD_TOKEN":                 {"hidden", "zero negative huge", ""},
	"TENCENTCLOUD_REGION":                {"ap-mumbai", "", ""},
	"CALLVAULT_TRTC_ENDPOINT":            {"international", "", ""},
	"CALLVAULT_TRTC_API":                 {"legacy", "", ""},
	"CALLVAULT_SDK_APP_IDS":              {"1400353843", "", ""},
	"CALLVAULT_RETENTION":                {"7d", "", ""},
	"CALLVAULT_QPS":                      {"5", "", ""},
	"CALLVAULT_QPS_RESERVE":              {"2", "zero", ""},
	"CALLVAULT_SETTLE":                   {"20m", "zero", ""},
	"CALLVAULT_LEASE":                    {"20s", "", ""},
	"CALLVAULT_RAW":                      {"10d", "zero", ""},
	"CALLVAULT_KEEP":                     {"400d", "zero", ""},
	"CALLVAULT_COLD_AFTER":               {"90d", "zero", ""},
	"CALLVAULT_COLD_VOLUME":              {"slow", anyText, ""},
	"CALLVAULT_STORAGE_POLICY":           {"tiered", anyText, ""},
	"CALLVAULT_MEMORY":                   {"512MB", "", ""},
	"CALLVAULT_SKIP":                     {"daily_scale", "", ""},
	"CALLVAULT_REALTIME":                 {"true", "zero", ""},
	"CALLVAULT_USER_EVENTS":              {"troubled", "", ""},
	"CALLVAULT_CLIENT_IP":                {"prefix", "", ""},
	"CALLVAULT_IDENTITIES":               {"keyed+rooms", "", ""},
	"CALLVAULT_IDENTITY_KEY":             {"hidden0123456789abcdef0123456789", "huge", ""},
	"CLICKHOUSE_DSN":                     {"clickhouse://u:hidden@127.0.0.1/trtc", anyText, ""}, // see package connect
	"CALLVAULT_CLICKHOUSE_HTTP":          {"http://127.0.0.1:8123", "", ""},
	"CALLVAULT_CLICKHOUSE_CLUSTER":       {"main", anyText, ""},
	"CALLVAULT_CLICKHOUSE_CA":            {"DIR/ca.pem", "", secureDSN},
	"CALLVAULT_CLICKHOUSE_CERT":          {"DIR/1.pem", "", secureDSN + " CALLVAULT_CLICKHOUSE_KEY=DIR/1.key"},
	"CALLVAULT_CLICKHOUSE_KEY":           {"DIR/1.key", "", secureDSN + " CALLVAULT_CLICKHOUSE_CERT=DIR/1.pem"},
	"CALLVAULT_CLICKHOUSE_SERVER_NAME":   {"clickhouse.example", anyText, secureDSN},
	"CALLVAULT_CLICKHOUSE_TLS_MIN":       {"1.3", "", secureDSN},
	"CALLVAULT_TRTC_CA":                  {"DIR/ca.pem", "", ""},
	"CALLVAULT_TRTC_CERT":                {"DIR/1.pem", "", "CALLVAULT_TRTC_KEY=DIR/1.key"},
	"CALLVAULT_TRTC_KEY":                 {"DIR/1.key", "", "CALLVAULT_TRTC_CERT=DIR/1.pem"},
	"CALLVAULT_TRTC_SERVER_NAME":         {"trtc.example", anyText, ""},
	"CALLVAULT_TRTC_TLS_MIN":             {"1.3", "", ""},
	"CALLVAULT_CLICKHOUSE_LIB":           {"/tmp/libchdb.so", anyText, ""},
	"CALLVAULT_BACKUP_TO":                {"/mnt/backups", anyText, ""},
	"CALLVAULT_BACKUP_KEEP":              {"4", "zero", ""},
	"CALLVAULT_DATA_DIR":                 {"/var/lib/callvault", anyText, ""},
	"CALLVAULT_CACHE_DIR":                {"/var/cache/callvault", anyText, ""},
	"CALLVAULT_SCHEDULES":                {"/etc/callvault/schedules", anyText, ""},
	"CALLVAULT_LISTEN":                   {":9465", "", ""},
	"CALLVAULT_CONSOLE":                  {"127.0.0.1:8081", "", ""},
	"CALLVAULT_CONSOLE_PASSWORD":         {"hidden password", "wrong huge", ""},
	"CALLVAULT_CONSOLE_HEADER":           {"X-Forwarded-User", "", ""},
	"CALLVAULT_CONSOLE_PROXIES":          {"10.0.0.0/8", "", "CALLVAULT_CONSOLE_HEADER=X-Forwarded-User"},
	"CALLVAULT_CONSOLE_HOSTS":            {"calls.example.com", "zero", ""},
	"AWS_ACCESS_KEY_ID":                  {"AKIAexample", "zero negative huge", ""},
	"AWS_SECRET_ACCESS_KEY":              {"hidden", "zero negative huge", ""},
	"AWS_SESSION_TOKEN":                  {"hidden", "zero negative huge", ""},
	"CALLVAULT_PATIENCE":                 {"1h", "zero", ""},
	"CALLVAULT_GRACE":                    {"2m", "zero", ""},
	"CALLVAULT_WAIT":                     {"1m", "zero", ""},
	"CALLVAULT_NOTIFY_URL":               {"https://example.com/hidden", "", ""},
	"CALLVAULT_NOTIFY_FORMAT":            {"slack", "", ""},
	"OTEL_EXPORTER_OTLP_ENDPOINT":        {"http://127.0.0.1:4318", "", ""},
	"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": {"http://127.0.0.1:4318/v1/traces", "", ""},
	"OTEL_EXPORTER_OTLP_HEADERS":         {"key=hidden", "", tracing},
	"OTEL_EXPORTER_OTLP_TRACES_HEADERS":  {"key=hidden", "", tracing},
	"OTEL_EXPORTER_OTLP_PROTOCOL":        {"http/json", "", tracing},
	"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": {"http/json", "", tracing},
	"OTEL_TRACES_SAMPLER":                {"always_on", "", tracing},
	"OTEL_TRACES_SAMPLER_ARG":            {"0.1", "zero", tracing + " OTEL_TRACES_SAMPLER=traceidratio"},
	"OTEL_TRACES_EXPORTER":               {"otlp", "", tracing},
	"OTEL_SDK_DISABLED":                  {"true", anyText, tracing},
}

// classes returns values of a type by what is odd about them.
func classes(t reflect.Type) map[string]string {
	switch t {
	case reflect.TypeFor[Duration](), reflect.TypeFor[Keep](), reflect.TypeFor[*Duration]():
		return map[string]string{"wrong": "soon", "zero": "0s", "negative": "-1h", "huge": "20000d"}
	case reflect.TypeFor[Bytes]():
		return map[string]string{"wrong": "much", "zero": "0", "negative": "-1MB", "huge": "99999PB"}
	case reflect.TypeFor[float64]():
		return map[string]string{"wrong": "five", "zero": "0", "negative": "-1", "huge": "1e300"}
	}
	return map[string]string{"wrong": "a wrong one", "zero": "0", "negative": "-1", "huge": strings.Repeat("9", 5000)}
}

// TestEverySetting gives each setting values of every class, in the environment and in a
// file. What is refused is named by its place, in one line, without a secret.
func TestEverySetting(t *testing.T) {
	all := settingsOf(&Config{})
	ca := certtest.New(t)
	ca.Issue(t, "client", time.Now().Add(time.Hour))
	for _, s := range all {
		if _, ok := table[s.name()]; !ok || s.use == "" {
			t.Errorf("%s is not in the table, or has no example", s.name())
			continue
		}
		r := table[s.name()]
		r.good, r.with = strings.ReplaceAll(r.good, "DIR", filepath.Dir(ca.File)), strings.ReplaceAll(r.with, "DIR", filepath.Dir(ca.File))
		values := map[string]string{"good": r.good, "empty": "", "blank": " ", "trailing": r.good + " ", "break": r.good + "\n", "control": r.good + "\x1b[2J"}
		accepted := append(strings.Fields(r.accepts), "good", "empty")
		for class, text := range classes(s.value.Type()) {
			values[class] = text
		}
		switch s.value.Interface().(type) {
		case float64:
			values["NaN"], values["Inf"] = "NaN", "+Inf"
		case []AppID, []string:
			values["twice"], values["gap"] = r.good+","+r.good, r.good+",,"
		}
		for class, text := range values {
			r := r
			refused := !slices.Contains(accepted, class)
			if class == "empty" { // neither of the two keys is set

				r.with = ""
			}
			if s.variable != "" {
				try(t, s, class+" in the environment", s.variable, "", append(strings.Fields(r.with), s.variable+"="+text), refused)
			}
			if s.key != "" && s.name() != "name" {
				file := fmt.Sprintf("# settings\n%s: %q\n", s.key, text)
				try(t, s, class+" in a file", "callvault.yml: line 2: "+s.key, file, strings.Fields(r.with), refused)
			}
		}
		if s.key != "" {
			file := fmt.Sprintf("%s: %q\n%s: %q\n", s.key, r.good, s.key, r.good)
			try(t, s, "twice in a file", "callvault.yml", file, strings.Fields(r.with), true)
			try(t, s, "a mapping in a file", "callvault.yml: line 1: "+s.key, s.key+": {a: 1}\n", nil, true)
			wrong := s.key[1:2] + s.key[:1] + s.key[2:]
			if err := try(t, s, "a slip in a file", "callvault.yml: line 1: "+wrong, wrong+": 1\n", nil, true); !strings.Contains(err, "did you mean "+s.key+"?") {
				t.Errorf("%s: %s", s.key, err)
			}
		}
		if s.variable != "" {
			last := len(s.variable) - 1
			wrong := s.variable[:last-1] + s.variable[last:] + s.variable[last-1:last]
			if wrong == s.variable {
				wrong = s.variable[:last]
			}
			if err := try(t, s, "a slip in the environment", wrong, "", []string{wrong + "=1"}, true); !strings.Contains(err, "did you mean "+s.variable+"?") {
				t.Errorf("%s: %s", wrong, err)
			}
		}
	}
	for name := range table {
		if !slices.ContainsFunc(all, func(s setting) bool { return s.name() == name }) {
			t.Errorf("%s is in the table and no setting", name)
		}
	}
}

// try loads settings and checks whether they are refused. It returns the error's text.
func try(t *testing.T, s setting, what, place, file string, environ []string, refused bool) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	if file != "" {
		if err := os.WriteFile(filepath.Join(dir, "callvault.yml"), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		environ = append(slices.Clone(environ), "CALLVAULT_CONFIG=callvault.yml")
	}
	_, err := Load("", environ)
	said := fmt.Sprint(err)
	switch {
	case refused != (err != nil):
		t.Errorf("%s, %s: %s", s.name(), what, said)
	case err == nil:
	case !strings.HasPrefix(said, place+": ") || strings.Contains(said, "\n") || strings.Contains(said, "hidden") || strings.Contains(said, "\x1b") || len(said) > 400:
		t.Errorf("%s, %s: %s\nwant one line that begins with %s", s.name(), what, said, place)
	case strings.Contains(said, "strconv") || strings.Contains(said, "reflect") || strings.Contains(said, "config."):
		t.Errorf("%s, %s: %s", s.name(), what, said)
	}
	return said
}

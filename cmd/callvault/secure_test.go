package main

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/certtest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// secured is an installation whose ClickHouse and vendor are behind TLS. Their certificates
// are from the test's authority, and they ask for a client's certificate.
type secured struct {
	*installation
	ca           *certtest.Authority
	native, http string
	vendorURL    string
	cert, key    string // of the client
}

// tomorrow is when the test's certificates are still valid.
func tomorrow() time.Time { return time.Now().Add(50 * time.Minute) }

func installSecured(t *testing.T, name string) *secured {
	t.Helper()
	in := &secured{installation: install(t, simulator.Options{Seed: 3, Calls: 2, QPS: -1}), ca: certtest.New(t)}
	in.cert, in.key = in.ca.Issue(t, "client", tomorrow())
	web, err := url.Parse(embeddedtest.Shared(t).HTTPURL())
	if err != nil {
		t.Fatal(err)
	}
	vendor, err := url.Parse(in.vendor.url)
	if err != nil {
		t.Fatal(err)
	}
	in.native = in.behind(t, name, in.database(t).Host)
	in.http = in.behind(t, name, web.Host)
	in.vendorURL = "https://" + in.behind(t, name, vendor.Host)
	return in
}

func (in *secured) behind(t *testing.T, name, host string) string {
	return certtest.Front(t, host, in.ca.Server(t, name, tomorrow(), true))
}

// database returns the DSN.
func (in *installation) database(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(in.dsn())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// settings returns the settings that reach the servers behind TLS.
func (in *secured) settings(t *testing.T) map[string]string {
	u := in.database(t)
	u.Host, u.RawQuery = in.native, "secure=true"
	return map[string]string{
		"CLICKHOUSE_DSN": u.String(), "CALLVAULT_CLICKHOUSE_HTTP": "https://" + in.http, "CALLVAULT_TRTC_ENDPOINT": in.vendorURL, "CALLVAULT_WAIT": "20s",
		"CALLVAULT_CLICKHOUSE_CA": in.ca.File, "CALLVAULT_CLICKHOUSE_CERT": in.cert, "CALLVAULT_CLICKHOUSE_KEY": in.key,
		"CALLVAULT_TRTC_CA": in.ca.File, "CALLVAULT_TRTC_CERT": in.cert, "CALLVAULT_TRTC_KEY": in.key,
	}
}

// with runs the program with settings in place of the installation's.
func (in *secured) with(t *testing.T, settings map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	other := *in.installation
	other.env = slices.DeleteFunc(slices.Clone(in.env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		_, changed := settings[name]
		return changed
	})
	for name, value := range settings {
		other.env = append(other.env, name+"="+value)
	}
	return other.callvault(t.Context(), args...)
}

// TestTLS runs archive, export, sql, doctor, verify and backup with the test's authority and
// a client's certificate, from the environment and from a file.
func TestTLS(t *testing.T) {
	t.Parallel()
	in := installSecured(t, "127.0.0.1")
	dir := t.TempDir()
	if code, _, errs := in.with(t, in.settings(t), "archive"); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	compare(t, in.store, in.truth)
	file := filepath.Join(dir, "callvault.yml")
	text := ""
	for name, value := range in.settings(t) {
		for from, to := range map[string]string{"CALLVAULT_TRTC_ENDPOINT": "endpoint", "CALLVAULT_TRTC_": "trtc_", "CALLVAULT_": "", "CLICKHOUSE_DSN": "clickhouse_dsn"} {
			if from == name || strings.HasSuffix(from, "_") && strings.HasPrefix(name, from) && name != "CALLVAULT_TRTC_ENDPOINT" && !(from == "CALLVAULT_" && strings.HasPrefix(name, "CALLVAULT_TRTC_")) {
				text += strings.ToLower(to+strings.TrimPrefix(name, from)) + ": " + value + "\n"
			}
		}
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fromFile := map[string]string{"CALLVAULT_CONFIG": file}
	for name := range in.settings(t) {
		fromFile[name] = ""
	}
	for _, args := range [][]string{
		{"archive"}, {"status"}, {"plan"}, {"doctor"}, {"verify"}, {"sql", "SELECT 1"}, {"sql", "SELECT 1 FORMAT JSON"}, {"export", filepath.Join(dir, "lake"), "-r", "rooms"},
	} {
		if code, out, errs := in.with(t, fromFile, args...); code != exitDone {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}

// TestWrongTLS checks that each error names the setting that mends it, at once, in one line.
func TestWrongTLS(t *testing.T) {
	t.Parallel()
	in := installSecured(t, "127.0.0.1")
	other := installSecured(t, "clickhouse.example")
	stranger := certtest.New(t)
	strangerCert, strangerKey := stranger.Issue(t, "client", tomorrow())
	expiredCert, expiredKey := in.ca.Issue(t, "client", time.Now().Add(-time.Minute))
	old := certtest.Front(t, in.database(t).Host, in.ca.Server(t, "127.0.0.1", time.Now().Add(-time.Minute), false))
	vendor := strings.TrimPrefix(in.vendor.url, "http://")
	oldVendor := certtest.Front(t, vendor, in.ca.Server(t, "127.0.0.1", time.Now().Add(-time.Minute), false))
	web, err := url.Parse(embeddedtest.Shared(t).HTTPURL())
	if err != nil {
		t.Fatal(err)
	}
	dsn := func(host, params string) string {
		u := in.database(t)
		u.Host, u.RawQuery = host, params
		return u.String()
	}
	plain := in.database(t).Host
	for _, c := range []struct {
		what    string
		changed map[string]string
		args    string
		code    int
		says    []string
	}{
		{"no authority", map[string]string{"CALLVAULT_CLICKHOUSE_CA": ""}, "status", exitFailed, []string{"unknown authority", "CALLVAULT_CLICKHOUSE_CA"}},
		{"another authority", map[string]string{"CALLVAULT_CLICKHOUSE_CA": stranger.File}, "archive", exitFailed, []string{"unknown authority", "CALLVAULT_CLICKHOUSE_CA"}},
		{"another name", map[string]string{"CALLVAULT_CLICKHOUSE_CA": other.ca.File, "CALLVAULT_CLICKHOUSE_CERT": other.cert, "CALLVAULT_CLICKHOUSE_KEY": other.key, "CLICKHOUSE_DSN": dsn(other.native, "secure=true")},
			"status", exitFailed, []string{"another name", "CALLVAULT_CLICKHOUSE_SERVER_NAME"}},
		{"another name, said", map[string]string{"CALLVAULT_CLICKHOUSE_CA": other.ca.File, "CALLVAULT_CLICKHOUSE_CERT": other.cert, "CALLVAULT_CLICKHOUSE_KEY": other.key, "CLICKHOUSE_DSN": dsn(other.native, "secure=true"),
			"CALLVAULT_CLICKHOUSE_SERVER_NAME": "clickhouse.example"}, "migrate up", exitDone, nil},
		{"expired", map[string]string{"CLICKHOUSE_DSN": dsn(old, "secure=true")}, "status", exitFailed, []string{"not valid now", "renew"}},
		{"no certificate", map[string]string{"CALLVAULT_CLICKHOUSE_CERT": "", "CALLVAULT_CLICKHOUSE_KEY": ""}, "status", exitFailed, []string{"client's certificate", "CALLVAULT_CLICKHOUSE_CERT"}},
		{"a stranger's certificate", map[string]string{"CALLVAULT_CLICKHOUSE_CERT": strangerCert, "CALLVAULT_CLICKHOUSE_KEY": strangerKey}, "status", exitFailed, []string{"client's certificate", "CALLVAULT_CLICKHOUSE_CERT"}},
		{"old certificate", map[string]string{"CALLVAULT_CLICKHOUSE_CERT": expiredCert, "CALLVAULT_CLICKHOUSE_KEY": expiredKey}, "status", exitUsage, []string{"CALLVAULT_CLICKHOUSE_CERT: ", expiredCert, "expired"}},
		{"another's key", map[string]string{"CALLVAULT_CLICKHOUSE_KEY": strangerKey}, "status", exitUsage, []string{"CALLVAULT_CLICKHOUSE_KEY: ", strangerKey, in.cert}},
		{"no key", map[string]string{"CALLVAULT_CLICKHOUSE_KEY": ""}, "status", exitUsage, []string{"CALLVAULT_CLICKHOUSE_CERT: is set without CALLVAULT_CLICKHOUSE_KEY"}},
		{"no such file", map[string]string{"CALLVAULT_TRTC_CA": "/nowhere.pem"}, "status", exitUsage, []string{"CALLVAULT_TRTC_CA: /nowhere.pem cannot be read: no such file"}},
		{"no PEM", map[string]string{"CALLVAULT_TRTC_CA": in.key}, "status", exitUsage, []string{"CALLVAULT_TRTC_CA: ", in.key, "no certificate in PEM"}},
		{"not secure", map[string]string{"CLICKHOUSE_DSN": dsn(plain, "")}, "status", exitUsage, []string{"CALLVAULT_CLICKHOUSE_CA: is set, and CLICKHOUSE_DSN has no ?secure=true"}},
		{"no TLS there", map[string]string{"CLICKHOUSE_DSN": dsn(plain, "secure=true")}, "status", exitFailed, []string{plain}},
		{"the port of HTTPS", map[string]string{"CLICKHOUSE_DSN": dsn(in.http, "secure=true")}, "status", exitFailed, []string{"port of HTTP", "9440"}},
		{"the port of HTTP", map[string]string{"CLICKHOUSE_DSN": dsn(web.Host, ""), "CALLVAULT_CLICKHOUSE_CA": "", "CALLVAULT_CLICKHOUSE_CERT": "", "CALLVAULT_CLICKHOUSE_KEY": ""}, "archive", exitFailed, []string{"port of HTTP", "9000"}},
		{"TLS there", map[string]string{"CLICKHOUSE_DSN": dsn(in.native, ""), "CALLVAULT_CLICKHOUSE_CA": "", "CALLVAULT_CLICKHOUSE_CERT": "", "CALLVAULT_CLICKHOUSE_KEY": ""}, "status", exitFailed, []string{"speaks TLS", "?secure=true"}},
		{"no vendor's authority", map[string]string{"CALLVAULT_TRTC_CA": ""}, "archive", exitFailed, []string{"unknown authority", "CALLVAULT_TRTC_CA"}},
		{"vendor's other name", map[string]string{"CALLVAULT_TRTC_SERVER_NAME": "trtc.example"}, "archive", exitFailed, []string{"CALLVAULT_TRTC_SERVER_NAME"}},
		{"vendor expired", map[string]string{"CALLVAULT_TRTC_ENDPOINT": "https://" + oldVendor}, "archive", exitFailed, []string{"expired", "renew"}},
		{"no certificate for the vendor", map[string]string{"CALLVAULT_TRTC_CERT": "", "CALLVAULT_TRTC_KEY": ""}, "archive", exitFailed, []string{"CALLVAULT_TRTC_CERT"}},
	} {
		settings := in.settings(t)
		for name, value := range c.changed {
			settings[name] = value
		}
		settings["CALLVAULT_PATIENCE"] = "1m"
		began := time.Now()
		code, out, errs := in.with(t, settings, strings.Fields(c.args)...)
		if code != c.code || code != exitDone && strings.Count(errs, "\n") != 1 || strings.Contains(errs, "hidden") || time.Since(began) > 15*time.Second {
			t.Errorf("%s: exit code %d after %v\n%s%s", c.what, code, time.Since(began), out, errs)
		}
		for _, text := range c.says {
			if !strings.Contains(errs, text) {
				t.Errorf("%s: %q is not in %s", c.what, text, errs)
			}
		}
	}
}

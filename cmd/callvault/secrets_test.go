package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/embeddedtest"
)

// marked gives each secret of the settings a value that is nowhere else. A setting that is new
// and a secret fails here until it has one.
type marked struct {
	env     []string
	secrets map[string]string // what must be nowhere, by variable
}

// markedSecrets finds all secrets by a walk over the settings.
func markedSecrets(t *testing.T, dsn, vendorKey, vendorToken, hook string) *marked {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	m := &marked{secrets: map[string]string{}}
	for i, name := range config.Secrets() {
		secret := fmt.Sprintf("marked%02dSECRETof0123456789abcdefghij", i)
		value := secret
		switch name {
		case "CLICKHOUSE_DSN":
			secret, value = password, dsn
		case "TENCENTCLOUD_SECRET_KEY":
			secret, value = vendorKey, vendorKey
		case "TENCENTCLOUD_TOKEN":
			secret, value = vendorToken, vendorToken
		case "CALLVAULT_NOTIFY_URL":
			value = hook + "/" + secret
		case "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS":
			value = "api-key=" + secret
		}
		m.secrets[name] = secret
		m.env = append(m.env, name+"="+value)
	}
	return m
}

// inFiles moves the secrets of an environment into files.
func (m *marked) inFiles(t *testing.T) (env []string) {
	t.Helper()
	dir := t.TempDir()
	for _, e := range m.env {
		name, value, _ := strings.Cut(e, "=")
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"_FILE="+file)
	}
	return env
}

func (m *marked) markers() *markers {
	all := &markers{}
	for _, secret := range m.secrets {
		all.add(secret)
	}
	return all
}

// TestLongSecretsNowhere gives each secret a value that is nowhere else, and then looks for it in
// all that the program leaves: what it says, logs, sends, and writes; its arguments and those of
// its children; the environment of its children; what it says when it is made to crash; and
// every table of the archive and of the engine.
func TestLongSecretsNowhere(t *testing.T) {
	t.Parallel()
	const vendorKey, vendorToken = "markedVENDORkey0123456789abcdefghij", "markedVENDORtoken0123456789abcdefg"
	v := newVendor(t, simulator.Options{Seed: 3, Calls: 2, Mix: simulator.MixOneToOne, QPS: -1, SecretKey: vendorKey, Token: vendorToken})
	in := installAt(t, v, embeddedtest.Database(t), time.Now())
	var told []string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		told = append(told, string(b))
	}))
	t.Cleanup(hook.Close)
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(bucket.Close)
	spans := newCollector(t)
	m := markedSecrets(t, in.dsn(), vendorKey, vendorToken, hook.URL)
	home := t.TempDir()
	lake := filepath.Join(home, "lake")
	// no secret is in it: those of environment would be among the settings
	plain := slices.DeleteFunc(slices.Clone(in.env), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains(config.Secrets(), name)
	})
	plain = append(plain, "HOME="+home, "AWS_ACCESS_KEY_ID=AKIAMARKED", "OTEL_EXPORTER_OTLP_ENDPOINT="+spans.url, "CALLVAULT_IDENTITIES=keyed")
	all := m.markers()
	for how, secrets := range map[string][]string{"variables": m.env, "files": m.inFiles(t)} {
		env := append(slices.Clone(plain), secrets...)
		wrong := func(name, value string) []string { return append(slices.Clone(env), name+"="+value) }
		for _, c := range []struct {
			env  []string
			args []string
		}{
			{env, []string{"archive"}}, {env, []string{"archive", "--again", "--json"}}, {env, []string{"status"}}, {env, []string{"doctor"}}, {env, []string{"verify", "--all"}},
			{env, []string{"export", lake, "-r", "calls"}}, {env, []string{"export", bucket.URL + "/bucket/x", "-r", "calls"}}, {env, []string{"backup", "--to", "http://127.0.0.1:1/bucket/x"}},
			{env, []string{"sql", "SELECT 1 FORMAT JSON"}}, {env, []string{"sql", "SELECT x"}}, {env, []string{"sql", "SELECT * FROM s3('http://127.0.0.1:1/a')"}}, {env, []string{"console", "--listen", "nowhere"}},
			{wrong("CALLVAULT_TRTC_ENDPOINT", "http://127.0.0.1:1"), []string{"archive"}}, {wrong("CALLVAULT_CLICKHOUSE_HTTP", "http://127.0.0.1:1"), []string{"sql", "SELECT 1 FORMAT JSON"}},
			{wrong("TENCENTCLOUD_SECRET_ID", "another"), []string{"archive"}}, {wrong("TENCENTCLOUD_SECRET_ID", "another"), []string{"archive", "--quiet"}}, {wrong("CALLVAULT_QPS", "x"), []string{"status"}},
		} {
			if how == "files" && (c.args[0] != "archive" || len(c.args) > 1) {
				continue // what was read from where makes no difference later
			}
			code, said := runHere(t, c.env, c.args...)
			if code == exitUsage && c.args[0] != "status" && c.args[0] != "console" && c.args[0] != "export" && c.args[0] != "backup" {
				t.Errorf("%s: %v: exit code %d\n%s", how, c.args, code, said)
			}
			all.search(t, fmt.Sprintf("%s: what %v says", how, c.args), []byte(said))
		}
		m.crash(t, how, append(slices.Clone(env), "CALLVAULT_LISTEN="+freeAddress(t), "CALLVAULT_CONSOLE="+freeAddress(t)), how == "files", all)
	}
	for _, key := range spans.keys {
		if key != m.secrets["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] {
			t.Errorf("the collector got the key %q", key)
		}
	}
	if len(spans.keys) == 0 || len(told) == 0 {
		t.Errorf("%d traces, %d notices", len(spans.keys), len(told))
	}
	all.search(t, "the traces", spans.raw.Bytes())
	all.search(t, "the notices", []byte(strings.Join(told, "\n")))
	all.searchTables(t, in.store)
	all.searchFolder(t, home)
}

// runHere runs the program in a process of its own and returns all that it says.
func runHere(t *testing.T, env []string, args ...string) (code int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), programTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "callvault", args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// crash starts the daemon, looks at what others can see of it and its children, and makes it
// tell where it is by SIGQUIT.
func (m *marked) crash(t *testing.T, how string, env []string, inFiles bool, all *markers) {
	t.Helper()
	p := start(t, env, "serve")
	_, listen, _ := strings.Cut(env[slices.IndexFunc(env, func(e string) bool { return strings.HasPrefix(e, "CALLVAULT_LISTEN=") })], "=")
	await(t, "the daemon", func() bool {
		a, err := http.Get("http://" + listen + "/readyz")
		if err != nil {
			return false
		}
		defer a.Body.Close()
		return a.StatusCode == http.StatusOK
	})
	pid := p.cmd.Process.Pid
	for _, path := range []string{"cmdline", "comm"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, path))
		if err != nil {
			t.Fatal(err)
		}
		all.search(t, how+": "+path, text)
	}
	if inFiles {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil {
			t.Fatal(err)
		}
		all.search(t, "the environment, with secrets in files", text)
	}
	p.signal(syscall.SIGQUIT)
	p.wait(t)
	said := p.errs.String()
	if !strings.Contains(said, "goroutine ") {
		t.Errorf("%s: it does not tell where it is: %.1000s", how, said)
	}
	all.search(t, how+": the log and the crash", []byte(said))
}

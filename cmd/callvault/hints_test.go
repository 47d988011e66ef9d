package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/embeddedtest"
)

// fails runs the program and checks that it fails at once, in one line with the expected text.
func (in *installation) fails(t *testing.T, code int, changed []string, says []string, args ...string) {
	t.Helper()
	with := *in
	with.env = append(slices.Clone(in.env), changed...)
	got, out, errs := with.callvault(t.Context(), args...)
	if got != code || strings.Count(errs, "\n") != 1 {
		t.Errorf("%v %v: exit code %d, want %d\n%s%s", changed, args, got, code, out, errs)
	}
	for _, text := range says {
		if !strings.Contains(errs, text) {
			t.Errorf("%v %v: %q is not in %s", changed, args, text, errs)
		}
	}
}

// TestAddresses checks the errors for addresses of ClickHouse as people write them.
func TestAddresses(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 1, Calls: 1, QPS: -1})
	u, err := url.Parse(in.dsn())
	if err != nil {
		t.Fatal(err)
	}
	in.env = slices.DeleteFunc(in.env, func(v string) bool { return strings.HasPrefix(v, "CLICKHOUSE_DSN=") })
	at := func(host, rest string) []string {
		return []string{"CLICKHOUSE_DSN=clickhouse://" + u.User.String() + "@" + host + u.Path + rest, "CALLVAULT_WAIT=0s"}
	}
	const brackets = "an address of IPv6 goes in brackets, as in [::1]:"
	for _, c := range []struct {
		dsn  []string
		code int
		says string
	}{
		{at("::1", ""), exitUsage, "CLICKHOUSE_DSN: "},
		{at("::1:9000", ""), exitUsage, "CLICKHOUSE_DSN: "},
		{at(u.Host, "?alt_hosts=::1"), exitUsage, brackets},
		{at(u.Host, "?alt_hosts=fe80::1:9000"), exitUsage, brackets},
		{at("[::1]", "?secure=true"), exitFailed, "connect to [::1]:9440: "},
		{at("[::1]:1", ""), exitFailed, "connect to [::1]:1: "},
		{at("127.0.0.1", "?secure=true"), exitFailed, "connect to 127.0.0.1:9440: "},
		{at("127.0.0.1:1,[::1]", "?secure=1"), exitFailed, "connect to 127.0.0.1:1,[::1]:9440: "},
		{at("127.0.0.1:99999", ""), exitUsage, "a port is not a number from 1 to 65535"},
		{at(":9000", ""), exitUsage, "a host is missing"},
		{at(u.Host, "?securee=true"), exitUsage, "the parameter securee is unknown; did you mean secure?"},
		{at(u.Host, "?dial_timout=5s"), exitUsage, "the parameter dial_timout is unknown; did you mean dial_timeout?"},
		{at(u.Host, "?no_such_thing=1"), exitUsage, "the parameter no_such_thing is neither the client's nor a setting of ClickHouse"},
		{at(u.Host, "?dial_timeout=soon"), exitUsage, "the parameter dial_timeout has an invalid value"},
		{at(u.Host, "?secure=yes"), exitUsage, "the parameter secure has an invalid value"},
		{at(u.Host, "?compress=lz5"), exitUsage, "the parameter compress has an invalid value"},
	} {
		in.fails(t, c.code, c.dsn, []string{c.says}, "sql", "SELECT 1")
	}
	for _, dsn := range [][]string{at("127.0.0.1:1,"+u.Host, ""), at(u.Host, "?alt_hosts=127.0.0.1:1"), at("127.0.0.1:1", "?alt_hosts="+u.Host), at(u.Host, "?max_threads=2&dial_timeout=3s")} {
		with := *in
		with.env = append(slices.Clone(in.env), dsn...)
		if code, _, errs := with.callvault(t.Context(), "sql", "SELECT 1"); code != exitDone {
			t.Errorf("%v: exit code %d\n%s", dsn, code, errs)
		}
	}
}

// TestNothingArchived checks the error of an export when nothing is archived.
func TestNothingArchived(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 1, Calls: 1, QPS: -1})
	in.fails(t, exitFailed, nil, []string{"nothing is archived yet"}, "export", t.TempDir())
	in.fails(t, exitFailed, nil, []string{"nothing is archived yet"}, "replay")
	in.env = slices.DeleteFunc(in.env, func(v string) bool { return strings.HasPrefix(v, "CLICKHOUSE_DSN=") })
	for _, command := range []string{"status", "export DIR", "sql SHOW+TABLES", "verify", "migrate status", "backup --to DIR"} {
		in.fails(t, exitFailed, nil, []string{"nothing is archived yet"}, arguments(command, t.TempDir())...)
	}
	with := *in
	with.env = append(slices.Clone(in.env), "CALLVAULT_DATA_DIR="+filepath.Join(t.TempDir(), "none"))
	for _, command := range []string{"backup list --to DIR", "plan", "doctor", "schedules", "status"} {
		if code, out, errs := with.callvault(t.Context(), arguments(command, t.TempDir())...); code != exitDone && command != "status" {
			t.Errorf("%s: exit code %d\n%s%s", command, code, out, errs)
		}
		if _, err := os.Stat(filepath.Join(with.env[len(with.env)-1][len("CALLVAULT_DATA_DIR="):])); !os.IsNotExist(err) {
			t.Errorf("%s makes the data directory: %v", command, err)
		}
	}
}

// TestReadOnlyUser checks the errors for a user without the right to write.
func TestReadOnlyUser(t *testing.T) {
	t.Parallel()
	in, reader := apartFromOthers(t)
	in.fails(t, exitFailed, []string{"CLICKHOUSE_DSN=" + reader}, []string{"GRANT ALL ON `trtc_store`.* TO `reader`"}, "archive")
	in.archive(t, exitDone)
	in.fails(t, exitFailed, []string{"CLICKHOUSE_DSN=" + reader}, []string{"GRANT ALL ON `trtc_store`.* TO `reader`"}, "archive")
}

// TestDoctorNamesEngines checks that doctor names the engines that the user may not use.
func TestDoctorNamesEngines(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 1, QPS: -1})
	srv := embeddedtest.StartWithUsers(t, `<clickhouse><users><plain><password>pw</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
		<grants><query>GRANT ALL ON trtc.*</query><query>GRANT ALL ON trtc_store.*</query><query>GRANT SELECT ON system.*</query><query>GRANT CREATE TEMPORARY TABLE ON *.*</query></grants>
	</plain></users></clickhouse>`)
	_, at, _ := strings.Cut(srv.DSN(), "@")
	f := in.doctor(t, exitFailed, "CLICKHOUSE_DSN=clickhouse://plain:pw@"+at)["rights"]
	const missing = "missing: TABLE ENGINE ON Memory, TABLE ENGINE ON MergeTree, TABLE ENGINE ON ReplacingMergeTree"
	if f.Found != missing || f.Try != "GRANT TABLE ENGINE ON MergeTree TO `plain`; GRANT TABLE ENGINE ON ReplacingMergeTree TO `plain`; GRANT TABLE ENGINE ON Memory TO `plain`" {
		t.Errorf("%+v", f)
	}
}

// TestCredentialFiles checks that errors about the file of the vendor's SDK name the file.
func TestCredentialFiles(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	file := filepath.Join(home, ".tencentcloud", "credentials")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + home, "CALLVAULT_SDK_APP_IDS=1", "CLICKHOUSE_DSN=clickhouse://127.0.0.1:1/x", "TENCENTCLOUD_SECRET_ID=", "TENCENTCLOUD_SECRET_KEY="}
	for text, says := range map[string]string{
		"secret_id=a\nsecret_key=hidden\n": "has no section [default]",
		"":                                 "has no section [default]",
		"[other]\nsecret_id=a\nsecret_key=hidden\n":    "has no section [default]",
		"[default]\nsecret_id=a\n":                     "secret_key",
		"[default\nsecret_id=a\nsecret_key=hidden\n":   "wrong section",
		"\x00\x01\xff[default]\nsecret_key=hidden\n\n": "has no section [default]",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, env, "archive", "--patience", "0")
		code, errs := p.wait(t), p.errs.String()
		if code != exitUsage || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, file+": ") || !strings.Contains(errs, says) || strings.Contains(errs, "hidden") {
			t.Errorf("%q: exit code %d\n%s", text, code, errs)
		}
	}
}

// TestProxyWantsPassword checks that the error names the proxy and not its password.
func TestProxyWantsPassword(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 1, Calls: 1, QPS: -1})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(proxy.Close)
	address := strings.TrimPrefix(proxy.URL, "http://")
	for _, endpoint := range []string{"https://trtc.example", "http://trtc.example"} {
		env := append(slices.Clone(in.env), "HTTPS_PROXY=http://me:hidden@"+address, "HTTP_PROXY=http://me:hidden@"+address, "CALLVAULT_TRTC_ENDPOINT="+endpoint, "CALLVAULT_PATIENCE=1m")
		p := start(t, env, "archive")
		code, errs := p.wait(t), p.errs.String()
		if code != exitFailed || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "the proxy "+address+" answers 407") || !strings.Contains(errs, "HTTPS_PROXY") || strings.Contains(errs, "hidden") {
			t.Errorf("%s: exit code %d\n%s", endpoint, code, errs)
		}
	}
}

// TestLongWakesUp checks that commands wait for a ClickHouse that is not up yet, and say so once.
func TestLongWakesUp(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 1, Calls: 1, QPS: -1})
	in.archive(t, exitDone)
	u, err := url.Parse(in.dsn())
	if err != nil {
		t.Fatal(err)
	}
	engine := u.Host
	for _, args := range []string{"status", "sql SELECT+1", "export DIR -r rooms", "plan", "migrate status", "verify"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		u.Host = l.Addr().String()
		l.Close()
		p := start(t, append(slices.Clone(in.env), "CLICKHOUSE_DSN="+u.String()), arguments(args, t.TempDir())...)
		await(t, "the program to wait", func() bool { return strings.Contains(p.errs.String(), "waiting for ClickHouse") })
		forward(t, u.Host, engine)
		if code, errs := p.wait(t), p.errs.String(); code != exitDone || strings.Count(errs, "waiting for ClickHouse for up to 30s") != 1 || !strings.Contains(errs, u.Host) {
			t.Errorf("%s: exit code %d\n%s", args, code, errs)
		}
	}
	in.fails(t, exitFailed, []string{"CLICKHOUSE_DSN=clickhouse://nobody:wrong@" + engine + "/x"}, []string{"refuses the user or password"}, "status")
}

// TestLongBinaryAnswer checks that errors do not show binary data.
func TestLongBinaryAnswer(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 1, Calls: 1, QPS: -1})
	for _, body := range []string{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xaa", "{\x00\x01\xff", "<html>\x1b[2J\x9b</html>"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(body)) }))
		t.Cleanup(server.Close)
		with := *in
		with.env = append(slices.Clone(in.env), "CALLVAULT_TRTC_ENDPOINT="+server.URL)
		for _, command := range []string{"archive", "doctor"} {
			code, out, errs := with.callvault(t.Context(), command)
			if code == exitDone || !utf8.ValidString(out+errs) || strings.ContainsFunc(out+errs, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\x1b' }) ||
				strings.Contains(errs, "\x1b") || slices.ContainsFunc(strings.Split(errs, "\n"), func(line string) bool { return len(line) > 400 }) {
				t.Errorf("%q, %s: exit code %d\n%q\n%q", body, command, code, out, errs)
			}
		}
	}
}

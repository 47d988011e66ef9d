package console

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/test/embeddedtest"
)

// window has the times in which the calls of the archive are.
const window = "from=2026-05-01T00:00&to=2026-05-06T00:00"

// paths are one page of each kind.
func paths() map[string]string {
	return map[string]string{
		"calls": "/?" + window, "worst": "/?sort=worst&grade=notgood&" + window, "user's": "/?q=" + url.QueryEscape(hostile), "fleet": "/fleet?" + window,
		"call": "/" + callLink(app, "call-bad", ""), "of user": "/" + callLink(app, "call-bad", emoji), "odd id": "/" + callLink(0, `it's "odd" \N <i>`, ""),
		"running": "/" + callLink(app, "call-running", ""), "torn": "/" + callLink(app, "call-torn", "a"), "crowd": "/" + callLink(app, "call-crowd", ""), "crowd 2": "/" + callLink(app, "call-crowd", "") + "&page=1&sort=name",
		"closer": "/" + callLink(app, "call-bad", plain) + "&from=2026-05-04T15:04:00&to=2026-05-04T15:06:00",
		"pair":   "/" + pairLink(app, "call-bad", emoji, hostile), "user": "/" + userLink(0, plain), "user of html": "/" + userLink(app, hostile), "file": "/file?id=call-bad",
	}
}

// document is a page as a browser reads it.
type document struct {
	text  string
	links []string
}

func read(t *testing.T, page string) (d document) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "script":
			text.WriteString(n.Data)
		case n.Type == html.ElementNode:
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s %s=%q> needs what the policy forbids", n.Data, a.Key, a.Val)
				}
				if n.Data == "a" && a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
					d.links = append(d.links, a.Val)
				}
			}
			if n.Data == "script" && n.FirstChild != nil && !strings.Contains(page, "Content-Security-Policy") {
				t.Error("a script within a page")
			}
		}
	}
	d.text = strings.Join(strings.Fields(text.String()), " ")
	return d
}

// tells has what pages must say, by name and language.
func tells() map[string][]string {
	shown := strings.ReplaceAll(emoji, "\x1b", "␛")
	return map[string][]string{
		"calls en":  {hostile, "🎉 party", "serious", "running"},
		"user's en": {"for this user", "All calls of user"},
		"call en": {hostile, shown, fromLeft, "the sender's uplink lost packets", "2 sessions", "Wi-Fi", "4G", "Phone <b>1", "Sound: packets lost", "newMetric", "Who received whom", "1280 × 720",
			"Entered the room: again", "Connection to the server timed out"},
		"call zh":    {hostile, "上行丢包", "音频：丢包", "谁接收谁", "网络类型"},
		"running en": {"This call was still running when it was last archived"},
		"torn en": {"What is missing", "Set aside: a part of the measurements, 2026-05-04 15:02:00 – 15:04:00", "the answer was cut <b>", "Lost: a part of the measurements, before 2026-05-04 15:00:30",
			"Set aside: the event log, of user a", "no answer in time"},
		"crowd en":   {"60 users", "Page 1", "More", "listener 000"},
		"crowd 2 en": {"Page 2", "listener 049"},
		"closer en":  {"15:04:00 – 15:06:00", "every sample is shown", "Whole call"},
		"pair en":    {"the sender", "sent by " + hostile, "received by " + shown, "How others received the sender", fromLeft},
		"user en":    {"2026-05", "🎉 party"},
		"fleet en":   {"Worst SDK versions", "12.1", "Worst devices", "never", "2026-05-04"},
	}
}

// TestPages fetches each kind of page in both languages, and what they link to. What the
// vendor sent is shown as text, whatever it is.
func TestPages(t *testing.T) {
	t.Parallel()
	srv := site(t, Access{})
	seen, linked := map[string]bool{}, map[string]string{}
	for name, path := range paths() {
		seen[path] = true
		for _, lang := range languages {
			status, page, h := get(t, srv, path, "Accept-Language", lang)
			d := read(t, page)
			if status != http.StatusOK || strings.Contains(page, "<script>alert") || strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "%!") || h.Get("Content-Language")[:2] != lang {
				t.Errorf("%s in %s: %d, %s\n%s", name, lang, status, h, d.text)
			}
			for _, want := range tells()[name+" "+lang] {
				if !strings.Contains(d.text, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("%s in %s does not say %q:\n%s", name, lang, want, d.text)
				}
			}
			for _, link := range d.links {
				linked[absolute(t, path, link)] = path
			}
		}
	}
	followed := 0
	for path, from := range linked {
		if seen[path] || followed == 20 {
			continue
		}
		followed++
		if status, _, _ := get(t, srv, path); status != http.StatusOK {
			t.Errorf("%s links to %s: %d", from, path, status)
		}
	}
}

// absolute is where a link of a page of the site leads.
func absolute(t *testing.T, path, link string) string {
	t.Helper()
	base, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	u, err := base.Parse(link)
	if err != nil || u.Host != "" {
		t.Fatalf("%s links to %s: %v", path, link, err)
	}
	u.Fragment = ""
	return u.String()
}

// TestClicks answers a complaint of user 4711 in three clicks.
func TestClicks(t *testing.T) {
	t.Parallel()
	srv := site(t, Access{})
	_, page, _ := get(t, srv, "/?q="+plain)
	links := read(t, page).links
	i := slices.IndexFunc(links, func(l string) bool { return strings.HasPrefix(l, "call?") && strings.Contains(l, "call-bad") })
	if i < 0 || !strings.Contains(links[i], "user="+plain) {
		t.Fatalf("no link to the call of the user: %q", links)
	}
	_, page, _ = get(t, srv, "/"+links[i])
	if !strings.Contains(read(t, page).text, "What 4711 sent and received") {
		t.Error("the call does not show the user's charts")
	}
}

// TestNotFound: what is not there is said, with the status of HTTP that says it, too.
func TestNotFound(t *testing.T) {
	t.Parallel()
	srv := site(t, Access{})
	for path, want := range map[string]int{
		"/call?id=none": 404, "/call": 404, "/pair?id=call-bad&user=x&peer=y": 404, "/nothing": 404, "/user": 400, "/call?app=7&id=call-bad": 404, "/static/none.js": 404,
		"/?from=yesterday&to=99999&page=-1&grade=x&sort=y&app=z": 200, "/?q=nobody": 200, "/static/console.js": 200,
	} {
		if status, page, h := get(t, srv, path); status != want || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d, want %d\n%s", path, status, want, page)
		}
	}
	waiting := &console{Options: Options{Archive: func() Archive { return nil }}}
	if _, status := waiting.make(&request{}, nil); status != http.StatusServiceUnavailable {
		t.Errorf("without an archive: %d", status)
	}
}

// TestLongReader shows pages to a user who may read the relations, and nothing else.
func TestLongReader(t *testing.T) {
	t.Parallel()
	srv := embeddedtest.StartWithUsers(t, `<clickhouse><users><reader><password>pw</password><networks><ip>127.0.0.1</ip></networks><profile>reader</profile><quota>default</quota>
		<grants><query>GRANT SELECT ON trtc.*</query></grants></reader></users><profiles><reader><readonly>1</readonly></reader></profiles></clickhouse>`)
	if err := fill(t.Context(), t, srv.DSN(), calls()[0], calls()[3]); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(srv.DSN())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("reader", "pw")
	reader := siteOf(t, reading(t, u.String()), Access{})
	for _, name := range []string{"calls", "worst", "user's", "fleet", "call", "torn", "pair", "user"} {
		if status, page, _ := get(t, reader, paths()[name]); status != http.StatusOK {
			t.Errorf("%s: %d\n%s", name, status, page)
		}
	}
}

// TestNothingYet: an archive that is yet to be made is no fault.
func TestNothingYet(t *testing.T) {
	t.Parallel()
	srv := siteOf(t, reading(t, embeddedtest.Database(t)), Access{})
	if status, page, _ := get(t, srv, "/"); status != http.StatusServiceUnavailable || !strings.Contains(page, "Nothing is archived yet") {
		t.Errorf("%d\n%s", status, page)
	}
}

// noted notes the statements, and answers nothing.
type noted struct{ statements []string }

func (n *noted) Select(_ context.Context, _ any, statement string, _ map[string]any) error {
	n.statements = append(n.statements, statement)
	return nil
}

// relations matches what a statement reads.
var relations = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+([a-z_.]+)`)

// check sees that a statement selects, and from relations of analysts alone.
func check(t *testing.T, statement string) {
	t.Helper()
	names := []string{}
	for _, r := range catalogue.Relations() {
		names = append(names, r.Name)
	}
	for _, m := range relations.FindAllStringSubmatch(statement, -1) {
		if !slices.Contains(names, m[1]) {
			t.Errorf("%s is no relation of analysts: %s", m[1], statement)
		}
	}
	if !strings.HasPrefix(statement, "SELECT ") || strings.Contains(statement, ";") {
		t.Errorf("not one SELECT: %s", statement)
	}
}

// spy notes the statements on their way.
type spy struct {
	Archive
	check func(string)
}

func (s spy) Select(ctx context.Context, dest any, statement string, params map[string]any) error {
	s.check(statement)
	return s.Archive.Select(ctx, dest, statement, params)
}

// TestReadsRelations: pages select from relations of analysts, and nothing that a visitor
// sends is in a statement.
func TestReadsRelations(t *testing.T) {
	t.Parallel()
	s := archive(t)
	const mark = "Zz9"
	for _, path := range []string{"?q=X&app=1&grade=serious&from=X&sort=X&page=X", "call?id=call-bad&user=X&sort=X&from=X", "pair?id=call-bad&user=4711&peer=X", "user?user=X", "fleet?app=X&from=X"} {
		u, err := url.Parse(strings.ReplaceAll(path, "X", mark))
		if err != nil {
			t.Fatal(err)
		}
		archive := spy{s, func(statement string) {
			check(t, statement)
			if strings.Contains(statement, mark) {
				t.Errorf("what the visitor sent is in %s", statement)
			}
		}}
		q := &request{Request: (&http.Request{URL: u}).WithContext(t.Context()), archive: archive, memory: &memory{}, query: query{u.Query()}, lang: "en", now: now}
		c := &console{}
		for _, page := range map[string][]func(*request) (*page, error){"": {c.find}, "call": {c.call}, "pair": {c.pair}, "user": {c.user}, "fleet": {c.fleet}}[u.Path] {
			_, _ = page(q)
		}
	}
}

// FuzzQuery: whatever an address has, a page is made or refused, and statements stay as
// they are.
func FuzzQuery(f *testing.F) {
	f.Add("q=1&from=2026-05-04T15:00&page=2")
	f.Add("id=%27%3B&user=%00&sort=worst&to=2026")
	known := map[string]bool{}
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		for _, lang := range languages {
			n := &noted{}
			q := &request{Request: (&http.Request{URL: &url.URL{RawQuery: raw}}).WithContext(context.Background()), archive: n, memory: &memory{}, query: query{values}, lang: lang, now: now}
			c := &console{Options: Options{Archive: func() Archive { return n }}}
			for _, page := range []func(*request) (*page, error){c.find, c.call, c.pair, c.user, c.fleet} {
				if _, err := page(q); err != nil {
					if _, ours := err.(problem); !ours {
						t.Fatal(err)
					}
				}
			}
			for _, s := range n.statements {
				if !known[s] {
					known[s] = true
					check(t, s)
				}
			}
			if len(known) > 60 {
				t.Fatalf("%d statements: something of the address is in them", len(known))
			}
		}
	})
}

func prefixes(text string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(text)} }

// TestAccess lets in who may see the console.
func TestAccess(t *testing.T) {
	t.Parallel()
	locked := Access{Password: "correct horse", Header: "X-Forwarded-User", Proxies: prefixes("127.0.0.0/8"), Hosts: []string{"calls.example.com"}}
	open, closed, far := site(t, Access{}), site(t, locked), site(t, Access{Header: "X-Forwarded-User", Proxies: prefixes("10.0.0.0/8")})
	for _, c := range []struct {
		name    string
		far     bool
		locked  bool
		headers []string
		want    int
	}{
		{"open", false, false, nil, 200},
		{"an unknown name", false, false, []string{"Host", "evil.example"}, 421},
		{"localhost", false, false, []string{"Host", "LOCALHOST:80"}, 200},
		{"an address", false, false, []string{"Host", "[::1]:8081"}, 200},
		{"no password", false, true, nil, 401},
		{"a known name, no password", false, true, []string{"Host", "calls.example.com:443"}, 401},
		{"a visitor of the proxy", false, true, []string{"X-Forwarded-User", "ann"}, 200},
		{"a header without visitor", false, true, []string{"X-Forwarded-User", " "}, 401},
		{"a header from elsewhere", true, false, []string{"X-Forwarded-User", "ann"}, 401},
	} {
		srv := open
		if c.locked {
			srv = closed
		}
		if c.far {
			srv = far
		}
		if status, page, _ := get(t, srv, "/static/icon.svg", c.headers...); status != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, status, c.want, page)
		}
	}
	for password, want := range map[string]int{"correct horse": 200, "wrong": 401, "": 401} {
		r, _ := http.NewRequest(http.MethodGet, closed.URL+"/static/icon.svg", nil)
		r.SetBasicAuth("anybody", password)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != want {
			t.Errorf("password %q: %d, want %d", password, a.StatusCode, want)
		}
	}
}

// said finds the texts that templates translate.
var said = regexp.MustCompile(`(?:T|say\(|translate\(lang,) "([^"]+)"`)

// TestWords: each text of the pages is in Chinese, and no other.
func TestWords(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || path == "words.go" {
			return err
		}
		b, err := os.ReadFile(path)
		for key := range chinese {
			used[key] = used[key] || strings.Contains(string(b), `"`+key+`"`)
		}
		if strings.HasPrefix(path, "templates/") || strings.HasSuffix(path, ".go") {
			for _, m := range said.FindAllStringSubmatch(string(b), -1) {
				if _, ok := chinese[m[1]]; !ok && !strings.HasSuffix(m[1], " ") {
					t.Errorf("%s: %q is not in Chinese", path, m[1])
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range english {
		if chinese[key] == "" {
			t.Errorf("%q is not in Chinese", key)
		}
		used[key] = true // a word of the archive
	}
	for _, m := range measures {
		used[m.title], used[m.unit] = true, true
		if chinese[m.title] == "" {
			t.Errorf("%q is not in Chinese", m.title)
		}
	}
	for key, ok := range used {
		if !ok && !slices.Contains([]string{"good", "fair", "poor", "serious", "unknown", "big video", "small video", "side stream", "network", "connection"}, key) {
			t.Errorf("%q is nowhere said", key)
		}
		if strings.Count(chinese[key], "%")-2*strings.Count(chinese[key], "%%") != strings.Count(translate("en", key), "%") && chinese[key] != "" {
			t.Errorf("%q has other arguments in Chinese: %q", key, chinese[key])
		}
	}
}

// TestReport: a file needs nothing else.
func TestReport(t *testing.T) {
	t.Parallel()
	s := archive(t)
	o := Options{Archive: func() Archive { return s }, Now: func() time.Time { return now }, Version: "test"}
	var page bytes.Buffer
	if err := (Report{CommID: "call-bad", User: plain, Language: "zh"}).Write(t.Context(), &page, o); err != nil {
		t.Fatal(err)
	}
	d := read(t, page.String())
	if len(d.links) > 0 || strings.Contains(page.String(), "src=") || strings.Contains(page.String(), "<link") || !strings.Contains(d.text, hostile) || !strings.Contains(page.String(), "default-src &#39;none&#39;") {
		t.Errorf("the file needs more: %q", d.links)
	}
	err := Report{CommID: "none", Language: "en"}.Write(t.Context(), &page, o)
	if err == nil || !strings.Contains(err.Error(), `call "none": There is no such call`) {
		t.Error(err)
	}
}

// TestTicks: a chart has some round times, and never many.
func TestTicks(t *testing.T) {
	for span := range 40 {
		w := Window{began, began.Add(time.Duration(1) << (span + 20))}
		if w.Span() < 10e9 || w.Span() > 30*24*3600e9 {
			continue
		}
		if n := len(ticks(w)); n < 1 || n > 6 {
			t.Errorf("%v: %d ticks", w.Span(), n)
		}
		if n := w.Span().Seconds() / float64(stepFor(w.Span())); n > mostPoints {
			t.Errorf("%v: %f points", w.Span(), n)
		}
	}
	for v, want := range map[float64]float64{0: 1, 7: 8, 8.1: 10, 130: 150, 1_100_000: 1_500_000, 95: 100} {
		if got := nice(v); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("nice(%v) = %v", v, got)
		}
	}
}

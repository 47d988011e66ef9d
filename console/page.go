package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/internal/words"
)

// page is what a template shows.
type page struct {
	Name    string // of the template
	Title   string // key of the translations
	Of      string // what the title is about, as it is
	Body    any
	Lang    string
	File    bool // one file by itself: no links, its own style and script
	Version string
	Here    *url.URL
	Now     time.Time
}

// parsePages parses each page's template, once for each language.
func parsePages() map[string]map[string]*template.Template {
	all := map[string]map[string]*template.Template{}
	for _, lang := range languages {
		all[lang] = map[string]*template.Template{}
		for _, name := range []string{"find", "call", "pair", "user", "fleet", "error"} {
			all[lang][name] = template.Must(template.New("layout.html").Funcs(functions(lang)).Funcs(helpers(lang)).ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name+".html"))
		}
	}
	return all
}

// write writes a page, in which no text from outside can hide or turn another.
func (c *console) write(w io.Writer, p *page) error {
	var page bytes.Buffer
	if err := c.pages[p.Lang][p.Name].Execute(&page, p); err != nil {
		return err
	}
	_, err := w.Write(words.HTML(page.Bytes()))
	return err
}

// functions are what templates can call.
func functions(lang string) template.FuncMap {
	say := func(key string, args ...any) string { return translate(lang, key, args...) }
	return template.FuncMap{
		"T": say, "n": comma, "dec": decimal, "pct": percent,
		"day":      func(t time.Time) string { return t.Format("2006-01-02") },
		"clock":    func(t time.Time) string { return t.Format("15:04:05") },
		"minute":   func(t time.Time) string { return t.Format("15:04") },
		"moment":   func(t time.Time) string { return t.Format("2006-01-02 15:04:05") },
		"iso":      func(t time.Time) string { return t.Format(time.RFC3339) },
		"duration": func(d time.Duration) string { return span(lang, d) },
		"seconds":  func(s uint64) string { return span(lang, time.Duration(s)*time.Second) },
		"callURL":  callLink, "userURL": userLink, "pairURL": pairLink,
	}
}

// Link is a link to another page; in a file, where there is none, its text alone.
func (p *page) Link(href, text string) template.HTML {
	escaped := template.HTML("<bdi>" + template.HTMLEscapeString(text) + "</bdi>")
	if p.File {
		return escaped
	}
	return template.HTML(`<a href="` + template.HTMLEscapeString(href) + `">` + string(escaped) + "</a>")
}

// With is the address of this page with a parameter changed. Without a value it is
// left out.
func (p *page) With(name, value string) string {
	q := p.Here.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	if name != "page" && name != "lang" {
		q.Del("page")
	}
	return "?" + q.Encode()
}

// Style and Script are what a file has in itself.
func (p *page) Style() template.CSS { return template.CSS(asset("console.css")) }
func (p *page) Script() template.JS { return template.JS(asset("console.js")) }

// Policy lets a file run its own script and nothing else.
func (p *page) Policy() string {
	hash := func(name string) string {
		sum := sha256.Sum256([]byte(asset(name)))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; img-src data:; style-src " + hash("console.css") + "; script-src " + hash("console.js")
}

func asset(name string) string {
	b, err := files.ReadFile("static/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(b)
}

// Addresses of pages, relative to each other.

func address(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return path + "?" + q.Encode()
}

func appText(app uint32) string {
	if app == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(app), 10)
}

func callLink(app uint32, id, user string) string {
	return address("call", "app", appText(app), "id", id, "user", user)
}

func userLink(app uint32, user string) string {
	return address("user", "app", appText(app), "user", user)
}

func pairLink(app uint32, id, user, peer string) string {
	return address("pair", "app", appText(app), "id", id, "user", user, "peer", peer)
}

// Numbers.

func comma(v uint64) string { return humanize.Comma(int64(v)) }

// decimal is a number with three digits that count; nothing for none.
func decimal(v any) string {
	f, ok := v.(float64)
	if p, isPointer := v.(*float64); isPointer && p != nil {
		f, ok = *p, true
	}
	switch {
	case !ok:
		return "–"
	case f >= 100 || f == float64(int64(f)):
		return humanize.Comma(int64(f + 0.5))
	}
	return strconv.FormatFloat(f, 'g', 3, 64)
}

// percent is a share of a whole.
func percent(part, whole uint64) string {
	if whole == 0 {
		return "–"
	}
	return decimal(float64(part)*100/float64(whole)) + " %"
}

// span is a length of time in words.
func span(lang string, d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0 && m > 0:
		return translate(lang, "%d h %d min", h, m)
	case h > 0:
		return translate(lang, "%d h", h)
	case m > 0 && s > 0:
		return translate(lang, "%d min %d s", m, s)
	case m > 0:
		return translate(lang, "%d min", m)
	}
	return translate(lang, "%d s", s)
}

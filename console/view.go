package console

import (
	"html/template"
	"strings"
	"time"
)

// helpers are functions that put together what a part of a template needs.
func helpers(lang string) template.FuncMap {
	say := func(key string, args ...any) string { return translate(lang, key, args...) }
	return template.FuncMap{
		"pager": func(p *page, at int, more bool) any {
			return struct {
				P                        *page
				Page, Prev, Number, Next int
				More                     bool
			}{p, at, at - 1, at + 1, at + 1, more}
		},
		"more":   func(at, pages int) bool { return at+1 < pages },
		"viewer": func(p *page, v any) any { return map[string]any{"P": p, "V": v} },
		"fileURL": func(app uint32, id string, m *member) string {
			return strings.Replace(callLink(app, id, m.name()), "call?", "file?", 1)
		},
		"short":     short,
		"step":      func(s uint32) string { return span(lang, time.Duration(s)*time.Second) },
		"grades":    func() []string { return []string{"fair", "poor", "serious"} },
		"allgrades": func() []string { return []string{"good", "fair", "poor", "serious", "unknown"} },
		"titles": func(keys []string) string {
			said := make([]string, len(keys))
			for i, k := range keys {
				said[i] = say(k)
			}
			return strings.Join(said, "; ")
		},
		"received": func(c *chart) string {
			if c.Lines[0].Peer == "" {
				return say("Received, all senders together")
			}
			return say("Received")
		},
		"side":  func(side, title string, c *chart) any { return sideOf(say, side, title, c) },
		"kinds": func(title string, kinds []kind) any { return map[string]any{"Title": title, "Kinds": kinds} },
	}
}

// sideOf is a chart with what is said of it to people who do not see it.
func sideOf(say func(string, ...any) string, side, title string, c *chart) any {
	label := []string{say(title) + ", " + side}
	for _, l := range c.Lines {
		s := l.Stats()
		text := say(l.Metric)
		if l.Peer != "" {
			text += " " + say("from") + " " + l.Peer
		}
		label = append(label, text+": "+say("average %s, at most %s at %s", c.Value(s.Avg), c.Value(s.Max), s.At.Format("15:04:05")))
	}
	return struct {
		Side, Label string
		Chart       *chart
	}{side, strings.Join(label, "; "), c}
}

// name is the user's id; "" for none.
func (m *member) name() string {
	if m == nil {
		return ""
	}
	return m.ID
}

// timeForm is how links have a time.
const timeForm = "2006-01-02T15:04:05"

// At is the address of this page with another time.
func (p *page) At(w Window) string {
	q := p.Here.Query()
	q.Set("from", w.From.Format(timeForm))
	q.Set("to", w.To.Format(timeForm))
	return "?" + q.Encode() + "#charts"
}

// Whole is the address of this page without a time.
func (p *page) Whole() string {
	q := p.Here.Query()
	q.Del("from")
	q.Del("to")
	return "?" + q.Encode() + "#charts"
}

// Around is the address of this page with a few minutes around one.
func (p *page) Around(t time.Time) string {
	return p.At(Window{t.Add(-2 * time.Minute), t.Add(3 * time.Minute)})
}

// ForUser is the address of this page of a call with another user.
func (p *page) ForUser(user string) string {
	q := p.Here.Query()
	q.Set("user", user)
	return "?" + q.Encode() + "#charts"
}

// Since is the address of this list with the last days.
func (p *page) Since(days int) string {
	q := p.Here.Query()
	q.Del("to")
	q.Del("page")
	q.Set("from", p.Now.AddDate(0, 0, -days).Format("2006-01-02T15:04"))
	return "?" + q.Encode()
}

// Day is the address of the calls of a day, the worst first.
func (p *page) Day(day time.Time) string {
	return address("./", "from", day.Format("2006-01-02T15:04"), "to", day.AddDate(0, 0, 1).Format("2006-01-02T15:04"), "sort", "worst", "app", p.Here.Query().Get("app"))
}

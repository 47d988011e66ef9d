package console

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// query reads the parameters of an address. What cannot be used counts as not there.
type query struct{ url.Values }

// mostText is longer than any id.
const mostText = 1024

// text is a parameter as it is.
func (q query) text(name string) string {
	v := q.Get(name)
	if len(v) > mostText || !utf8.ValidString(v) {
		return ""
	}
	return v
}

// app is an application; 0: none is named.
func (q query) app() uint32 {
	n, err := strconv.ParseUint(q.Get("app"), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// page counts pages from 0.
func (q query) page() int {
	n, err := strconv.Atoi(q.Get("page"))
	if err != nil || n < 0 || n > 10_000 {
		return 0
	}
	return n
}

// one is a parameter that has one of some values, the first unless another is named.
func (q query) one(name string, values ...string) string {
	for _, v := range values {
		if q.Get(name) == v {
			return v
		}
	}
	return values[0]
}

// forms are how a time may be written: as a form or a link has it.
var forms = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339, time.DateOnly, "2006-01-02 15:04"}

// time is a time in UTC; zero: none.
func (q query) time(name string) time.Time {
	text := strings.TrimSpace(q.Get(name))
	for _, form := range forms {
		if t, err := time.Parse(form, text); err == nil && t.Year() >= 2000 && t.Year() < 2100 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// Window is a time from and to.
type Window struct{ From, To time.Time }

// Span is how long the window is.
func (w Window) Span() time.Duration { return w.To.Sub(w.From) }

// at is where a time lies within the window, from 0 to 100.
func (w Window) at(t time.Time) float64 {
	return min(100, max(0, 100*t.Sub(w.From).Seconds()/max(1, w.Span().Seconds())))
}

// meets says whether the window has something of another.
func (w Window) meets(from, to time.Time) bool { return to.After(w.From) && from.Before(w.To) }

// window is what is asked for of a whole, at least ten seconds.
func (q query) window(whole Window) Window {
	w := Window{q.time("from"), q.time("to")}
	if w.From.IsZero() || w.From.Before(whole.From) {
		w.From = whole.From
	}
	if w.To.IsZero() || w.To.After(whole.To) {
		w.To = whole.To
	}
	if w.Span() < 10*time.Second {
		return whole
	}
	return w
}

// shown is the time of a page's charts.
type shown struct {
	Charted Window
	Zoomed  bool // it is asked for; otherwise it is all there is
}

// Views are the windows with half and twice the time, and the ones before and after.
func (s shown) Views() map[string]Window {
	w, d := s.Charted, s.Charted.Span()
	return map[string]Window{
		"in": {w.From.Add(d / 4), w.To.Add(-d / 4)}, "out": {w.From.Add(-d / 2), w.To.Add(d / 2)},
		"back": {w.From.Add(-d / 2), w.To.Add(-d / 2)}, "on": {w.From.Add(d / 2), w.To.Add(d / 2)},
	}
}

package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/internal/words"
)

// statusPage writes a status for people.
type statusPage struct {
	io.Writer
	st      *archiveStatus
	colours bool
}

func (st *archiveStatus) write(w io.Writer, colours bool) {
	p := statusPage{w, st, colours}
	if len(st.Days) == 0 {
		fmt.Fprintln(w, "no call is archived yet")
		return
	}
	p.head()
	for _, a := range st.Apps {
		p.days(a)
	}
	p.units("not final yet, by when the vendor drops it", st.AtRisk, func(u unitStatus) string {
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", p.dropped(u.Deadline), u.State, u.Reason))
	})
	p.units("waiting for what the vendor answers null", st.Waiting, func(u unitStatus) string {
		return fmt.Sprintf("after %s: %s", words.Plural(u.Attempts, "attempt"), u.Reason)
	})
	p.units("set aside", st.Failed, func(u unitStatus) string {
		return fmt.Sprintf("after %s: %s", words.Plural(u.Attempts, "attempt"), u.Reason)
	})
	p.units("lost", st.Lost, func(u unitStatus) string { return u.Reason })
}

// head is the text on top.
func (p *statusPage) head() {
	st := p.st
	line := func(name, s string) { fmt.Fprintf(p, "  %-10s %s\n", name, s) }
	success := p.in(text.FgRed, "no pass over everything has been completed")
	if st.LastSuccess != nil {
		success = "last complete " + p.ago(*st.LastSuccess)
	}
	line("passes", success)
	p.runs()
	if st.LastArchived != nil {
		line("archived", "last "+p.ago(*st.LastArchived))
	}
	risk := "nothing"
	if n := st.AtRisk.Count; n > 0 {
		risk = fmt.Sprintf("%s not final; the next expires %s", words.Plural(n, "unit"), p.dropped(*st.AtRisk.NextDeadline))
	}
	if n := st.expired(); n > 0 {
		line("expired", words.Plural(int(n), "call")+", deleted because of their age (CALLVAULT_KEEP)")
	}
	line("at risk", risk)
	line("waiting", p.some(st.Waiting.Count, text.FgYellow))
	line("set aside", p.some(st.Failed.Count, text.FgYellow))
	line("lost", p.some(st.Lost.Count, text.FgRed))
	total := 0
	for _, b := range st.Bytes {
		total += b
	}
	line("on disk", humanize.IBytes(uint64(total)))
}

// expired is how many calls were archived once and have been deleted.
func (st *archiveStatus) expired() (n uint64) {
	for _, d := range st.Days {
		n += d.Expired
	}
	return n
}

func (p *statusPage) some(n int, colour text.Color) string {
	if n == 0 {
		return "nothing"
	}
	return p.in(colour, words.Plural(n, "unit")+", named below")
}

// in colours s where that is wanted.
func (p *statusPage) in(c text.Color, s string) string {
	if !p.colours {
		return s
	}
	return c.Sprint(s)
}

func (p *statusPage) ago(t time.Time) string {
	return t.Format("2006-01-02 15:04:05 UTC") + " (" + humanize.RelTime(t, p.st.now, "ago", "from now") + ")"
}

func (p *statusPage) dropped(t time.Time) string {
	if t.Before(p.st.now) {
		return t.Format("2006-01-02 15:04") + " (" + humanize.RelTime(t, p.st.now, "ago", "") + ")"
	}
	return t.Format("2006-01-02 15:04") + " (in " + strings.TrimSpace(humanize.RelTime(p.st.now, t, "", "")) + ")"
}

// days is the table of an application: the days of its window, and all before.
func (p *statusPage) days(a appStatus) {
	t := ui.NewTable("day (UTC)", "calls", "archived", "provisional", "lacking", "pending", "lost", "list")
	t.Style().Options.SeparateColumns = false
	first := a.WindowStart.Format(time.DateOnly)
	before := dayStatus{Day: "before"}
	for _, d := range p.st.Days {
		switch {
		case d.App != a.App:
		case d.Day < first:
			before.add(d)
		default:
			if before.Calls > 0 {
				p.row(t, before)
				before.Calls = 0
			}
			p.row(t, d)
		}
	}
	if before.Calls > 0 {
		p.row(t, before)
	}
	if t.Length() == 0 {
		return
	}
	ui.Numbers(t, 2, 7)
	fmt.Fprintf(p, "\napplication %d\n%s\n", a.App, t.Render())
}

func (d *dayStatus) add(o dayStatus) {
	d.Calls += o.Calls
	d.Archived += o.Archived
	d.Provisional += o.Provisional
	d.Pending += o.Pending
	d.Failed += o.Failed
	d.Incomplete += o.Incomplete
	d.Lost += o.Lost
}

func (p *statusPage) row(t table.Writer, d dayStatus) {
	n := func(n uint64, colour text.Color) string {
		if n == 0 {
			return "·"
		}
		return p.in(colour, words.Comma(int(n)))
	}
	list := d.List
	switch {
	case d.ListedUntil != nil:
		list = "to " + d.ListedUntil.Format("15:04")
		if end := d.ListedUntil.Truncate(24 * time.Hour); d.ListedUntil.Equal(end) {
			list = "to 24:00"
		}
	case list == "none" || list == "lost":
		list = p.in(text.FgRed, list)
	}
	t.AppendRow(table.Row{d.Day, n(d.Calls, text.Bold), n(d.Archived, text.FgGreen), n(d.Provisional, text.FgYellow),
		n(d.Incomplete+d.Failed, text.FgRed), n(d.Pending, text.FgYellow), n(d.Lost, text.FgRed), list})
}

// units lists the first units with what there is to say of each.
func (p *statusPage) units(title string, l unitList, say func(unitStatus) string) {
	if l.Count == 0 {
		return
	}
	fmt.Fprintf(p, "\n%s:\n", title)
	for _, u := range l.Units {
		for _, s := range []string{"  " + nameOf(u), "    " + say(u)} {
			fmt.Fprintln(p, text.Snip(s, ui.Width, "…"))
		}
	}
	if n := l.Count - len(l.Units); n > 0 {
		fmt.Fprintf(p, "  … and %s more: callvault sql \"SELECT * FROM ledger\"\n", words.Comma(n))
	}
}

func nameOf(u unitStatus) string {
	switch u.Kind {
	case call.UnitCall:
		return "call " + u.Key
	case call.UnitList:
		return fmt.Sprintf("%d, all calls of %s", u.App, u.Key)
	case call.UnitUnusual:
		return fmt.Sprintf("%d, unusual events of the hour from %s", u.App, u.Key)
	}
	return fmt.Sprintf("%d, %s %s", u.App, u.Kind, u.Key)
}

package ui

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/status"
)

// statusPage writes a status for people.
type statusPage struct {
	io.Writer
	st      *status.Status
	colours bool
}

// Status prints what is archived, at risk and lost.
func (c Screen) Status(st *status.Status) {
	if c.Quiet {
		return
	}
	p := statusPage{c.Out, st, c.coloured()}
	if len(st.Days) == 0 {
		fmt.Fprintln(c.Out, "no call is archived yet")
		return
	}
	p.head()
	for _, a := range st.Apps {
		p.days(a)
	}
	p.units("not final yet, by when the vendor drops it", st.AtRisk, func(u status.Unit) string {
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", p.dropped(u.Deadline), u.State, u.Reason))
	})
	p.units("waiting for what the vendor answers null", st.Waiting, func(u status.Unit) string {
		return fmt.Sprintf("after %s: %s", words.Plural(u.Attempts, "attempt"), u.Reason)
	})
	p.units("set aside", st.Failed, func(u status.Unit) string {
		return fmt.Sprintf("after %s: %s", words.Plural(u.Attempts, "attempt"), u.Reason)
	})
	p.units("lost", st.Lost, func(u status.Unit) string { return u.Reason })
}

// head prints the beginning.
func (p *statusPage) head() {
	st := p.st
	line := func(name, s string) { fmt.Fprintf(p, "  %-10s %s\n", name, s) }
	success := p.in(text.FgRed, "no full pass has been completed")
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
		risk = fmt.Sprintf("%s; the next expires %s", words.Plural(n, "unit"), p.dropped(*st.AtRisk.NextDeadline))
	}
	if n := st.Expired(); n > 0 {
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
	for _, privacy := range slices.Sorted(maps.Keys(st.Privacy)) {
		if len(st.Privacy) > 1 || privacy != "" {
			line("persons", fmt.Sprintf("%s: %s", words.Plural(int(st.Privacy[privacy]), "call"), identity.InWords(privacy)))
		}
	}
	for _, of := range slices.Sorted(maps.Keys(st.EventsOf)) {
		if whose := map[string]string{"troubled": "of users who had trouble", "off": "of nobody"}[string(of)]; whose != "" { // others have those of all users
			line("events", fmt.Sprintf("%s: %s", words.Plural(int(st.EventsOf[of]), "call"), whose))
		}
	}
	line("on disk", humanize.IBytes(uint64(total)))
}

func (p *statusPage) some(n int, colour text.Color) string {
	if n == 0 {
		return "nothing"
	}
	return p.in(colour, words.Plural(n, "unit")+", named below")
}

// in returns s in a colour if colours are on.
func (p *statusPage) in(c text.Color, s string) string {
	if !p.colours {
		return s
	}
	return c.Sprint(s)
}

func (p *statusPage) ago(t time.Time) string {
	return t.Format("2006-01-02 15:04:05 UTC") + " (" + humanize.RelTime(t, p.st.Now, "ago", "from now") + ")"
}

func (p *statusPage) dropped(t time.Time) string {
	if t.Before(p.st.Now) {
		return t.Format("2006-01-02 15:04") + " (" + humanize.RelTime(t, p.st.Now, "ago", "") + ")"
	}
	return t.Format("2006-01-02 15:04") + " (in " + strings.TrimSpace(humanize.RelTime(p.st.Now, t, "", "")) + ")"
}

// days prints the table of an application: a row for each day of its window, and one for
// all days before.
func (p *statusPage) days(a status.App) {
	t := newTable("day (UTC)", "calls", "archived", "provisional", "lacking", "pending", "lost", "list")
	t.Style().Options.SeparateColumns = false
	first := a.WindowStart.Format(time.DateOnly)
	before := status.Day{Day: "before"}
	for _, d := range p.st.Days {
		switch {
		case d.App != a.App:
		case d.Day < first:
			before.Add(d)
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
	numbers(t, 2, 7)
	fmt.Fprintf(p, "\napplication %d\n%s\n", a.App, t.Render())
}

func (p *statusPage) row(t table.Writer, d status.Day) {
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

// units prints the first units, with the text that say returns for each.
func (p *statusPage) units(title string, l status.Units, say func(status.Unit) string) {
	if l.Count == 0 {
		return
	}
	fmt.Fprintf(p, "\n%s:\n", title)
	for _, u := range l.Units {
		for _, s := range []string{"  " + nameOf(u), "    " + say(u)} {
			fmt.Fprintln(p, text.Snip(words.Line(s), Width, "…"))
		}
	}
	if n := l.Count - len(l.Units); n > 0 {
		fmt.Fprintf(p, "  … and %s more: callvault sql \"SELECT * FROM ledger\"\n", words.Comma(n))
	}
}

func nameOf(u status.Unit) string {
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

// runs prints lines about the last runs.
func (p *statusPage) runs() {
	for _, r := range p.st.Runs {
		said := "never succeeded over everything"
		if r.LastSuccess != nil {
			said = "last succeeded " + p.ago(*r.LastSuccess)
		}
		fmt.Fprintf(p, "  %-10s %s\n", r.Command, said)
		if r.Last.Outcome == runs.Done {
			continue
		}
		line := fmt.Sprintf("last run, %s, %s", humanize.RelTime(r.Last.Started, p.st.Now, "ago", "from now"), r.Last.Outcome)
		if r.Last.Reason != "" {
			line += ": " + r.Last.Reason
		}
		const indent = 13
		fmt.Fprintf(p, "%*s%s\n", indent, "", p.in(text.FgYellow, text.Snip(words.Line(line), Width-indent, "…")))
	}
}

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/verify"
)

// mostLines bounds what a report names; the JSON names everything.
const mostLines = 40

// write prints the report for people.
func (r *verification) write(w io.Writer) {
	r.writeSums(w)
	if r.AfterRepair != nil {
		fmt.Fprintf(w, "\nbefore the repair:\n")
		writeDifferences(w, r.before())
	}
	if left := r.differences(); len(left) > 0 {
		fmt.Fprintf(w, "\n%s:\n", map[bool]string{false: "differences", true: "after the repair"}[r.AfterRepair != nil])
		writeDifferences(w, left)
	}
	for i, f := range r.unverified() {
		if i == mostLines {
			break
		}
		fmt.Fprintln(w, "not verified:", f)
	}
	r.writeLacking(w)
	writeWarnings(w, r.Warnings)
	for _, line := range whatToTry(r.beyond()) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w, r.conclusion())
}

// writeSums prints what was compared.
func (r *verification) writeSums(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	var t verify.Result
	rows := map[string]uint64{}
	for _, x := range r.Apps {
		t.Listed, t.Calls, t.Hours, t.Days = t.Listed+x.Listed, t.Calls+x.Calls, t.Hours+x.Hours, t.Days+x.Days
		t.Waiting, t.Expired = t.Waiting+x.Waiting, t.Expired+x.Expired
		for k, n := range x.Rows {
			rows[k] += n
		}
	}
	if r.All {
		line("calls", "%s of %s compared row by row", words.Comma(t.Calls), words.Comma(t.Listed))
	} else {
		line("calls", "%s of %s by their rows (--seed %d), all by the room list", words.Comma(t.Calls), words.Comma(t.Listed), r.Seed)
	}
	line("hours", "%s of unusual events; %s of daily scale", words.Comma(t.Hours), words.Plural(t.Days, "day"))
	line("rows", "%s samples, %s sessions, %s events", words.Comma(int(rows["quality_samples"])), words.Comma(int(rows["user_sessions"])), words.Comma(int(rows["user_events"])))
	scale := fmt.Sprintf("%s held against the archive's own rows, %d differ", words.Plural(r.ScaleDays, "day"), len(r.Warnings))
	if n := len(r.beyond()); n > 0 {
		scale += fmt.Sprintf(", %d too much", n)
	}
	line("scale", "%s", scale)
	for _, text := range lackingTexts(r.lacking()) {
		line("incomplete", "%s: the next pass asks again", text)
	}
	if n := len(r.waiting()); n > 0 {
		line("null", "%s for what the vendor answers null: passes ask again", words.Count(n, "call waits", "calls wait"))
	}
	if t.Waiting > 0 {
		line("waiting", "%s running, new or just ended: the next pass brings them", words.Comma(t.Waiting))
	}
	if t.Expired > 0 {
		line("expired", "%s while the vendor was asked", words.Plural(t.Expired, "call"))
	}
	counts := extract.Counts{Requests: r.Requests}
	line("requests", "%s, %s received, %s", words.Comma(counts.Total()), humanize.IBytes(uint64(r.Bytes)), r.Ended.Sub(r.Started).Round(100*time.Millisecond))
}

// before are the differences that the repair was to mend.
func (r *verification) before() []verify.Difference {
	var all []verify.Difference
	for _, x := range r.Apps {
		all = append(all, x.Differences...)
	}
	return all
}

// but is what keeps an archive from being equal in which no row differs, by what
// is worst.
func (r *verification) but() (all []string) {
	if n := len(r.beyond()); n > 0 {
		all = append(all, fmt.Sprintf("the counts of %s do: calls may be missing", words.Plural(n, "day")))
	}
	if n := len(r.unverified()); n > 0 {
		all = append(all, words.Plural(n, "thing")+" could not be verified")
	}
	return append(all, lackingTexts(r.lacking())...)
}

// conclusion is the closing line, or several.
func (r *verification) conclusion() string {
	d, but := len(r.differences()), r.but()
	switch {
	case d == 0 && len(but) == 1:
		return "no row differs, but " + but[0]
	case d == 0 && len(but) > 1:
		return "no row differs, but\n  " + strings.Join(but, "\n  ")
	case d == 0 && r.AfterRepair != nil:
		return "repaired: what differed is now as the vendor has it"
	case d == 0 && len(r.waiting()) > 0:
		return "equal, but for what the vendor answers null: the archive is what it says"
	case d == 0:
		return "equal: the archive is what the vendor says"
	}
	units := map[string]bool{}
	for _, x := range r.differences() {
		units[unitName(x)] = true
	}
	return fmt.Sprintf("different: %s in %s", words.Plural(d, "difference"), words.Plural(len(units), "unit"))
}

// writeDifferences prints a table of at most 80 columns.
func writeDifferences(w io.Writer, all []verify.Difference) {
	t := ui.NewTable("what", "relation", "difference")
	for i, d := range all {
		if i == mostLines {
			t.AppendRow(table.Row{fmt.Sprintf("… and %s more", words.Comma(len(all)-mostLines)), "", "--json names all"})
			break
		}
		t.AppendRow(table.Row{text.Snip(strings.TrimPrefix(unitName(d), "call "), 33, "…"), d.Relation, differenceText(d)})
	}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 3, WidthMax: 22, WidthMaxEnforcer: text.WrapSoft}})
	fmt.Fprintln(w, t.Render())
}

func differenceText(d verify.Difference) string {
	if !d.Mendable {
		return d.What + "; stays"
	}
	return d.What
}

// writeWarnings prints the days whose counts differ.
func writeWarnings(w io.Writer, all []verify.Warning) {
	if len(all) == 0 {
		return
	}
	what, header := "rooms / entries / users", []any{"application", "day from (UTC)", "vendor", "archive"}
	beyond := slices.ContainsFunc(all, func(x verify.Warning) bool { return x.Beyond })
	if beyond {
		what, header = what+"; ! by more than noise", append(header, "")
	}
	fmt.Fprintf(w, "\ndaily counts that differ (%s):\n", what)
	t := ui.NewTable(header...)
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b verify.Warning) int { return cmp.Compare(rank(a), rank(b)) })
	for _, x := range all[:min(len(all), mostLines)] {
		row := table.Row{x.App, x.Day.Format("2006-01-02 15:04"), brief(x.Vendor), brief(x.Archive)}
		if beyond {
			row = append(row, []string{"!", ""}[rank(x)])
		}
		t.AppendRow(row)
	}
	fmt.Fprintln(w, t.Render())
}

// rank puts the days first that matter.
func rank(w verify.Warning) int {
	if w.Beyond {
		return 0
	}
	return 1
}

// writeLacking names what the archive knows to lack.
func (r *verification) writeLacking(w io.Writer) {
	for _, l := range r.lacking()[:min(len(r.lacking()), mostLines)] {
		fmt.Fprintln(w, lackText(l))
	}
}

func brief(c verify.Counts) string { return fmt.Sprintf("%d / %d / %d", c.Rooms, c.Entries, c.Users) }

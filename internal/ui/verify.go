package ui

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

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/verify"
)

// mostLines bounds what a report names; the JSON names everything.
const mostLines = 40

// writeVerification writes the report for people.
func writeVerification(w io.Writer, r *verify.Report) {
	writeSums(w, r)
	if r.AfterRepair != nil {
		fmt.Fprintf(w, "\nbefore the repair:\n")
		writeDifferences(w, r.Before())
	}
	if left := r.Differences(); len(left) > 0 {
		fmt.Fprintf(w, "\n%s:\n", map[bool]string{false: "differences", true: "after the repair"}[r.AfterRepair != nil])
		writeDifferences(w, left)
	}
	for i, f := range r.Unverified() {
		if i == mostLines {
			break
		}
		fmt.Fprintln(w, "not verified:", words.Line(fmt.Sprint(f)))
	}
	writeLacking(w, r)
	writeWarnings(w, r.Warnings)
	for _, line := range verify.WhatToTry(r.Beyond()) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w, r.Conclusion())
}

// writeSums prints what was compared.
func writeSums(w io.Writer, r *verify.Report) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	var t verify.Result
	rows := map[string]uint64{}
	for _, x := range r.Apps {
		t.Listed, t.Calls, t.Hours, t.Days = t.Listed+x.Listed, t.Calls+x.Calls, t.Hours+x.Hours, t.Days+x.Days
		t.Statistics += x.Statistics
		t.Waiting, t.Expired, t.Unlike = t.Waiting+x.Waiting, t.Expired+x.Expired, t.Unlike+x.Unlike
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
	if t.Statistics > 0 {
		line("statistics", "%s compared", words.Plural(t.Statistics, "day"))
	}
	line("rows", "%s samples, %s sessions, %s events", words.Comma(int(rows["quality_samples"])), words.Comma(int(rows["user_sessions"])), words.Comma(int(rows["user_events"])))
	scale := fmt.Sprintf("%s compared with the archive's own rows, %d differ", words.Plural(r.ScaleDays, "day"), len(r.Warnings))
	if n := len(r.Beyond()); n > 0 {
		scale += fmt.Sprintf(", %d too much", n)
	}
	line("scale", "%s", scale)
	for _, text := range verify.LackingTexts(r.Missing()) {
		line("incomplete", "%s: the next pass asks again", text)
	}
	if n := len(r.Waiting()); n > 0 {
		line("null", "%s for what the vendor answers null: passes ask again", words.Count(n, "call waits", "calls wait"))
	}
	if t.Waiting > 0 {
		line("waiting", "%s running, new or just ended: the next pass brings them", words.Comma(t.Waiting))
	}
	if t.Expired > 0 {
		line("expired", "%s while the vendor was asked", words.Plural(t.Expired, "call"))
	}
	if t.Unlike > 0 {
		line("persons", "%s not compared: their rows name persons otherwise than passes do now", words.Plural(t.Unlike, "call"))
	}
	counts := ask.Counts{Requests: r.Requests}
	line("requests", "%s, %s received, %s", words.Comma(counts.Total()), humanize.IBytes(uint64(r.Bytes)), r.Ended.Sub(r.Started).Round(100*time.Millisecond))
}

// writeDifferences prints a table of at most 80 columns.
func writeDifferences(w io.Writer, all []verify.Difference) {
	t := newTable("what", "relation", "difference")
	for i, d := range all {
		if i == mostLines {
			t.AppendRow(table.Row{fmt.Sprintf("… and %s more", words.Comma(len(all)-mostLines)), "", "--json names all"})
			break
		}
		t.AppendRow(table.Row{text.Snip(words.Shown(strings.TrimPrefix(verify.UnitName(d), "call ")), 33, "…"), words.Shown(d.Relation), words.Shown(differenceText(d))})
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
	t := newTable(header...)
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

// rank sorts days: those whose counts differ by more than the noise come first.
func rank(w verify.Warning) int {
	if w.Beyond {
		return 0
	}
	return 1
}

// writeLacking names what the archive is known to lack.
func writeLacking(w io.Writer, r *verify.Report) {
	for _, l := range r.Missing()[:min(len(r.Missing()), mostLines)] {
		fmt.Fprintln(w, words.Line(verify.LackText(l)))
	}
}

func brief(c verify.Counts) string { return fmt.Sprintf("%d / %d / %d", c.Rooms, c.Entries, c.Users) }

// Verification prints the result: JSON or text to stdout or, if quiet, the first
// differences to stderr.
func (c Screen) Verification(r *verify.Report, asJSON bool) {
	switch {
	case asJSON:
		_ = c.JSON(r) // the work is done in any case
	case c.Quiet:
		all := r.Lines()
		for _, line := range all[:min(len(all), mostLines)] {
			c.Errorf("%s", line)
		}
		if n := len(all) - mostLines; n > 0 {
			c.Errorf("and %d more; --json has all of them", n)
		}
	default:
		writeVerification(c.Out, r)
	}
}

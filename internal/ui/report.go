package ui

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/words"
)

// Report prints what a pass has done: to Out as JSON or, unless quiet, as text. Failures go
// to Err in any case.
func (c Screen) Report(s *archive.Report, asJSON bool) {
	switch {
	case asJSON:
		_ = c.JSON(s) // the work is done in any case
	case !c.Quiet:
		writeSummary(c.Out, s)
	}
	for _, r := range s.Apps {
		for _, note := range r.Notes {
			c.Errorf("%s", note)
		}
	}
	if advice := s.Advice(); advice != "" {
		c.Errorf("%s", advice)
	}
	for _, r := range s.Refused {
		c.Errorf("not archived: %s", r.Reason)
	}
	for _, line := range failureLines(s.Apps) {
		c.Errorf("not archived: %s", line)
	}
}

const (
	// mostNamed bounds the lines about failures; --json has all.
	mostNamed = 100

	// mostAlike is the number of calls that are named of those with the same failure.
	mostAlike = 3
)

// cause groups failures that are printed together.
type cause struct {
	app    call.AppID
	call   bool
	what   string
	reason string
}

// failureLines returns lines about failures, calls first. Of failures with the same cause
// it names the first ones.
func failureLines(apps []extract.Report) []string {
	var causes []cause
	alike := map[cause][]extract.Failure{}
	for _, r := range apps {
		for _, f := range r.Failures {
			k := cause{r.App, f.CommID != "", kindOf(f.What), cmp.Or(f.Cause, f.Reason)}
			if alike[k] == nil {
				causes = append(causes, k)
			}
			alike[k] = append(alike[k], f)
		}
	}
	slices.SortStableFunc(causes, func(a, b cause) int {
		switch {
		case a.call == b.call:
			return 0
		case a.call:
			return -1
		}
		return 1
	})
	var lines []string
	for _, k := range causes {
		lines = append(lines, k.lines(alike[k])...)
	}
	if n := len(lines) - mostNamed; n > 0 {
		lines = append(lines[:mostNamed], fmt.Sprintf("%s more; --json has them, and callvault status", words.Comma(n)))
	}
	return lines
}

// lines returns the lines of the failures of one cause.
func (k cause) lines(all []extract.Failure) (lines []string) {
	most := 1
	if k.call {
		most = mostAlike
	}
	for i, f := range all[:min(most, len(all))] {
		line := f.String()
		if !k.call {
			line = fmt.Sprintf("application %d: %s", k.app, f)
		}
		if n := len(all) - most; n > 0 && i == most-1 {
			line += fmt.Sprintf(" (and %s more like this)", words.Comma(n))
		}
		lines = append(lines, line)
	}
	return lines
}

// kindOf returns the kind of data that a failure concerns.
func kindOf(what string) string {
	kind, _, _ := strings.Cut(what, " of ")
	kind, _, _ = strings.Cut(kind, " between ")
	return kind
}

func writeSummary(w io.Writer, s *archive.Report) {
	t := s.Total()
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("calls", "%s archived of %s in the window", words.Comma(t.Archived), words.Comma(t.Listed))
	for _, x := range []struct {
		n    int
		what string
	}{
		{t.Held, "held already"},
		{t.Provisional - t.Waiting - t.Incomplete, "running or just ended: to be completed by a later pass"},
		{t.Waiting, "waiting for data that the vendor has not sent"},
		{t.Incomplete, "without what is set aside"},
	} {
		if x.n > 0 {
			line("", "%s %s", words.Comma(x.n), x.what)
		}
	}
	line("users", "%s in %s sessions", words.Comma(t.Users), words.Comma(t.Sessions))
	line("samples", "%s", words.Comma(t.Samples))
	line("events", "%s of users, %s unusual; %d days of scale", words.Comma(t.Events), words.Comma(t.Unusual), t.Days)
	if t.Statistics > 0 {
		line("statistics", "%s numbers of usage and of the vendor's dashboards", words.Comma(t.Statistics))
	}
	for _, lacking := range lackingOf(s) {
		line("", "%s", lacking)
	}
	if t.Completed > 0 {
		line("", "%s archived calls got events that were not asked for before", words.Comma(t.Completed))
	}
	line("requests", "%s in all, %s received", words.Comma(s.Counts.Total()), humanize.IBytes(uint64(s.Counts.Bytes)))
	for _, action := range slices.Sorted(maps.Keys(s.Counts.Requests)) {
		line("", "  %-24s %s", action, words.Comma(s.Counts.Requests[action]))
	}
	if len(s.Counts.Errors) > 0 {
		line("asked again", "%s", counted(s.Counts.Errors))
	}
	if t.Repeated > 0 {
		line("twice", "%s rows came twice in one answer and are kept once", words.Comma(t.Repeated))
	}
	line("time", "%s", s.Ended.Sub(s.Started).Round(100*time.Millisecond))
	if t.FailureCount > 0 {
		line("missing", "%s, named on stderr", words.Comma(t.FailureCount))
	}
}

// lackingOf says, for each application and relation, which statistics its account does not have.
func lackingOf(s *archive.Report) (lines []string) {
	all := map[string]int{}
	for _, x := range call.Statements() {
		all[x.Kind.Relation()]++
	}
	for _, r := range s.Apps {
		lacking := map[string]int{}
		for _, x := range r.Lacking {
			relation, _, _ := strings.Cut(x, " ")
			lacking[relation]++
		}
		for _, relation := range slices.Sorted(maps.Keys(lacking)) {
			which := fmt.Sprintf("%d of %d kinds of %s", lacking[relation], all[relation], relation)
			if lacking[relation] == all[relation] {
				which = "no " + relation
			}
			lines = append(lines, fmt.Sprintf("%s: the account of %d does not have it, or its key may not ask", which, r.App))
		}
	}
	return lines
}

func counted(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s × %s", words.Comma(m[k]), k))
	}
	return strings.Join(parts, ", ")
}

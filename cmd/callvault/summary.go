package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/extract"
)

// summary is the report of one job: a Report for each application, and what the
// accounts were asked.
type summary struct {
	mu      sync.Mutex
	RunID   string
	Started time.Time
	Ended   time.Time
	Apps    []extract.Report
	Counts  extract.Counts
}

func (s *summary) add(r extract.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Apps = append(s.Apps, r)
	slices.SortFunc(s.Apps, func(a, b extract.Report) int { return int(int64(a.App) - int64(b.App)) })
}

// started tells whether the pass got as far as asking for calls.
func (s *summary) started() bool { return len(s.Apps) > 0 }

// err is errPartial if something could not be archived.
func (s *summary) err() error {
	if n := s.total().FailureCount; n > 0 {
		return fmt.Errorf("%w (%d, see the report); the next pass tries again", errPartial, n)
	}
	return nil
}

// total adds up the applications.
func (s *summary) total() extract.Report {
	var t extract.Report
	for _, r := range s.Apps {
		t.Listed += r.Listed
		t.Held += r.Held
		t.Archived += r.Archived
		t.Provisional += r.Provisional
		t.Sessions += r.Sessions
		t.Users += r.Users
		t.Samples += r.Samples
		t.NullSamples += r.NullSamples
		t.Events += r.Events
		t.Unusual += r.Unusual
		t.Days += r.Days
		t.Failures = append(t.Failures, r.Failures...)
		t.FailureCount += r.FailureCount
	}
	return t
}

// printSummary prints the report: JSON to stdout, text to stdout unless quiet.
// What could not be archived goes to stderr in any case.
func (c *cli) printSummary(s *summary, asJSON bool) {
	switch {
	case asJSON:
		enc := json.NewEncoder(c.stdout)
		enc.SetIndent("", "  ")
		enc.Encode(s)
	case !c.quiet:
		writeSummary(c.stdout, s)
	}
	const most = 20
	t := s.total()
	for i, f := range t.Failures {
		if i == most {
			fmt.Fprintf(c.stderr, "callvault: … and %d more\n", t.FailureCount-most)
			break
		}
		fmt.Fprintln(c.stderr, "callvault: not archived:", f)
	}
}

func writeSummary(w io.Writer, s *summary) {
	t := s.total()
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	calls := fmt.Sprintf("%s archived of %s in the window", comma(t.Archived), comma(t.Listed))
	if t.Held > 0 {
		calls += fmt.Sprintf(", %s held already", comma(t.Held))
	}
	if t.Provisional > 0 {
		calls += fmt.Sprintf(", %s running or just ended: to be completed by a later pass", comma(t.Provisional))
	}
	line("calls", "%s", calls)
	line("users", "%s in %s sessions", comma(t.Users), comma(t.Sessions))
	line("samples", "%s", comma(t.Samples))
	line("events", "%s of users, %s unusual; %d days of scale", comma(t.Events), comma(t.Unusual), t.Days)
	line("requests", "%s in all, %s received", comma(s.Counts.Total()), humanize.IBytes(uint64(s.Counts.Bytes)))
	for _, action := range slices.Sorted(maps.Keys(s.Counts.Requests)) {
		fmt.Fprintf(w, "  %-10s   %-24s %s\n", "", action, comma(s.Counts.Requests[action]))
	}
	if len(s.Counts.Errors) > 0 {
		line("refused", "%s", counted(s.Counts.Errors))
	}
	line("time", "%s", s.Ended.Sub(s.Started).Round(100*time.Millisecond))
	if t.FailureCount > 0 {
		line("missing", "%s, named on stderr", comma(t.FailureCount))
	}
}

func counted(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s × %s", comma(m[k]), k))
	}
	return strings.Join(parts, ", ")
}

func comma(n int) string { return humanize.Comma(int64(n)) }

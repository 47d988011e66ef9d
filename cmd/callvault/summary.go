package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load"
)

// summary is the report of one job: a Report for each application, and what the
// accounts were asked.
type summary struct {
	mu      sync.Mutex
	RunID   string
	Started time.Time
	Ended   time.Time
	Apps    []extract.Report
	Refused []refusal `json:",omitempty"`
	Counts  extract.Counts

	past load.Run // as the history has it, when it has ended
}

// refusal is an account or an application that the vendor does not serve.
type refusal struct {
	App    call.AppID `json:",omitempty"` // 0: the account
	Reason string
	err    error
}

// refuse notes that the vendor does not serve an application, or an account.
func (s *summary) refuse(app call.AppID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Refused = append(s.Refused, refusal{app, err.Error(), err})
}

// allRefused is why nothing could be asked, if nothing could.
func (s *summary) allRefused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	apps := 0
	for _, r := range s.Refused {
		if r.App != 0 {
			apps++
		}
	}
	if apps > 0 && apps == len(s.Apps) {
		return s.Refused[len(s.Refused)-1].err
	}
	return nil
}

func (s *summary) add(r extract.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Apps = append(s.Apps, r)
	slices.SortFunc(s.Apps, func(a, b extract.Report) int { return int(int64(a.App) - int64(b.App)) })
}

// reached is how far the pass has come, in calls that are archived for good.
func (s *summary) reached() int {
	if !s.started() {
		return notStarted
	}
	t := s.total()
	return t.Held + t.Archived - t.Provisional
}

// started tells whether the pass got as far as asking for calls.
func (s *summary) started() bool { return len(s.Apps) > 0 }

// describe fills in the history of the run. counts is what was asked so far.
func (s *summary) describe(r *load.Run, counts extract.Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.total()
	r.Counts = load.RunCounts{
		Calls: uint64(t.Archived), Provisional: uint64(t.Provisional), Failed: uint64(t.FailureCount + len(s.Refused)), Lost: uint64(t.Lost),
		Users: uint64(t.Users), Samples: uint64(t.Samples), Events: uint64(t.Events),
	}
	r.Complete = nil
	for _, a := range s.Apps {
		if a.FailureCount == 0 && !s.refuses(a.App) {
			r.Complete = append(r.Complete, a.App)
		}
	}
	r.Requests, r.Errors, r.Bytes = uintsOf(counts.Requests), uintsOf(counts.Errors), uint64(counts.Bytes)
}

// refuses says that the vendor does not serve an application. The caller holds mu.
func (s *summary) refuses(app call.AppID) bool {
	return slices.ContainsFunc(s.Refused, func(r refusal) bool { return r.App == app })
}

// err is errPartial if something could not be archived.
func (s *summary) err() error {
	n := s.total().FailureCount + len(s.Refused)
	if n == 0 {
		return nil
	}
	err := fmt.Errorf("%w (%d, see the report); the next pass tries again", errPartial, n)
	if i := slices.IndexFunc(s.Refused, func(r refusal) bool { return passing(r.err) }); i >= 0 {
		return leftError{err, s.Refused[i].err}
	}
	return err
}

// total adds up the applications.
func (s *summary) total() extract.Report {
	var t extract.Report
	for _, r := range s.Apps {
		t.Listed += r.Listed
		t.Held += r.Held
		t.Archived += r.Archived
		t.Provisional += r.Provisional
		t.Waiting += r.Waiting
		t.Sessions += r.Sessions
		t.Users += r.Users
		t.Samples += r.Samples
		t.NullSamples += r.NullSamples
		t.Events += r.Events
		t.Unusual += r.Unusual
		t.Incomplete += r.Incomplete
		t.Repeated += r.Repeated
		t.Days += r.Days
		t.Lost += r.Lost
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
		_ = c.screen().JSON(s) // what was done is done
	case !c.quiet:
		writeSummary(c.stdout, s)
	}
	for _, r := range s.Apps {
		for _, note := range r.Notes {
			fmt.Fprintln(c.stderr, "callvault:", note)
		}
	}
	for _, r := range s.Refused {
		fmt.Fprintln(c.stderr, "callvault: not archived:", r.Reason)
	}
	for _, line := range failureLines(s.Apps) {
		fmt.Fprintln(c.stderr, "callvault: not archived:", line)
	}
}

const (
	// mostNamed bounds the lines about what could not be archived; --json has all.
	mostNamed = 100

	// mostAlike is how many calls are named that lack something for the same cause.
	mostAlike = 3
)

// cause is what failures have in common that are told together.
type cause struct {
	app    call.AppID
	call   bool
	what   string
	reason string
}

// failureLines names what could not be archived: calls first, and of what failed
// for the same cause the first.
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

// lines tells failures of one cause.
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

// kindOf is what a failure is about, without which one of its kind.
func kindOf(what string) string {
	kind, _, _ := strings.Cut(what, " of ")
	kind, _, _ = strings.Cut(kind, " between ")
	return kind
}

// log tells what the pass brought and missed.
func (s *summary) log(log *slog.Logger) {
	for _, r := range s.Refused {
		log.Error("not archived", "reason", r.Reason)
	}
	t := s.total()
	for _, f := range t.Failures {
		log.Error("not archived", "call", f.CommID, "room", f.RoomID, "what", f.What, "reason", f.Reason)
	}
	for _, r := range s.Apps {
		for _, note := range r.Notes {
			log.Warn("note", "app", r.App, "note", note)
		}
	}
	log.Info("pass ended", "calls", t.Archived, "held", t.Held, "provisional", t.Provisional, "waiting", t.Waiting, "users", t.Users,
		"samples", t.Samples, "failures", t.FailureCount, "lost", t.Lost, "requests", s.Counts.Total())
}

func writeSummary(w io.Writer, s *summary) {
	t := s.total()
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	calls := fmt.Sprintf("%s archived of %s in the window", words.Comma(t.Archived), words.Comma(t.Listed))
	if t.Held > 0 {
		calls += fmt.Sprintf(", %s held already", words.Comma(t.Held))
	}
	if n := t.Provisional - t.Waiting - t.Incomplete; n > 0 {
		calls += fmt.Sprintf(", %s running or just ended: to be completed by a later pass", words.Comma(n))
	}
	if t.Waiting > 0 {
		calls += fmt.Sprintf(", %s waiting for data that the vendor has not sent", words.Comma(t.Waiting))
	}
	if t.Incomplete > 0 {
		calls += fmt.Sprintf(", %s without what is set aside", words.Comma(t.Incomplete))
	}
	line("calls", "%s", calls)
	line("users", "%s in %s sessions", words.Comma(t.Users), words.Comma(t.Sessions))
	line("samples", "%s", words.Comma(t.Samples))
	line("events", "%s of users, %s unusual; %d days of scale", words.Comma(t.Events), words.Comma(t.Unusual), t.Days)
	line("requests", "%s in all, %s received", words.Comma(s.Counts.Total()), humanize.IBytes(uint64(s.Counts.Bytes)))
	for _, action := range slices.Sorted(maps.Keys(s.Counts.Requests)) {
		fmt.Fprintf(w, "  %-11s   %-24s %s\n", "", action, words.Comma(s.Counts.Requests[action]))
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

func counted(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s × %s", words.Comma(m[k]), k))
	}
	return strings.Join(parts, ", ")
}

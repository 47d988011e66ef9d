package archive

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/runs"
)

// ErrPartial is returned when a pass ended and could not archive everything. The report
// names what is missing.
const ErrPartial = runs.Incomplete("some of the data could not be archived")

// Report is the report of one run: a Report for each application, and the requests of the
// accounts.
type Report struct {
	mu      sync.Mutex
	RunID   string
	Started time.Time
	Ended   time.Time
	Apps    []extract.Report
	Refused []refusal `json:",omitempty"`
	Counts  ask.Counts

	Run runs.Run `json:"-"` // the entry in the history, when the run has ended
}

// busy is the share of requests refused for quota from which on the report gives advice.
const busy = 1.0 / 3

// Advice says what to do if much of a run exceeded the vendor's quota, otherwise "".
func (r *Report) Advice() string {
	const code = "RequestLimitExceeded"
	n := 0
	for of, count := range r.Counts.Errors {
		if strings.HasPrefix(of, code) {
			n += count
		}
	}
	total := r.Counts.Total()
	if n < 30 || float64(n) < busy*float64(total) {
		return ""
	}
	return fmt.Sprintf("%d of %d requests exceeded the vendor's quota (%s); %s", n, total, code, trtc.NewError("", code, "", "").Hint())
}

// refusal is an account or an application that the vendor does not serve.
type refusal struct {
	App    call.AppID `json:",omitempty"` // 0: the account
	Reason string
	err    error
}

// refuse notes that the vendor does not serve an application, or an account.
func (s *Report) refuse(app call.AppID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Refused = append(s.Refused, refusal{app, err.Error(), err})
}

// allRefused returns why nothing could be asked, or nil if something could.
func (s *Report) allRefused() error {
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

func (s *Report) add(r extract.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Apps = append(s.Apps, r)
	slices.SortFunc(s.Apps, func(a, b extract.Report) int { return int(int64(a.App) - int64(b.App)) })
}

// Reached returns the progress of the pass, in calls whose archive is final.
func (s *Report) Reached() int {
	if !s.Begun() {
		return NotStarted
	}
	t := s.Total()
	return t.Held + t.Archived - t.Provisional
}

// Begun reports whether the pass began to ask for calls.
func (s *Report) Begun() bool { return len(s.Apps) > 0 }

// describe fills in the history of the run. counts has the requests so far.
func (s *Report) describe(r *runs.Run, counts ask.Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.Total()
	r.Counts = runs.Counts{
		Calls: uint64(t.Archived), Provisional: uint64(t.Provisional), Failed: uint64(t.FailureCount + len(s.Refused)), Lost: uint64(t.Lost),
		Users: uint64(t.Users), Samples: uint64(t.Samples), Events: uint64(t.Events),
	}
	r.Complete = nil
	for _, a := range s.Apps {
		if a.FailureCount == 0 && !s.refuses(a.App) {
			r.Complete = append(r.Complete, a.App)
		}
	}
	r.Requests, r.Errors, r.Bytes = runs.UintsOf(counts.Requests), runs.UintsOf(counts.Errors), uint64(counts.Bytes)
}

// refuses reports whether the vendor does not serve an application. The caller holds mu.
func (s *Report) refuses(app call.AppID) bool {
	return slices.ContainsFunc(s.Refused, func(r refusal) bool { return r.App == app })
}

// Err returns ErrPartial if something could not be archived.
func (s *Report) Err() error {
	n := s.Total().FailureCount + len(s.Refused)
	if n == 0 {
		return nil
	}
	err := fmt.Errorf("%w (%d, see the report); the next pass tries again", ErrPartial, n)
	if i := slices.IndexFunc(s.Refused, func(r refusal) bool { return Passing(r.err) }); i >= 0 {
		return leftError{err, s.Refused[i].err}
	}
	return err
}

// Total adds up the applications.
func (s *Report) Total() extract.Report {
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
		t.Statistics += r.Statistics
		t.Completed += r.Completed
		t.Lost += r.Lost
		t.Failures = append(t.Failures, r.Failures...)
		t.FailureCount += r.FailureCount
	}
	return t
}

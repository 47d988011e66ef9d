package extract

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
)

// Report is what a pass did.
type Report struct {
	App      call.AppID
	Started  time.Time
	Ended    time.Time
	Listed   int // calls in the window
	Held     int // of these, calls that the archive had already
	Archived int // calls archived, provisional ones included
	// Provisional calls are running or have just ended: a later pass asks again.
	Provisional int
	Waiting     int // of these, calls for which the vendor answers null where data is due
	Sessions    int
	Users       int // users, summed over the calls
	Samples     int
	NullSamples int // points without a value
	Events      int
	Incomplete  int // calls that lack something and are archived without it; they count as failures, too
	Repeated    int // rows that came twice in one answer and are kept once
	Unusual     int // rows of unusual events
	Days        int // days of daily scale
	Statistics  int // numbers of the vendor's statistics; of usage by room, lines
	Completed   int // archived calls to which events were added that had not been asked for
	// Lacking names the statistics that the account does not have: relation and statement.
	Lacking  []string
	Unlisted bool // a part of the room list failed; it counts as a failure, too
	// Notes are remarks for the user about a pass that lacks nothing because of them.
	Notes        []string
	Lost         int // units and parts that the vendor dropped before they were archived; they count as failures, too
	Failures     []Failure
	FailureCount int // all failures; Failures has the first of them
}

// Failure names data that could not be archived.
type Failure struct {
	CommID string `json:",omitempty"`
	RoomID string `json:",omitempty"`
	What   string
	Reason string
	Cause  string `json:"-"` // the same for failures of one cause; "": Reason
}

func (f Failure) String() string {
	if f.CommID != "" {
		return fmt.Sprintf("call %s (room %q): %s", f.CommID, f.RoomID, f.Reason)
	}
	return fmt.Sprintf("%s: %s", f.What, f.Reason)
}

// mostFailures bounds the failures in a report.
const mostFailures = 1000

// report is a Report that many goroutines write to.
type report struct {
	mu sync.Mutex
	r  Report

	waiting, acceptedNull []string // CommIDs
}

func newReport(app call.AppID, now time.Time) *report {
	return &report{r: Report{App: app, Started: now}}
}

func (r *report) with(change func(*Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.r)
}

func (r *report) listed(n int)      { r.with(func(r *Report) { r.Listed += n }) }
func (r *report) alreadyHeld(n int) { r.with(func(r *Report) { r.Held += n }) }
func (r *report) unusual(n int)     { r.with(func(r *Report) { r.Unusual += n }) }
func (r *report) day()              { r.with(func(r *Report) { r.Days++ }) }

func (r *report) failed(f Failure) {
	r.with(func(r *Report) {
		r.FailureCount++
		if len(r.Failures) < mostFailures {
			r.Failures = append(r.Failures, f)
		}
	})
}

// incomplete notes a call that lacks something.
func (r *report) incomplete(f Failure) {
	r.failed(f)
	r.with(func(r *Report) { r.Incomplete++ })
}

// repeated notes rows that came twice in one answer.
func (r *report) repeated(n int) {
	if n > 0 {
		r.with(func(r *Report) { r.Repeated += n })
	}
}

// unlisted notes a part of the room list that failed.
func (r *report) unlisted(f Failure) {
	r.failed(f)
	r.with(func(r *Report) { r.Unlisted = true })
}

func (r *report) note(text string) { r.with(func(r *Report) { r.Notes = append(r.Notes, text) }) }

// lacksStatement notes a statement that the account does not have.
func (r *report) lacksStatement(s call.Statement) {
	r.with(func(x *Report) {
		x.Lacking = append(x.Lacking, s.Kind.Relation()+" "+s.Name)
		slices.Sort(x.Lacking)
	})
}

// waits notes a call that has null where data is due.
func (r *report) waits(commID string) {
	r.with(func(x *Report) { x.Waiting++; r.waiting = append(r.waiting, commID) })
}

// nullAccepted notes a call for which null counts as an answer.
func (r *report) nullAccepted(commID string) {
	r.with(func(*Report) { r.acceptedNull = append(r.acceptedNull, commID) })
}

// callNote returns a remark about several calls that names the first of them.
func callNote(commIDs []string, one, many string) string {
	const most = 3
	slices.Sort(commIDs)
	what, rest := "call "+one, ""
	if n := len(commIDs); n > 1 {
		what = fmt.Sprintf("%d calls %s", n, many)
	}
	if n := len(commIDs) - most; n > 0 {
		rest = fmt.Sprintf(" and %d more", n)
	}
	return what + ": " + strings.Join(commIDs[:min(most, len(commIDs))], ", ") + rest
}

// lost notes data that is lost.
func (r *report) lost(f Failure) {
	r.failed(f)
	r.with(func(r *Report) { r.Lost++ })
}

func (r *report) archivedCall(n callCounts) {
	r.with(func(r *Report) {
		r.Archived++
		if n.provisional {
			r.Provisional++
		}
		r.Sessions += n.sessions
		r.Users += n.users
		r.Samples += n.samples
		r.NullSamples += n.nulls
		r.Events += n.events
	})
}

func (r *report) snapshot(now time.Time) Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.r
	out.Ended = now
	out.Notes, out.Lacking = slices.Clone(out.Notes), slices.Clone(out.Lacking)
	if len(r.waiting) > 0 {
		const what = "for data that the vendor has not sent, null where it is due; the next passes ask again"
		out.Notes = append(out.Notes, callNote(r.waiting, "waits "+what, "wait "+what))
	}
	if len(r.acceptedNull) > 0 {
		what := fmt.Sprintf("archived with the data that came: null where data is due, in more than %d passes, is accepted as an answer", decide.AcceptNullAfter)
		out.Notes = append(out.Notes, callNote(r.acceptedNull, "is "+what, "are "+what))
	}
	return out
}

// unavailable reports whether the account does not have an action at all.
func unavailable(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && (e.Kind == trtc.Unavailable || e.Kind == trtc.WrongRegion)
}

func notServed(relation string, err error) Failure {
	hint, without := trtc.Hint(err), "CALLVAULT_SKIP="+relation
	if hint != "" {
		hint += ", or "
	}
	if relation == "user_events" {
		without = "CALLVAULT_USER_EVENTS=off"
	}
	return Failure{What: relation, Reason: fmt.Sprintf("not served to this account: %v; %sset %s to leave it out", err, hint, without)}
}

package schedules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Run is one run of an entry.
type Run struct {
	Entry
	Due    time.Time // when it was to begin
	Missed bool      // it was due while nobody was there to begin it
	Retry  int       // how often the run has failed before and is tried again
	ID     string    // Options.ID's
}

// Job is the work behind entries. Its context ends when the Runner is to stop,
// and at the entry's deadline.
type Job func(context.Context, Run) error

// ErrDeadline is the cause of a run's end at its deadline.
var ErrDeadline = errors.New("the run took longer than its deadline")

// Options of a Runner. Jobs must be set.
type Options struct {
	Jobs map[string]Job
	// Last is when the last run of an entry began that need not be caught up;
	// zero: it has never run. An error counts as that.
	Last func(context.Context, Entry) (time.Time, error)
	// Ended is told of each run that has ended, but for those that ended
	// because the Runner was stopped, or were to be tried again when it was:
	// these are caught up at the next start. A run that is tried again has not
	// ended. It is called by one goroutine at a time.
	Ended func(Ended)
	// Again says whether a run that failed so is to be tried again before the
	// next one is due; optional: none is.
	Again func(Run, error) bool
	// Random is a duration below the one given (math/rand's).
	Random func(time.Duration) time.Duration
	// ID names a run that begins, for the log and for the job; optional.
	ID  func() string
	Log *slog.Logger
}

// Ended is a run that has ended.
type Ended struct {
	Run
	Began, At time.Time
	Err       error
}

// Status is what a Runner has done with an entry since it began, and will.
type Status struct {
	Entry
	Running   bool
	Began     time.Time // of the last run; zero: none
	Err       error     // of the last run that ended
	Next      time.Time // zero: never
	Again     time.Time // when the last run, which failed, is tried again; zero: it is not
	Runs      int       // that have ended
	Failed    int       // of these
	CaughtUp  int       // runs that were missed
	Retried   int       // runs that were made because the one before failed
	Skipped   int       // runs that were due while the last one went on
	Cancelled int       // runs that took longer than the deadline; they have failed, too

	begun int // runs that were begun
}

// Runner runs entries.
type Runner struct {
	opt   Options
	turns map[string]chan struct{} // by job: held by the run under way
	runs  sync.WaitGroup

	telling sync.Mutex

	mu  sync.Mutex
	all []*Status
}

// New makes a Runner. Each entry that is not off must have its job.
func New(entries []Entry, o Options) (*Runner, error) {
	if o.Random == nil {
		o.Random = func(d time.Duration) time.Duration { return rand.N(d) }
	}
	if o.ID == nil {
		o.ID = func() string { return "" }
	}
	r := &Runner{opt: o, turns: map[string]chan struct{}{}}
	for _, e := range entries {
		if e.Off {
			continue
		}
		if o.Jobs[e.Job] == nil {
			return nil, fmt.Errorf("schedule %s.cron: there is no job %q", e.Name, e.Job)
		}
		r.turns[e.Job] = make(chan struct{}, 1)
		r.all = append(r.all, &Status{Entry: e})
	}
	return r, nil
}

// both are the ends of a Runner: no more runs, and not even those under way.
type both struct{ soft, hard context.Context }

// Status tells of each entry that is not off, in the order given to New.
func (r *Runner) Status() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Status, len(r.all))
	for i, s := range r.all {
		out[i] = *s
	}
	return out
}

// Run runs the entries at their times until ctx ends, which ends the runs under
// way, too, and returns when these have ended. It is called once.
func (r *Runner) Run(ctx context.Context) { r.Follow(ctx, ctx) }

// Follow is Run that begins no more runs when soft ends, and ends those under
// way only when hard does. hard must not end before soft.
func (r *Runner) Follow(soft, hard context.Context) {
	var entries sync.WaitGroup
	for _, s := range r.all {
		entries.Go(func() { r.follow(both{soft, hard}, s) })
	}
	entries.Wait()
	r.runs.Wait()
}

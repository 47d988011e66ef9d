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
	Due    time.Time
	Missed bool   // it was due while the process was down or the machine slept
	Retry  int    // 0, or the number of the retry
	ID     string // from Options.ID
}

// Job does the work of entries. Its context ends when the Runner stops, and at the
// entry's deadline.
type Job func(context.Context, Run) error

// ErrDeadline is returned when a run is cancelled at its deadline.
var ErrDeadline = errors.New("the run took longer than its deadline")

// ErrSkipped is returned by a Job that had nothing to do. Its run neither failed nor
// was done.
var ErrSkipped = errors.New("skipped")

// Options of a Runner. Jobs must be set.
type Options struct {
	Jobs map[string]Job
	// Last returns when the last completed run of an entry began; zero: it has never
	// run. An error counts as zero. If Last is nil, no run counts as missed.
	Last func(context.Context, Entry) (time.Time, error)
	// Ended is called after each run, and after the last retry if there are retries. It
	// is not called for a run that the stop of the Runner interrupts or keeps from its
	// retry: the next start catches it up. Calls do not overlap. It may be nil.
	Ended func(Ended)
	// Retryable reports whether to retry a run that failed with this error. If it is nil,
	// there are no retries.
	Retryable func(Run, error) bool
	// Random returns a random duration below the one given (math/rand).
	Random func(time.Duration) time.Duration
	// ID returns an id for a new run. It may be nil.
	ID  func() string
	Log *slog.Logger
}

// Ended is a run that has ended.
type Ended struct {
	Run
	Began, At time.Time
	Err       error
	skipped   bool // it had nothing to do
}

// Status is the status of an entry, with counts since the start of the Runner.
type Status struct {
	Entry
	Running   bool
	Began     time.Time // of the last run; zero: none
	Err       error     // of the last run that ended
	Next      time.Time // zero: never
	RetryAt   time.Time // of the next retry; zero: none
	Runs      int       // ended, retries included
	Failed    int
	CaughtUp  int // missed and caught up
	Retried   int // retries
	Skipped   int // due while the last run was still running
	Cancelled int // cancelled at the deadline; these count as failed, too

	begun int
}

// Runner runs entries.
type Runner struct {
	opt   Options
	turns map[string]chan struct{} // by job; full while it runs
	runs  sync.WaitGroup

	telling sync.Mutex

	mu  sync.Mutex
	all []*Status
}

// New makes a Runner. The job of each entry that is not off must exist.
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

// stops are the two stops of a Runner: after soft no run begins, after hard no run goes on.
type stops struct{ soft, hard context.Context }

// Status returns the status of each entry that is not off, in the order given to New.
func (r *Runner) Status() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Status, len(r.all))
	for i, s := range r.all {
		out[i] = *s
	}
	return out
}

// Run runs the entries at their times. When ctx ends, it cancels the current runs and
// returns after they have ended. Call it once.
func (r *Runner) Run(ctx context.Context) { r.Follow(ctx, ctx) }

// Follow is Run with two stops: no run begins after soft ends, and the current runs
// are cancelled when hard ends. hard must not end before soft.
func (r *Runner) Follow(soft, hard context.Context) {
	var entries sync.WaitGroup
	for _, s := range r.all {
		entries.Go(func() { r.follow(stops{soft, hard}, s) })
	}
	entries.Wait()
	r.runs.Wait()
}

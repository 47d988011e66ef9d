// Package runs has what every run needs: its history in the archive, its trace, and the
// lease under which it writes.
package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/callvault/callvault/internal/span"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/store"
)

// Record writes the rows of one run to archive_runs. If the last row cannot be written,
// Record calls Warn, unless the run has failed itself. Such an error never stops the run.
type Record struct {
	store  *store.Store
	alive  time.Duration // how long a run without a new row counts as running
	warn   func(error)
	traces Traces
	// Prepare is called before the first row and makes sure that the row can be written.
	// Its error ends the run, which then has no row.
	Prepare func(context.Context) error
	Fill    func(*Run) // sets the counts of the run so far
	Last    func(*Run) // sets the counts of the run at its end

	// Late delays the first row until the run writes something else (Writes) or lasts
	// longer than lateBy. So a run that finds nothing to do costs one row.
	Late bool

	Run     Run
	mu      sync.Mutex // excludes Writes and beat
	step    int
	unnoted error // why the latest row could not be written
	once    sync.Once
	begun   chan struct{} // closed when the first row is written
}

// lateBy is the longest delay of the first row of a Late run.
const lateBy = 5 * time.Second

// silences is the number of renewals of the lease without a new row after which a run
// counts as dead.
const silences = 3

// Origin is what starts a run.
type Origin struct {
	ID       string      // of the run; "": Record makes one
	Schedule string      // that starts the run; "": none does
	Version  string      // of the program
	Warn     func(error) // optional: called with errors of the history and the trace
}

// New returns the Record of a run. lease is the length of its lease. The caller may set
// more fields before Do.
func New(store *store.Store, command string, o Origin, lease time.Duration, traces Traces) *Record {
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	return &Record{
		store: store, alive: silences * lease, warn: o.Warn, traces: traces,
		begun:   make(chan struct{}),
		Prepare: func(context.Context) error { return nil }, Fill: func(*Run) {}, Last: func(*Run) {},
		Run: Run{
			ID: cmp.Or(o.ID, uuid.NewString()), Command: command, Schedule: o.Schedule, Outcome: Running,
			Started: time.Now().UTC(), Version: o.Version, Host: hostName(),
		},
	}
}

// Do makes the run. It writes a row before work, one now and then while work lasts, and one
// after it. It returns work's error. The whole run is one trace if traces are on.
func (h *Record) Do(ctx context.Context, work func(context.Context) error) (err error) {
	ctx, end := h.beginTrace(ctx)
	defer func() { end(err) }()
	if err := span.Do(ctx, "prepare", h.Prepare); err != nil {
		h.close(ctx, err)
		return err
	}
	if !h.Late {
		h.note(ctx)
	}
	over := make(chan struct{})
	var beats sync.WaitGroup
	beats.Go(func() { h.beat(ctx, over) })
	err = work(ctx)
	close(over)
	beats.Wait()
	h.end(ctx, err)
	if h.unnoted != nil && h.Run.Outcome != Failed {
		h.warn(fmt.Errorf("the run's history is not kept: %w", h.unnoted))
	}
	return err
}

// Writes writes the first row of a Late run if it is not written yet. The run calls it
// before it writes anything else. It may be called more than once, from many goroutines.
func (h *Record) Writes(ctx context.Context) {
	h.once.Do(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.note(ctx)
		close(h.begun)
	})
}

// beat writes a row now and then while the run lasts.
func (h *Record) beat(ctx context.Context, over <-chan struct{}) {
	if h.Late {
		select {
		case <-time.After(lateBy):
			h.Writes(ctx)
		case <-h.begun:
		case <-over:
			return
		}
	}
	tick := time.NewTicker(h.alive / silences)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.mu.Lock()
			h.Fill(&h.Run)
			h.note(ctx)
			h.mu.Unlock()
		case <-over:
			return
		}
	}
}

// end writes how the run ended, even if ctx has ended.
func (h *Record) end(ctx context.Context, err error) {
	h.Fill(&h.Run)
	h.Last(&h.Run)
	h.close(ctx, err)
	h.note(context.WithoutCancel(ctx))
}

// close sets how the run ended.
func (h *Record) close(ctx context.Context, err error) {
	h.Run.Ended = time.Now().UTC()
	h.Run.Outcome, h.Run.Reason = outcomeOf(ctx, err), words.OneLine(err)
	if h.Run.Outcome != Done && h.Run.Outcome != Partial {
		h.Run.Complete = nil
	}
}

// noteWithin bounds the writing of one row.
const noteWithin = 10 * time.Second

func (h *Record) note(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	h.unnoted = HistoryOf(h.store).Note(ctx, h.Run, h.step, h.alive)
	if errors.Is(h.unnoted, context.Canceled) {
		h.unnoted = nil
	}
	h.step++
}

// Incomplete is the error of a run that completed and found, or left, something that is not
// as it should be. The run has already reported what that is.
type Incomplete string

func (e Incomplete) Error() string { return string(e) }

// outcomeOf returns how a run with this error ended.
func outcomeOf(ctx context.Context, err error) Outcome {
	_, incomplete := errors.AsType[Incomplete](err)
	switch {
	case err == nil:
		return Done
	case errors.Is(err, lease.ErrHeld):
		return Busy
	case incomplete:
		return Partial
	case ctx.Err() != nil:
		return Interrupted
	}
	return Failed
}

// UintsOf converts counts to the form of the history.
func UintsOf(counts map[string]int) map[string]uint64 {
	out := make(map[string]uint64, len(counts))
	for k, n := range counts {
		out[k] = uint64(n)
	}
	return out
}

// hostName returns a name of this machine and process for people.
func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d", host, os.Getpid())
}

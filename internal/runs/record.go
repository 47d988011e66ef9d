// Package runs has what every run has, whatever it does: its history in the archive,
// its trace, and the lease that it writes under.
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

// Record writes the rows of one run to archive_runs. What keeps it from writing
// the last one is told to warn, unless the run has failed itself, and does not
// keep the run from anything.
type Record struct {
	store  *store.Store
	alive  time.Duration // how long a run that is silent counts as running
	warn   func(error)
	traced bool
	// prepare, before the first row, makes sure that there can be one. What it
	// fails with ends the run, of which there is no row then.
	Prepare func(context.Context) error
	Fill    func(*Run) // counts what the run has done so far
	Last    func(*Run) // counts what it has done in the end

	// Late writes the first row only when the run writes something else (Writes), or
	// has gone on for some seconds: a run that finds nothing to do costs one row.
	Late bool

	Run     Run
	mu      sync.Mutex // excludes Writes and beat
	step    int
	unnoted error // why the latest row could not be written
	once    sync.Once
	begun   chan struct{} // closed when the first row is written
}

// lateBy is how long a Late run is not noted.
const lateBy = 5 * time.Second

// silences is how many renewals of the lease a run may be silent for.
const silences = 3

// Origin is who begins a run.
type Origin struct {
	ID       string      // of the run; "": a new one
	Schedule string      // that begins it; "": none does
	Version  string      // of the program
	Warn     func(error) // optional: told of what the run could not tell of itself
}

// New begins the history of a run that renews its lease so often. Who makes
// the run may fill in more of it before record.
func New(store *store.Store, command string, o Origin, lease time.Duration, traced bool) *Record {
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	return &Record{
		store: store, alive: silences * lease, warn: o.Warn, traced: traced,
		begun:   make(chan struct{}),
		Prepare: func(context.Context) error { return nil }, Fill: func(*Run) {}, Last: func(*Run) {},
		Run: Run{
			ID: cmp.Or(o.ID, uuid.NewString()), Command: command, Schedule: o.Schedule, Outcome: Running,
			Started: time.Now().UTC(), Version: o.Version, Host: hostName(),
		},
	}
}

// Do makes the run: a row before work, one now and then while it goes on,
// one after it. It returns work's error. All of it is one trace, if the settings
// want any.
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

// Writes writes the first row of a Late run, unless that is done. The run calls it before
// it writes anything else. It may be called more than once, from many goroutines.
func (h *Record) Writes(ctx context.Context) {
	h.once.Do(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.note(ctx)
		close(h.begun)
	})
}

// beat notes that the run goes on.
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

// end notes how the run ended, also when ctx has.
func (h *Record) end(ctx context.Context, err error) {
	h.Fill(&h.Run)
	h.Last(&h.Run)
	h.close(ctx, err)
	h.note(context.WithoutCancel(ctx))
}

// close says how the run ended.
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

// Incomplete is what a run ends with that went to its end and found, or left, less
// than everything as it should be. What that is has been told.
type Incomplete string

func (e Incomplete) Error() string { return string(e) }

// outcomeOf returns how a run that returned err ended.
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

// UintsOf returns counts as the history has them.
func UintsOf(counts map[string]int) map[string]uint64 {
	out := make(map[string]uint64, len(counts))
	for k, n := range counts {
		out[k] = uint64(n)
	}
	return out
}

// hostName names this machine and process to people.
func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d", host, os.Getpid())
}

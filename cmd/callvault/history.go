package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/span"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load"
)

// history writes the rows of one run to archive_runs. What keeps it from writing
// the last one is told to warn, unless the run has failed itself, and does not
// keep the run from anything.
type history struct {
	store *load.Store
	alive time.Duration // how long a run that is silent counts as running
	warn  func(error)
	trace config.Traces
	// prepare, before the first row, makes sure that there can be one. What it
	// fails with ends the run, of which there is no row then.
	prepare func(context.Context) error
	fill    func(*load.Run) // counts what the run has done so far
	last    func(*load.Run) // counts what it has done in the end

	run     load.Run
	step    int
	unnoted error // why the latest row could not be written
}

// silences is how many renewals of the lease a run may be silent for.
const silences = 3

// newHistory begins the history of a run. Who makes the run may fill in more of
// it before record.
func newHistory(store *load.Store, cfg *config.Config, command string) *history {
	return &history{
		store: store, alive: silences * time.Duration(cfg.Lease), warn: func(error) {}, trace: cfg.Traces,
		prepare: func(context.Context) error { return nil }, fill: func(*load.Run) {}, last: func(*load.Run) {},
		run: load.Run{ID: uuid.NewString(), Command: command, Outcome: load.Running, Started: time.Now().UTC(), Version: version, Host: hostName()},
	}
}

// record makes the run: a row before work, one now and then while it goes on,
// one after it. It returns work's error. All of it is one trace, if the settings
// want any.
func (h *history) record(ctx context.Context, work func(context.Context) error) (err error) {
	ctx, end := h.traced(ctx)
	defer func() { end(err) }()
	if err := span.Do(ctx, "prepare", h.prepare); err != nil {
		h.close(ctx, err)
		return err
	}
	h.note(ctx)
	over := make(chan struct{})
	var beats sync.WaitGroup
	beats.Go(func() { h.beat(ctx, over) })
	err = work(ctx)
	close(over)
	beats.Wait()
	h.end(ctx, err)
	if h.unnoted != nil && h.run.Outcome != load.Failed {
		h.warn(fmt.Errorf("the run's history is not kept: %w", h.unnoted))
	}
	return err
}

// beat notes that the run goes on.
func (h *history) beat(ctx context.Context, over <-chan struct{}) {
	tick := time.NewTicker(h.alive / silences)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.fill(&h.run)
			h.note(ctx)
		case <-over:
			return
		}
	}
}

// end notes how the run ended, also when ctx has.
func (h *history) end(ctx context.Context, err error) {
	h.fill(&h.run)
	h.last(&h.run)
	h.close(ctx, err)
	h.note(context.WithoutCancel(ctx))
}

// close says how the run ended.
func (h *history) close(ctx context.Context, err error) {
	h.run.Ended = time.Now().UTC()
	h.run.Outcome, h.run.Reason = outcomeOf(ctx, err), words.OneLine(err)
	if h.run.Outcome != load.Done && h.run.Outcome != load.Partial {
		h.run.Complete = nil
	}
}

// noteWithin bounds the writing of one row.
const noteWithin = 10 * time.Second

func (h *history) note(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	h.unnoted = h.store.NoteRun(ctx, h.run, h.step, h.alive)
	if errors.Is(h.unnoted, context.Canceled) {
		h.unnoted = nil
	}
	h.step++
}

// outcomeOf is how a run that returned err ended.
func outcomeOf(ctx context.Context, err error) load.Outcome {
	if err == nil {
		return load.Done
	}
	switch exitCode(ctx, err) {
	case exitPartial:
		return load.Partial
	case exitBusy:
		return load.Busy
	case exitInterrupted:
		return load.Interrupted
	}
	return load.Failed
}

// uintsOf are counts as the history has them.
func uintsOf(counts map[string]int) map[string]uint64 {
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

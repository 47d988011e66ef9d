package schedules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// late is how late a run may begin, besides its jitter, before it counts as missed. A
// busy machine is less late, a machine that slept is later.
const late = time.Minute

// look is how often a waiting entry checks the clock. A timer alone would not notice
// that the machine slept or that its clock was set.
const look = 20 * time.Second

// follow begins the runs of one entry at their times.
func (r *Runner) follow(until stops, s *Status) {
	if due, missed := r.missed(until.soft, s.Entry); missed {
		r.begin(until, s, Run{Entry: s.Entry, Due: due, Missed: true})
	}
	due := s.Entry.Next(wall())
	for !due.IsZero() {
		r.with(func() { s.Next = due })
		delay := r.delay(s.Entry)
		if !waitUntil(until.soft, due.Add(delay)) {
			return
		}
		now := wall()
		r.begin(until, s, Run{Entry: s.Entry, Due: due, Missed: now.Sub(due) > delay+late})
		due = s.Entry.Next(later(due, now))
	}
}

// missed reports whether a run was due since the last one, and when the first such
// run was due.
func (r *Runner) missed(ctx context.Context, e Entry) (due time.Time, missed bool) {
	if r.opt.Last == nil {
		return time.Time{}, false
	}
	last, err := r.opt.Last(ctx, e)
	if ctx.Err() != nil { // begin no more runs
		return time.Time{}, false
	}
	if err != nil {
		r.opt.Log.Error("cannot find the last run; the schedule runs now", "schedule", e.Name, "err", err)
	}
	now := wall()
	if err != nil || last.IsZero() {
		return now, true
	}
	due = e.Next(last)
	return due, !due.IsZero() && !due.After(now)
}

func (r *Runner) delay(e Entry) time.Duration {
	if e.Jitter == 0 {
		return 0
	}
	return r.opt.Random(e.Jitter)
}

// wall is the time on the clock, without the monotonic reading, which differs after
// the clock was set.
func wall() time.Time { return time.Now().Round(0) }

// waitUntil waits until t. It returns false if ctx ends first.
func waitUntil(ctx context.Context, t time.Time) bool {
	for ctx.Err() == nil {
		left := t.Sub(wall())
		if left <= 0 {
			return true
		}
		select {
		case <-time.After(min(left, look)):
		case <-ctx.Done():
		}
	}
	return false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// begin begins a run unless the entry's last run is still running.
func (r *Runner) begin(until stops, s *Status, run Run) {
	skip := false
	r.with(func() {
		if skip = s.Running; skip {
			s.Skipped++
			return
		}
		s.begins()
		if run.Missed {
			s.CaughtUp++
		}
	})
	if skip {
		r.opt.Log.Warn("run skipped: the last run is still running", "schedule", run.Name, "job", run.Job)
		return
	}
	r.runs.Go(func() {
		for more := true; more; {
			run.ID = r.opt.ID()
			e, began := r.inTurn(until, run)
			stopping := !began || until.hard.Err() != nil
			var again time.Time
			if !stopping {
				again = r.retryAt(e)
			}
			begun := r.end(until, s, e, again, stopping)
			more = !again.IsZero() && r.retry(until, s, begun, again)
			run.Retry++
		}
	})
}

// begins notes that a run begins. The caller holds Runner.mu.
func (s *Status) begins() {
	s.Running, s.Began, s.RetryAt = true, wall(), time.Time{}
	s.begun++
}

// pauses are the pauses before the retries of a failed run. Each is up to a tenth
// longer at random: about an hour in all.
var pauses = []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute}

// retryAt is the time at which to retry a run, zero if there is no retry. There is none
// if the next run is due by then.
func (r *Runner) retryAt(e Ended) time.Time {
	if e.Err == nil || r.opt.Retryable == nil || e.Retry >= len(pauses) || errors.Is(e.Err, ErrDeadline) || !r.opt.Retryable(e.Run, e.Err) {
		return time.Time{}
	}
	pause := pauses[e.Retry]
	at := wall().Add(pause + r.opt.Random(pause/10))
	if due := e.Next(wall()); !due.IsZero() && !due.After(at) {
		return time.Time{}
	}
	return at
}

// retry waits until the time of a retry and notes that it begins. It returns false if
// no more runs begin, or if another run of the entry has begun since: then there have
// been more than begun.
func (r *Runner) retry(until stops, s *Status, begun int, at time.Time) (begins bool) {
	waited := waitUntil(until.soft, at)
	r.with(func() {
		if s.begun != begun {
			return
		}
		s.RetryAt = time.Time{}
		if begins = waited; begins {
			s.begins()
			s.Retried++
		}
	})
	return begins
}

// inTurn runs the job once no other entry runs it. It reports whether the run began.
func (r *Runner) inTurn(until stops, run Run) (out Ended, began bool) {
	out = Ended{Run: run, Began: wall()}
	select {
	case r.turns[run.Job] <- struct{}{}:
		defer func() { <-r.turns[run.Job] }()
	case <-until.soft.Done():
		out.At, out.Err = wall(), context.Cause(until.soft)
		return out, false
	}
	ctx := until.hard
	if run.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, run.Deadline, ErrDeadline)
		defer cancel()
	}
	log := r.log(run)
	if run.Retry > 0 {
		log = log.With("retry", run.Retry)
	}
	log.Info("run begins", "due", run.Due.UTC(), "missed", run.Missed)
	out.Err = r.opt.Jobs[run.Job](ctx, run)
	if out.Err != nil && errors.Is(context.Cause(ctx), ErrDeadline) && !errors.Is(out.Err, ErrDeadline) {
		out.Err = fmt.Errorf("%w: %w", ErrDeadline, out.Err)
	}
	if out.skipped = errors.Is(out.Err, ErrSkipped); out.skipped {
		log.Warn("run skipped", "reason", out.Err)
		out.Err = nil
	}
	out.At = wall()
	return out, true
}

func (r *Runner) log(run Run) *slog.Logger {
	log := r.opt.Log.With("schedule", run.Name, "job", run.Job)
	if run.ID != "" {
		log = log.With("run_id", run.ID)
	}
	return log
}

// end notes the result of a run. A run that failed while the Runner was stopping was
// interrupted. again is the time of the retry, zero if there is none. end returns the
// number of runs of the entry that have begun.
func (r *Runner) end(until stops, s *Status, e Ended, again time.Time, stopping bool) (begun int) {
	log := r.log(e.Run).With("took", e.At.Sub(e.Began).Round(time.Millisecond))
	stopped := e.Err != nil && stopping
	switch {
	case stopped:
		log.Warn("run interrupted")
	case !again.IsZero() && until.soft.Err() == nil:
		log.Warn("run failed; it will be retried", "at", again.UTC().Truncate(time.Second), "err", e.Err)
	case e.Err != nil:
		log.Error("run failed", "err", e.Err)
	case !e.skipped:
		log.Info("run done")
	}
	if !stopped && again.IsZero() && r.opt.Ended != nil {
		r.tell(e)
	}
	r.with(func() {
		s.Running, s.Err, s.RetryAt = false, e.Err, again
		s.Runs++
		if e.Err != nil {
			s.Failed++
		}
		if errors.Is(e.Err, ErrDeadline) {
			s.Cancelled++
		}
		begun = s.begun
	})
	return begun
}

func (r *Runner) tell(e Ended) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.opt.Ended(e)
}

func (r *Runner) with(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

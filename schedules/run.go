package schedules

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// late is by how much a run may begin late, its jitter aside, before it counts
// as missed: more than a busy machine takes, less than it sleeps for.
const late = time.Minute

// look is how often the clock is looked at while waiting. A timer alone would
// not notice that the machine has slept or that its clock was set.
const look = 20 * time.Second

// follow begins the runs of one entry at their times.
func (r *Runner) follow(ctx context.Context, s *Status) {
	if due, missed := r.missed(ctx, s.Entry); missed {
		r.begin(ctx, s, Run{s.Entry, due, true})
	}
	due := s.Entry.Next(wall())
	for !due.IsZero() {
		r.with(func() { s.Next = due })
		delay := r.delay(s.Entry)
		if !waitUntil(ctx, due.Add(delay)) {
			return
		}
		now := wall()
		r.begin(ctx, s, Run{s.Entry, due, now.Sub(due) > delay+late})
		due = s.Entry.Next(later(due, now))
	}
}

// missed tells whether a run was due since the last one, and when the first of
// these was.
func (r *Runner) missed(ctx context.Context, e Entry) (due time.Time, missed bool) {
	if r.opt.Last == nil {
		return time.Time{}, false
	}
	last, err := r.opt.Last(ctx, e)
	if err != nil {
		r.opt.Log.Error("it is not known when the schedule ran last", "schedule", e.Name, "err", err)
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

// wall is the time that the clock shows, which is not that of a timer when the
// clock was set.
func wall() time.Time { return time.Now().Round(0) }

// waitUntil is false when ctx ended before t.
func waitUntil(ctx context.Context, t time.Time) bool {
	for ctx.Err() == nil {
		left := t.Sub(wall())
		if left <= 0 {
			return true
		}
		timer := time.NewTimer(min(left, look))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// begin begins a run unless the entry's last one goes on.
func (r *Runner) begin(ctx context.Context, s *Status, run Run) {
	skip := false
	r.with(func() {
		if skip = s.Running; skip {
			s.Skipped++
			return
		}
		s.Running, s.Began = true, wall()
		if run.Missed {
			s.CaughtUp++
		}
	})
	if skip {
		r.opt.Log.Warn("run skipped: the last one goes on", "schedule", run.Name, "job", run.Job)
		return
	}
	r.runs.Go(func() { r.end(ctx, s, r.inTurn(ctx, run)) })
}

// inTurn runs the job when no other run of it goes on.
func (r *Runner) inTurn(ctx context.Context, run Run) Ended {
	out := Ended{Run: run, Began: wall()}
	select {
	case r.turns[run.Job] <- struct{}{}:
		defer func() { <-r.turns[run.Job] }()
	case <-ctx.Done():
		out.At, out.Err = wall(), context.Cause(ctx)
		return out
	}
	if run.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, run.Deadline, ErrDeadline)
		defer cancel()
	}
	r.opt.Log.Info("run begins", "schedule", run.Name, "job", run.Job, "due", run.Due.UTC(), "missed", run.Missed)
	out.Err = r.opt.Jobs[run.Job](ctx, run)
	if out.Err != nil && errors.Is(context.Cause(ctx), ErrDeadline) && !errors.Is(out.Err, ErrDeadline) {
		out.Err = fmt.Errorf("%w: %w", ErrDeadline, out.Err)
	}
	out.At = wall()
	return out
}

// end notes how a run went; a failure does not end the schedule.
func (r *Runner) end(ctx context.Context, s *Status, e Ended) {
	log := r.opt.Log.With("schedule", e.Name, "job", e.Job, "took", e.At.Sub(e.Began).Round(time.Millisecond))
	stopped := e.Err != nil && ctx.Err() != nil
	switch {
	case stopped:
		log.Warn("run interrupted")
	case e.Err != nil:
		log.Error("run failed", "err", e.Err)
	default:
		log.Info("run done")
	}
	if !stopped && r.opt.Ended != nil {
		r.tell(e)
	}
	r.with(func() {
		s.Running, s.Err = false, e.Err
		s.Runs++
		if e.Err != nil {
			s.Failed++
		}
		if errors.Is(e.Err, ErrDeadline) {
			s.Cancelled++
		}
	})
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

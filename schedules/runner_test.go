package schedules_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/schedules"
)

var quiet = slog.New(slog.DiscardHandler)

// scene is a Runner in virtual time, whose job notes when it runs.
type scene struct {
	t       *testing.T
	options schedules.Options
	entries []schedules.Entry
	began   []string // time, UTC, and entry name
	ended   []schedules.Ended
	work    func(context.Context, schedules.Run) error // called by the job
}

const stamp = "01-02 15:04"

// newScene starts at a time, with the entries of files, given as name and text in turn.
// All entries have the job "work".
func newScene(t *testing.T, from string, files ...string) *scene {
	t.Helper()
	s := &scene{t: t, work: func(context.Context, schedules.Run) error { return nil }}
	for _, e := range load(t, folder(t, files...)) {
		if !slices.Contains([]string{"archive", "expiring", "verify", "backup"}, e.Name) {
			e.Job = "work"
			s.entries = append(s.entries, e)
		}
	}
	s.options = schedules.Options{
		Log: quiet, Ended: func(e schedules.Ended) { s.ended = append(s.ended, e) },
		Jobs: map[string]schedules.Job{"work": func(ctx context.Context, r schedules.Run) error {
			s.began = append(s.began, time.Now().UTC().Format(stamp)+" "+r.Name)
			return s.work(ctx, r)
		}},
	}
	time.Sleep(time.Until(parseTime(t, from)))
	return s
}

// run runs the entries for that long.
func (s *scene) run(d time.Duration) []schedules.Status {
	s.t.Helper()
	r, err := schedules.New(s.entries, s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), d)
	defer cancel()
	r.Run(ctx)
	return r.Status()
}

func (s *scene) want(began ...string) {
	s.t.Helper()
	if !slices.Equal(s.began, began) {
		s.t.Errorf("runs began at\n  %s, want\n  %s", strings.Join(s.began, "\n  "), strings.Join(began, "\n  "))
	}
}

// lastRun returns the same last run for every entry.
func lastRun(at time.Time, err error) func(context.Context, schedules.Entry) (time.Time, error) {
	return func(context.Context, schedules.Entry) (time.Time, error) { return at, err }
}

func TestNights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "2026-03-28T00:00:00Z", "nightly.cron", "CRON_TZ=Europe/Berlin 30 2 * * *")
		s.work = func(context.Context, schedules.Run) error { return io.ErrUnexpectedEOF } // does not end the schedule
		status := s.run(72 * time.Hour)
		s.want("03-28 01:30 nightly", "03-29 01:00 nightly", "03-30 00:30 nightly")
		if st := status[0]; st.Runs != 3 || st.Failed != 3 || st.Skipped != 0 || st.CaughtUp != 0 || len(s.ended) != 3 || !errors.Is(st.Err, io.ErrUnexpectedEOF) {
			t.Errorf("status %+v", st)
		}
	})
}

func TestMissedRuns(t *testing.T) {
	for _, c := range []struct {
		name string
		last func(context.Context, schedules.Entry) (time.Time, error)
		want []string
	}{
		{"none", lastRun(time.Date(2026, 5, 10, 3, 30, 4, 0, time.UTC), nil), []string{"05-11 03:30 nightly"}},
		{"several, caught up once", lastRun(time.Date(2026, 5, 6, 3, 30, 0, 0, time.UTC), nil), []string{"05-10 12:00 nightly", "05-11 03:30 nightly"}},
		{"never ran", lastRun(time.Time{}, nil), []string{"05-10 12:00 nightly", "05-11 03:30 nightly"}},
		{"not known", lastRun(time.Time{}, io.ErrClosedPipe), []string{"05-10 12:00 nightly", "05-11 03:30 nightly"}},
		{"nobody asks", nil, []string{"05-11 03:30 nightly"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, "2026-05-10T12:00:00Z", "nightly.cron", "30 3 * * *")
				s.options.Last = c.last
				status := s.run(24 * time.Hour)
				s.want(c.want...)
				if status[0].CaughtUp != len(c.want)-1 || len(s.ended) != len(c.want) || s.ended[0].Missed != (len(c.want) == 2) {
					t.Errorf("status %+v", status[0])
				}
			})
		})
	}
}

func TestOverlapIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "2026-05-10T00:00:00Z", "nightly.cron", "30 3 * * *")
		s.work = func(ctx context.Context, r schedules.Run) error {
			if len(s.began) == 2 {
				time.Sleep(49 * time.Hour)
			}
			return nil
		}
		status := s.run(5 * 24 * time.Hour)
		s.want("05-10 03:30 nightly", "05-11 03:30 nightly", "05-14 03:30 nightly")
		if st := status[0]; st.Skipped != 2 || st.Runs != 3 || st.Failed != 0 {
			t.Errorf("status %+v", st)
		}
	})
}

// TestTurns checks that two entries of one job, due together, run in turn.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "2026-05-10T03:00:00Z", "a.cron", "30 3 * * *", "b.cron", "30 * * * *")
		running := false
		s.work = func(ctx context.Context, r schedules.Run) error {
			if running {
				t.Error("two runs at once")
			}
			running = true
			time.Sleep(10 * time.Minute)
			running = false
			return nil
		}
		s.run(time.Hour)
		slices.Sort(s.began)
		if len(s.began) != 2 || !strings.HasPrefix(s.began[0], "05-10 03:30") || !strings.HasPrefix(s.began[1], "05-10 03:40") {
			t.Errorf("runs began at %v", s.began)
		}
	})
}

func TestJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "2026-05-10T00:00:00Z", "nightly.cron", "30 3 * * *\njitter: 20m")
		drawn := []time.Duration{7 * time.Minute, 0, 19 * time.Minute}
		s.options.Random = func(d time.Duration) time.Duration {
			if d != 20*time.Minute {
				t.Errorf("drawn up to %s", d)
			}
			defer func() { drawn = append(drawn[1:], drawn[0]) }()
			return drawn[0]
		}
		s.run(72 * time.Hour)
		s.want("05-10 03:37 nightly", "05-11 03:30 nightly", "05-12 03:49 nightly")
	})
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "2026-05-10T00:00:00Z", "nightly.cron", "30 3 * * *\ndeadline: 2h")
		s.work = func(ctx context.Context, r schedules.Run) error {
			<-ctx.Done()
			return ctx.Err()
		}
		status := s.run(24 * time.Hour)
		if st := status[0]; st.Cancelled != 1 || st.Failed != 1 || !errors.Is(st.Err, schedules.ErrDeadline) || strings.Contains(st.Err.Error(), "\n") {
			t.Errorf("status %+v", st)
		}
		if took := s.ended[0].At.Sub(s.ended[0].Began); took != 2*time.Hour {
			t.Errorf("took %s", took)
		}
	})
}

// TestStop stops a Runner during a run: it waits for the run, and the run does not
// count as completed.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "2026-05-10T00:00:00Z", "nightly.cron", "30 3 * * *")
		stopped := false
		s.work = func(ctx context.Context, r schedules.Run) error {
			<-ctx.Done()
			time.Sleep(time.Minute) // a job takes time to stop
			stopped = true
			return ctx.Err()
		}
		s.run(4 * time.Hour)
		if !stopped || len(s.ended) != 0 {
			t.Errorf("stopped %v, ended %v", stopped, s.ended)
		}
	})
}

// errTemporary is an error that is retried.
var errTemporary = errors.New("nobody answers")

// retrying retries runs that fail with errTemporary, without random pauses.
func (s *scene) retrying() {
	s.options.Retryable = func(_ schedules.Run, err error) bool { return errors.Is(err, errTemporary) }
	s.options.Random = func(time.Duration) time.Duration { return 0 }
}

// fails makes the first n runs fail.
func (s *scene) fails(n int, err error) {
	s.work = func(context.Context, schedules.Run) error {
		if len(s.began) <= n {
			return err
		}
		return nil
	}
}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name   string
		spec   string
		fails  int
		err    error
		began  []string
		ended  int // calls of Options.Ended
		failed int
		retry  int // of the last run
	}{
		{"success ends it", "30 3 * * *", 2, errTemporary, []string{"05-10 03:30 mine", "05-10 03:35 mine", "05-10 03:50 mine"}, 1, 2, 2},
		{"within the hour", "30 3 * * *", 9, errTemporary, []string{"05-10 03:30 mine", "05-10 03:35 mine", "05-10 03:50 mine", "05-10 04:20 mine"}, 1, 4, 3},
		{"final", "30 3 * * *", 9, io.ErrUnexpectedEOF, []string{"05-10 03:30 mine"}, 1, 1, 0},
		{"the next one is due first", "30,45 3 * * *", 9, errTemporary, []string{
			"05-10 03:30 mine", "05-10 03:35 mine", // not at 03:50
			"05-10 03:45 mine", "05-10 03:50 mine", "05-10 04:05 mine", "05-10 04:35 mine",
		}, 2, 6, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, "2026-05-10T00:00:00Z", "mine.cron", c.spec)
				s.retrying()
				s.fails(c.fails, c.err)
				st := s.run(24 * time.Hour)[0]
				s.want(c.began...)
				if len(s.ended) != c.ended || st.Failed != c.failed || st.Runs != len(c.began) || st.Skipped != 0 || !st.RetryAt.IsZero() || st.Running {
					t.Errorf("%d ended, status %+v", len(s.ended), st)
				}
				last := s.ended[len(s.ended)-1]
				if last.Retry != c.retry || st.Retried != len(c.began)-c.ended || c.ended == 1 && !last.Due.Equal(parseTime(t, "2026-05-10T03:30:00Z")) {
					t.Errorf("ended %+v, status %+v", last, st)
				}
			})
		})
	}
}

// TestRetryTakesLong checks that a retry does not overlap the next run.
func TestRetryTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "2026-05-10T00:00:00Z", "mine.cron", "0 * * * *")
		s.retrying()
		s.work = func(context.Context, schedules.Run) error {
			switch len(s.began) {
			case 1:
				return errTemporary
			case 2:
				time.Sleep(2 * time.Hour)
			}
			return nil
		}
		st := s.run(4*time.Hour + time.Minute)[0]
		s.want("05-10 01:00 mine", "05-10 01:05 mine", "05-10 04:00 mine")
		if st.Skipped != 2 || st.Retried != 1 || st.Failed != 1 {
			t.Errorf("status %+v", st)
		}
	})
}

// TestStopWhileRetrying stops a Runner that waits for a retry: it stops at once, and the
// run does not count as completed.
func TestStopWhileRetrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "2026-05-10T03:00:00Z", "mine.cron", "30 3 * * *")
		s.retrying()
		s.fails(9, errTemporary)
		r, err := schedules.New(s.entries, s.options)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan time.Time)
		go func() { r.Follow(ctx, t.Context()); over <- time.Now() }()
		time.Sleep(33 * time.Minute)
		if st := r.Status()[0]; st.Running || !st.RetryAt.Equal(parseTime(t, "2026-05-10T03:35:00Z")) || !st.Next.Equal(parseTime(t, "2026-05-11T03:30:00Z")) {
			t.Errorf("status %+v", st)
		}
		cancel()
		if at := <-over; !at.Equal(parseTime(t, "2026-05-10T03:33:00Z")) {
			t.Errorf("over at %s", at)
		}
		s.want("05-10 03:30 mine")
		if len(s.ended) != 0 {
			t.Errorf("ended %v", s.ended)
		}
	})
}

// TestNoRetryAfterDeadline checks that a run that took too long is not retried.
func TestNoRetryAfterDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "2026-05-10T00:00:00Z", "mine.cron", "30 3 * * *\ndeadline: 1h")
		s.retrying()
		s.work = func(ctx context.Context, _ schedules.Run) error {
			<-ctx.Done()
			return errTemporary
		}
		s.run(12 * time.Hour)
		s.want("05-10 03:30 mine")
	})
}

func TestUnknownJob(t *testing.T) {
	_, err := schedules.New([]schedules.Entry{one(t, "@hourly\njob: dance")}, schedules.Options{Log: quiet})
	if err == nil || !strings.Contains(err.Error(), "mine.cron") || !strings.Contains(err.Error(), "dance") {
		t.Errorf("error %v", err)
	}
}

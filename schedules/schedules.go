// Package schedules runs jobs at the times that files say.
//
// A file is named after its job and holds one line of standard cron syntax
// (minute, hour, day of month, month, day of week), with an optional time zone
// in front: "CRON_TZ=Asia/Shanghai 30 2 * * *". Without one it is UTC. Lines
// that begin with # are comments.
package schedules

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

//go:embed *.cron
var defaults embed.FS

// Entry is when a job runs.
type Entry struct {
	Job  string
	Spec string
	when cron.Schedule
}

// Next is when the job runs next after t.
func (e Entry) Next(t time.Time) time.Time { return e.when.Next(t) }

// Load reads the *.cron files of dir, or the built-in ones if dir is empty.
func Load(dir string) ([]Entry, error) {
	var files fs.FS = defaults
	if dir != "" {
		files = os.DirFS(dir)
	}
	names, err := fs.Glob(files, "*.cron")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("read schedules: no *.cron file in %s", dir)
	}
	var out []Entry
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read schedules: %w", err)
		}
		e, err := parse(strings.TrimSuffix(path.Base(name), ".cron"), string(b))
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func parse(job, text string) (Entry, error) {
	var specs []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			specs = append(specs, line)
		}
	}
	if len(specs) != 1 {
		return Entry{}, fmt.Errorf("schedule %s.cron: want one line, found %d", job, len(specs))
	}
	spec := specs[0]
	if !strings.Contains(spec, "TZ=") {
		spec = "CRON_TZ=UTC " + spec
	}
	when, err := cron.ParseStandard(spec)
	if err != nil {
		return Entry{}, fmt.Errorf("schedule %s.cron: %w", job, err)
	}
	return Entry{Job: job, Spec: spec, when: when}, nil
}

// Job is the work behind an entry.
type Job func(context.Context) error

// Run runs the jobs at their times until ctx ends, and then returns when those
// under way have ended. A run that is due while the job is still running is
// skipped and logged. Every entry must have its job.
func Run(ctx context.Context, entries []Entry, jobs map[string]Job, log *slog.Logger) error {
	c := cron.New(cron.WithLocation(time.UTC), cron.WithChain(cron.SkipIfStillRunning(cronLog{log})))
	for _, e := range entries {
		job, ok := jobs[e.Job]
		if !ok {
			return fmt.Errorf("schedule %s.cron: there is no such job", e.Job)
		}
		c.Schedule(e.when, cron.FuncJob(func() { runOne(ctx, e.Job, job, log) }))
		log.Info("job scheduled", "job", e.Job, "spec", e.Spec, "next", e.Next(time.Now()).UTC())
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	return nil
}

// runOne runs a job and logs how it went; a failure does not end the daemon.
func runOne(ctx context.Context, name string, job Job, log *slog.Logger) {
	started := time.Now()
	log.Info("job begins", "job", name)
	err := job(ctx)
	took := time.Since(started).Round(time.Millisecond)
	switch {
	case err == nil:
		log.Info("job done", "job", name, "took", took)
	case errors.Is(err, context.Canceled):
		log.Warn("job interrupted", "job", name, "took", took)
	default:
		log.Error("job failed", "job", name, "took", took, "err", err)
	}
}

// cronLog passes on what robfig/cron says.
type cronLog struct{ log *slog.Logger }

func (l cronLog) Info(msg string, kv ...any)             { l.log.Info(msg, kv...) }
func (l cronLog) Error(err error, msg string, kv ...any) { l.log.Error(msg, append(kv, "err", err)...) }

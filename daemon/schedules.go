package daemon

import (
	"fmt"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/schedules"
	"github.com/callvault/callvault/verify"
)

// loadSchedules reads the schedules and checks their jobs and arguments.
func loadSchedules(cfg *config.Config, args Args) ([]schedules.Entry, error) {
	entries, err := schedules.Load(cfg.Schedules)
	for i := range entries {
		if e := &entries[i]; e.Job == backup.Command {
			b, err := args.Backup(cfg, e.Args)
			e.Off = e.Off || b == nil && err == nil
		}
	}
	for _, e := range entries {
		if err == nil && !e.Off {
			err = checkSchedule(cfg, args, e)
		}
	}
	if err != nil {
		return nil, config.Error{Setting: "CALLVAULT_SCHEDULES", Problem: err.Error()}
	}
	return entries, nil
}

// Scheduled is one schedule in the list.
type Scheduled struct {
	Name     string     `json:"name"`
	Job      string     `json:"job"`
	Args     []string   `json:"args"`
	Spec     string     `json:"spec"`
	Zone     string     `json:"zone"`
	Jitter   string     `json:"jitter,omitempty"`
	Deadline string     `json:"deadline,omitempty"`
	Last     *lastRun   `json:"last"` // null: the daemon has not run it yet
	Next     *time.Time `json:"next"` // null: it is off
}

// Schedules lists the schedules, with the last run that the daemon made of each.
func Schedules(cfg *config.Config, args Args, now time.Time) ([]Scheduled, error) {
	entries, err := loadSchedules(cfg, args)
	if err != nil {
		return nil, err
	}
	runs, err := runsOf(cfg).read()
	if err != nil {
		return nil, err
	}
	list := make([]Scheduled, len(entries))
	for i, e := range entries {
		list[i] = scheduledAs(e, runs, now)
	}
	return list, nil
}

func scheduledAs(e schedules.Entry, runs map[string]lastRun, now time.Time) Scheduled {
	s := Scheduled{Name: e.Name, Job: e.Job, Args: append([]string{}, e.Args...), Spec: e.Spec, Zone: e.Zone()}
	if e.Jitter > 0 {
		s.Jitter = e.Jitter.String()
	}
	if e.Deadline > 0 {
		s.Deadline = e.Deadline.String()
	}
	if last, ok := runs[e.Name]; ok {
		s.Last = &last
	}
	if next := e.Next(now); !next.IsZero() {
		next = next.UTC()
		s.Next = &next
	}
	return s
}

// checkSchedule returns an error unless the job exists and takes the arguments.
func checkSchedule(cfg *config.Config, args Args, e schedules.Entry) (err error) {
	switch e.Job {
	case archive.Command:
		_, err = args.Archive(cfg, e.Args)
	case verify.Command:
		_, _, err = args.Verify(cfg, e.Args)
	case backup.Command:
		_, err = args.Backup(cfg, e.Args)
	default:
		return fmt.Errorf("schedule %s.cron: there is no job %q; there are %s, %s and %s", e.Name, e.Job, archive.Command, verify.Command, backup.Command)
	}
	if err != nil {
		return fmt.Errorf("schedule %s.cron: args: %w", e.Name, err)
	}
	return nil
}

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/schedules"
)

func (c *cli) schedulesCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "schedules",
		Short: "List what the daemon runs and when",
		Long: `List the schedules built in and those in the folder CALLVAULT_SCHEDULES, with
the last run that callvault serve made of each and the next one. Times are UTC.`,
		Example: `  callvault schedules
  callvault schedules --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.schedules(time.Now(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// scheduled is one schedule as it is listed.
type scheduled struct {
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

func (c *cli) schedules(now time.Time, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	entries, err := loadSchedules(cfg)
	if err != nil {
		return err
	}
	runs, err := runsOf(cfg).read()
	if err != nil {
		return err
	}
	list := make([]scheduled, len(entries))
	for i, e := range entries {
		list[i] = scheduledAs(e, runs, now)
	}
	if asJSON {
		return c.screen().JSON(list)
	}
	c.printSchedules(list, now)
	return nil
}

// loadSchedules reads the schedules and checks what they ask for.
func loadSchedules(cfg *config.Config) ([]schedules.Entry, error) {
	entries, err := schedules.Load(cfg.Schedules)
	for i := range entries {
		if e := &entries[i]; e.Job == backup.Command {
			o, err := backupArgs(cfg, e.Args)
			e.Off = e.Off || err == nil && o.To == ""
		}
	}
	for _, e := range entries {
		if err == nil && !e.Off {
			err = checkSchedule(cfg, e)
		}
	}
	if err != nil {
		return nil, config.Error{Setting: "CALLVAULT_SCHEDULES", Problem: err.Error()}
	}
	return entries, nil
}

func scheduledAs(e schedules.Entry, runs map[string]lastRun, now time.Time) scheduled {
	s := scheduled{Name: e.Name, Job: e.Job, Args: append([]string{}, e.Args...), Spec: e.Spec, Zone: e.Zone()}
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

func (c *cli) printSchedules(list []scheduled, now time.Time) {
	t := ui.NewTable("schedule", "runs", "at", "last", "next")
	for _, s := range list {
		last, next := "–", "never"
		if s.Last != nil {
			last = ui.Moment(s.Last.Began, now)
			if s.Last.Error != "" {
				last += ", failed"
			}
		}
		if s.Next != nil {
			next = ui.Moment(*s.Next, now)
		}
		spec := s.Spec
		if s.Zone == "UTC" && !strings.Contains(spec, "TZ=") {
			spec += " UTC"
		}
		t.AppendRow(table.Row{s.Name, strings.Join(append([]string{s.Job}, s.Args...), " "), spec, last, next})
	}
	fmt.Fprintln(c.stdout, t.Render())
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/load"
)

// runStatus is what the history of runs says about one command.
type runStatus struct {
	Command     string     `json:"command"`
	LastSuccess *time.Time `json:"last_success"` // the oldest of the applications'; null: some has had none
	Last        pastRun    `json:"last"`
}

// pastRun is one run, whatever it was over.
type pastRun struct {
	RunID    string       `json:"run_id"`
	Schedule string       `json:"schedule"`
	Outcome  load.Outcome `json:"outcome"`
	Reason   string       `json:"reason"`
	Started  time.Time    `json:"started"`
	Ended    *time.Time   `json:"ended"` // null: it has not, or it died
}

// readRuns reads the history of runs.
func (st *archiveStatus) readRuns(ctx context.Context, store *load.Store) error {
	last, err := store.Runs(ctx, load.RunFilter{Last: true})
	if err != nil {
		return err
	}
	successes, err := store.LastSuccesses(ctx)
	if err != nil {
		return err
	}
	for _, r := range last {
		st.Runs = append(st.Runs, runStatus{r.Command, st.oldest(r.Command, successes), pastOf(r)})
	}
	return nil
}

// oldest is the last success of the application whose is the longest ago; nil
// if one has had none.
func (st *archiveStatus) oldest(command string, all []load.Success) *time.Time {
	by := map[call.AppID]time.Time{}
	for _, s := range all {
		if s.Command == command {
			by[s.App] = s.At
		}
	}
	var oldest *time.Time
	for _, a := range st.Apps {
		at, ok := by[a.App]
		if !ok {
			return nil
		}
		if oldest == nil || at.Before(*oldest) {
			oldest = &at
		}
	}
	return oldest
}

func pastOf(r load.Run) pastRun {
	p := pastRun{RunID: r.ID, Schedule: r.Schedule, Outcome: r.Outcome, Reason: r.Reason, Started: r.Started.UTC()}
	if !r.Ended.IsZero() {
		ended := r.Ended.UTC()
		p.Ended = &ended
	}
	return p
}

// succeeded is when a command last had a success over everything of every
// application; zero: never.
func (st *archiveStatus) succeeded(command string) time.Time {
	for _, r := range st.Runs {
		if r.Command == command && r.LastSuccess != nil {
			return *r.LastSuccess
		}
	}
	return time.Time{}
}

// runs are lines about the last runs.
func (p *statusPage) runs() {
	for _, r := range p.st.Runs {
		said := "never succeeded over everything"
		if r.LastSuccess != nil {
			said = "last succeeded " + p.ago(*r.LastSuccess)
		}
		fmt.Fprintf(p, "  %-10s %s\n", r.Command, said)
		if r.Last.Outcome == load.Done {
			continue
		}
		line := fmt.Sprintf("last run, %s, %s", humanize.RelTime(r.Last.Started, p.st.now, "ago", "from now"), r.Last.Outcome)
		if r.Last.Reason != "" {
			line += ": " + r.Last.Reason
		}
		const indent = 13
		fmt.Fprintf(p, "%*s%s\n", indent, "", p.in(text.FgYellow, text.Snip(line, ui.Width-indent, "…")))
	}
}

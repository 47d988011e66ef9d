package status

import (
	"context"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/load/store"
)

// Command sums up the history of runs of one command.
type Command struct {
	Command     string     `json:"command"`
	LastSuccess *time.Time `json:"last_success"` // the oldest of the applications'; null: an application has had none
	Last        Run        `json:"last"`
}

// Run is one run in the history.
type Run struct {
	RunID    string       `json:"run_id"`
	Schedule string       `json:"schedule"`
	Outcome  runs.Outcome `json:"outcome"`
	Reason   string       `json:"reason"`
	Started  time.Time    `json:"started"`
	Ended    *time.Time   `json:"ended"` // null: the run has not ended, or died
}

// ReadRuns reads the history of runs.
func (st *Status) ReadRuns(ctx context.Context, store *store.Store) error {
	last, err := runs.HistoryOf(store).Runs(ctx, runs.Filter{Last: true})
	if err != nil {
		return err
	}
	successes, err := runs.HistoryOf(store).LastSuccesses(ctx)
	if err != nil {
		return err
	}
	for _, r := range last {
		st.Runs = append(st.Runs, Command{r.Command, st.oldest(r.Command, successes), pastOf(r)})
	}
	return nil
}

// oldest returns the oldest of the applications' last successes, or nil if an application
// has had none.
func (st *Status) oldest(command string, all []runs.Success) *time.Time {
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

func pastOf(r runs.Run) Run {
	p := Run{RunID: r.ID, Schedule: r.Schedule, Outcome: r.Outcome, Reason: r.Reason, Started: r.Started.UTC()}
	if !r.Ended.IsZero() {
		ended := r.Ended.UTC()
		p.Ended = &ended
	}
	return p
}

// Succeeded returns when a command last succeeded over the whole window of every
// application, or zero if it never did.
func (st *Status) Succeeded(command string) time.Time {
	for _, r := range st.Runs {
		if r.Command == command && r.LastSuccess != nil {
			return *r.LastSuccess
		}
	}
	return time.Time{}
}

package notify

import (
	"context"
	"testing"

	"github.com/callvault/callvault/internal/runs"
)

func TestEvents(t *testing.T) {
	for _, c := range []struct {
		now, before runs.Outcome
		lost        uint64
		want        string
	}{
		{runs.Done, "", 0, ""},
		{runs.Done, runs.Done, 0, ""},
		{runs.Done, runs.Failed, 0, Recovery},
		{runs.Done, runs.Died, 0, Recovery},
		{runs.Failed, "", 0, Failure},
		{runs.Failed, runs.Done, 0, Failure},
		{runs.Failed, runs.Failed, 0, ""},
		{runs.Failed, runs.Partial, 0, Failure},
		{runs.Partial, runs.Partial, 0, ""},
		{runs.Partial, runs.Partial, 1, Loss},
		{runs.Interrupted, runs.Failed, 0, ""},
		{runs.Busy, runs.Failed, 0, ""},
	} {
		if got := eventOf(runs.Run{Outcome: c.now, Counts: runs.Counts{Lost: c.lost}}, c.before); got != c.want {
			t.Errorf("%+v: told %q", c, got)
		}
	}
}

// history has no runs.
type history struct{}

func (history) Runs(context.Context, runs.Filter) ([]runs.Run, error) { return nil, nil }

package notify

import (
	"testing"

	"github.com/callvault/callvault/load"
)

func TestEvents(t *testing.T) {
	for _, c := range []struct {
		now, before load.Outcome
		lost        uint64
		want        string
	}{
		{load.Done, "", 0, ""},
		{load.Done, load.Done, 0, ""},
		{load.Done, load.Failed, 0, Recovery},
		{load.Done, load.Died, 0, Recovery},
		{load.Failed, "", 0, Failure},
		{load.Failed, load.Done, 0, Failure},
		{load.Failed, load.Failed, 0, ""},
		{load.Failed, load.Partial, 0, Failure},
		{load.Partial, load.Partial, 0, ""},
		{load.Partial, load.Partial, 1, Loss},
		{load.Interrupted, load.Failed, 0, ""},
		{load.Busy, load.Failed, 0, ""},
	} {
		if got := eventOf(load.Run{Outcome: c.now, Counts: load.RunCounts{Lost: c.lost}}, c.before); got != c.want {
			t.Errorf("%+v: told %q", c, got)
		}
	}
}

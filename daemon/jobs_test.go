package daemon

import (
	"testing"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/schedules"
	"github.com/callvault/callvault/verify"
)

// TestAgain checks that only passes are tried again.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		job  string
		err  error
		want bool
	}{{archive.Command, store.ErrUnreachable, true}, {archive.Command, archive.ErrPartial, false}, {verify.Command, store.ErrUnreachable, false}} {
		if got := again(schedules.Run{Entry: schedules.Entry{Job: c.job}}, c.err); got != c.want {
			t.Errorf("%s: %v is tried again: %v", c.job, c.err, got)
		}
	}
}

package archive_test

import (
	"strings"
	"testing"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract/ask"
)

// TestAdvice checks that the advice names the settings if much of a run exceeded the quota.
func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		asked, exceeded int
		advised         bool
	}{{100, 0, false}, {100, 29, false}, {1000, 40, false}, {100, 60, true}, {40, 40, true}} {
		r := archive.Report{Counts: ask.NewCounts()}
		r.Counts.Requests["DescribeRoomInfo"] = c.asked
		r.Counts.Errors["RequestLimitExceeded.UinLimitExceeded"] = c.exceeded
		advice := r.Advice()
		if said := strings.Contains(advice, "CALLVAULT_QPS") && strings.Contains(advice, "CALLVAULT_QPS_RESERVE"); said != c.advised || !said && advice != "" {
			t.Errorf("%+v: %q", c, advice)
		}
	}
}

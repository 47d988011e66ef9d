package decide

import (
	"testing"

	"github.com/callvault/callvault/ledger"
)

// TestEventsOfReplacedCalls checks whose events are asked for when a call is replaced: never
// those of fewer users than the archive has, unless the pass asks for the others afterwards.
func TestEventsOfReplacedCalls(t *testing.T) {
	all, troubled, nobody := ledger.EventsOfAll, ledger.EventsOfTroubled, ledger.EventsOfNobody
	for _, x := range []struct {
		setting, has ledger.EventsOf
		follows      bool
		want         ledger.EventsOf
	}{
		{all, nobody, true, all}, {all, all, false, all}, {troubled, all, true, all}, {nobody, troubled, false, all}, {nobody, nobody, false, nobody},
		{troubled, nobody, false, troubled}, {troubled, troubled, true, troubled}, {troubled, troubled, false, all},
	} {
		c := Call{Before: Before{InLedger: true, Ledger: ledger.Entry{EventsOf: x.has}, EventsOf: x.setting, Follows: x.follows}, Replaces: true}
		if got := c.eventsOf(); got != x.want {
			t.Errorf("%+v: %q", x, got)
		}
	}
}

package demo

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// TestFollowUpsAreQuoted asks a shell and ClickHouse what they make of odd ids.
func TestFollowUpsAreQuoted(t *testing.T) {
	t.Parallel()
	s, err := connect.Store(t.Context(), embeddedtest.Database(t), store.Options{Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, id := range []string{"1400_1_1", `a'b`, `a"b`, `a\b`, "$(touch /tmp/x)", "`id`", "a!b", "a\nb", "'; DROP TABLE rooms; --", "房间 #1", "\xff", `\'"`} {
		for _, query := range followUps(id) {
			got, err := exec.Command("sh", "-c", "printf %s "+shellQuote(query)).Output()
			if err != nil || string(got) != query {
				t.Errorf("%q: the shell makes %q of %q, %v", id, got, query, err)
			}
		}
		var got string
		if err := s.Conn().QueryRow(t.Context(), "SELECT hex("+sqlString(id)+")").Scan(&got); err != nil || got != fmt.Sprintf("%X", id) {
			t.Errorf("%q: ClickHouse reads %s, %v", id, got, err)
		}
	}
	if got, want := wrapped("video froze for 11 % of the time", 19, 0), "video froze for\n11 % of the time"; got != want {
		t.Errorf("wrapped %q, want %q", got, want)
	}
	for _, width := range []int{80, 100} {
		for line := range strings.Lines(wrapped(strings.Repeat("video from 房间 froze for 14 % of the time; ", 9), width, 4)) {
			if n := text.StringWidth(strings.TrimSuffix(line, "\n")); n > width || n < 10 {
				t.Errorf("a line of %d columns for %d: %q", n, width, line)
			}
		}
	}
}

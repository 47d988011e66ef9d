package plan_test

import (
	"testing"

	"github.com/callvault/callvault/internal/call"
)

func TestBound(t *testing.T) {
	type sessions = []call.Session
	for _, c := range []struct {
		name     string
		sessions sessions
		want     int
	}{
		{"nobody", nil, 0},
		{"a pair, ten minutes", crowd(2, 0, 600), 1},
		{"a pair, three hours", crowd(2, 0, 3*3600), 3},
		{"twelve for an hour and a half, by hours", crowd(12, 0, 5400), 4},
		{"seven for ten hours, by concurrency", crowd(7, 0, 36000), 20},
		{"one who comes back, by gaps", sessions{session("a", 0, 60), session("a", 9000, 9060)}, 2},
		{"two crowds, added up", append(crowd(7, 0, 60), crowd(13, 9000, 9060)...), 5},
		{"a pause within an hour", sessions{session("a", 0, 60), session("a", 3000, 3060)}, 1},
	} {
		p := problem{sessions: c.sessions, within: window(0, 86400), limits: vendor}
		if got := p.bound(); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		if n := len(p.plan()); n != c.want {
			t.Errorf("%s: %d requests, want %d", c.name, n, c.want)
		}
	}
}

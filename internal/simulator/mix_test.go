package simulator

import (
	"testing"
	"time"
)

// TestMixes checks the calls of each mix and the number of requests for them.
func TestMixes(t *testing.T) {
	for mix, want := range map[Mix]struct {
		shapes       []shape
		users        [2]int64 // fewest and most a call on average
		usualAtLeast float64  // times the bound
	}{
		MixOneToOne:   {[]shape{pair, rejoin, lonely}, [2]int64{1, 2}, 1},
		MixUnanswered: {[]shape{unanswered}, [2]int64{1, 1}, 1},
		MixMeetings:   {[]shape{gathering}, [2]int64{25, 45}, 1.1},
		MixWebinars:   {[]shape{webinar, openDay}, [2]int64{200, 300}, 4},
	} {
		c := newClient(t, Options{Calls: 200, Mix: mix, Ahead: 7 * 24 * time.Hour})
		shapes := map[shape]int{}
		for _, x := range c.s.calls[DefaultApp] {
			shapes[x.shape]++
		}
		for _, sh := range want.shapes {
			if shapes[sh] < 3 {
				t.Errorf("%s: %d calls of shape %d", mix, shapes[sh], sh)
			}
			delete(shapes, sh)
		}
		requests := c.s.Truth(fixed).Requests()
		ratio := float64(requests.Usual) / float64(requests.Bound)
		if users := requests.Users / requests.Calls; len(shapes) > 0 || users < want.users[0] || users > want.users[1] || ratio < want.usualAtLeast {
			t.Errorf("%s: %+v, others %v", mix, requests, shapes)
		}
		t.Logf("%s: %+v, the usual plan takes %.2f times the bound", mix, requests, ratio)
	}
	if _, err := New(Options{Mix: "typo"}); err == nil {
		t.Error("a mix of no known name is no error")
	}
}

// TestSessionsNeverOverlap checks the sessions of each user, in every shape.
func TestSessionsNeverOverlap(t *testing.T) {
	for _, mix := range []Mix{MixAll, MixOneToOne, MixMeetings, MixWebinars} {
		c := newClient(t, Options{Calls: 300, Mix: mix, Ahead: 24 * time.Hour, Long: 3})
		for _, x := range c.s.calls[DefaultApp] {
			ends := map[int]int64{}
			for _, session := range layout(&x) {
				if session.joined < max(ends[session.user], x.start) || session.left < session.joined || session.left > x.end {
					t.Fatalf("%s, shape %d: stay %+v after %d in a call of %d to %d", mix, x.shape, session, ends[session.user], x.start, x.end)
				}
				ends[session.user] = session.left
			}
		}
	}
}

package decide

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// An incomplete session is dropped if it also came whole, and no other is dropped, in short
// lists and in that of a large call.
func TestMendedSessions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 8, 200, 30_000} {
		var sessions, incomplete []call.Session
		want := 0
		for i := range n {
			joined := time.Unix(1_700_000_000+int64(i), 0).UTC()
			whole := call.Session{UserID: fmt.Sprint("u", i), JoinedAt: joined, LeftAt: joined.Add(time.Minute), Finished: true, DeviceType: "Android"}
			lacks := whole
			lacks.DeviceType = ""
			switch rng.IntN(5) {
			case 0: // whole
				sessions, want = append(sessions, whole), want+1
			case 1: // never whole
				sessions, incomplete, want = append(sessions, lacks), append(incomplete, lacks), want+1
			case 2: // whole at another time
				sessions, incomplete, want = append(sessions, lacks, whole), append(incomplete, lacks), want+1
			case 3: // open when it was incomplete, ended when it was whole
				lacks.LeftAt, lacks.Finished = time.Time{}, false
				sessions, incomplete, want = append(sessions, lacks, whole), append(incomplete, lacks), want+1
			case 4: // another stay that begins in the same second
				lacks.LeftAt = lacks.LeftAt.Add(time.Minute)
				sessions, incomplete, want = append(sessions, lacks, whole), append(incomplete, lacks), want+2
			}
		}
		before := slices.Clone(sessions)
		sessions = withoutMended(sessions, incomplete)
		if len(sessions) != want {
			t.Errorf("of %d sessions %d stay, want %d", len(before), len(sessions), want)
		}
		users := map[string]bool{}
		for _, s := range sessions {
			users[s.UserID] = true
		}
		for _, s := range before {
			if !users[s.UserID] {
				t.Errorf("user %s has gone", s.UserID)
			}
		}
	}
}

func TestSessionSet(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	open := call.Session{UserID: "a", JoinedAt: at(10)}
	ended := call.Session{UserID: "a", JoinedAt: at(10), LeftAt: at(50), Finished: true}
	again := call.Session{UserID: "a", JoinedAt: at(60), LeftAt: at(70), Finished: true}
	sameSecond := call.Session{UserID: "a", JoinedAt: at(10), LeftAt: at(10), Finished: true}
	b := call.Session{UserID: "b", JoinedAt: at(5)}
	for _, c := range []struct {
		in   [][]call.Session
		want []call.Session
	}{
		{nil, nil},
		{[][]call.Session{{open}, {ended}}, []call.Session{ended}},
		{[][]call.Session{{ended, again}, {again, b}}, []call.Session{b, ended, again}},
		{[][]call.Session{{sameSecond, ended}}, []call.Session{sameSecond, ended}},
	} {
		var s SessionSet
		for _, x := range c.in {
			s.Add(x)
		}
		if got := s.List(); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("got %v\nwant %v", got, c.want)
		}
	}
}

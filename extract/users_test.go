package extract

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// A session that lacks something goes once it has come whole as well, and no other
// goes, in lists that are small and in one of a great call.
func TestMendedSessions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 8, 200, 30_000} {
		var l userList
		want := 0
		for i := range n {
			joined := time.Unix(1_700_000_000+int64(i), 0).UTC()
			whole := call.Session{UserID: fmt.Sprint("u", i), JoinedAt: joined, LeftAt: joined.Add(time.Minute), Finished: true, DeviceType: "Android"}
			lacks := whole
			lacks.DeviceType = ""
			switch rng.IntN(5) {
			case 0: // whole
				l.sessions, want = append(l.sessions, whole), want+1
			case 1: // never whole
				l.sessions, l.kept, want = append(l.sessions, lacks), append(l.kept, lacks), want+1
			case 2: // whole at another time
				l.sessions, l.kept, want = append(l.sessions, lacks, whole), append(l.kept, lacks), want+1
			case 3: // open when it lacked something, ended when it was whole
				lacks.LeftAt, lacks.Finished = time.Time{}, false
				l.sessions, l.kept, want = append(l.sessions, lacks, whole), append(l.kept, lacks), want+1
			case 4: // another stay that begins in the same second
				lacks.LeftAt = lacks.LeftAt.Add(time.Minute)
				l.sessions, l.kept, want = append(l.sessions, lacks, whole), append(l.kept, lacks), want+2
			}
		}
		before := slices.Clone(l.sessions)
		l.mend()
		if len(l.sessions) != want {
			t.Errorf("of %d sessions %d stay, want %d", len(before), len(l.sessions), want)
		}
		users := map[string]bool{}
		for _, s := range l.sessions {
			users[s.UserID] = true
		}
		for _, s := range before {
			if !users[s.UserID] {
				t.Errorf("user %s has gone", s.UserID)
			}
		}
	}
}

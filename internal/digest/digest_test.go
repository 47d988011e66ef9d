package digest

import (
	"slices"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
)

func samples() *call.Samples {
	s := &call.Samples{Series: []call.Series{{UserID: "a", Metric: "rtt", Rows: 500}, {UserID: "a", PeerID: "b", Metric: "rtt", Rows: 500}}}
	for i := range uint32(1000) {
		s.Time = append(s.Time, 1000+i%500*2)
		s.Value = append(s.Value, float64(i))
	}
	return s
}

func TestSamplesDoNotAllocate(t *testing.T) {
	s := samples()
	if n := testing.AllocsPerRun(10, func() { Samples(s, "room", 0, call.Forever) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSamplesWithin(t *testing.T) {
	s := samples()
	for _, c := range []struct {
		from, to uint32
		rows     uint64
	}{{0, call.Forever, 1000}, {0, 999, 0}, {1000, 1000, 2}, {1001, 1004, 4}, {1998, call.Forever, 2}, {1999, call.Forever, 0}} {
		if d := Samples(s, "room", c.from, c.to); d.Rows != c.rows {
			t.Errorf("%d rows in [%d, %d], want %d", d.Rows, c.from, c.to, c.rows)
		}
	}
}

func TestOrderDoesNotMatterAndNumbersDo(t *testing.T) {
	at := time.Unix(1000, 0)
	rows := []call.Event{{UserID: "a", Time: at}, {UserID: "a", Time: at, PeerID: "b"}, {UserID: "a", Time: at.Add(time.Millisecond)}, {PeerID: "a", Time: at}}
	of := func(rows []call.Event) Digest { return Part(&call.Rows{Events: rows}, 0, call.Forever)[Events] }
	want := of(rows)
	slices.Reverse(rows)
	if of(rows) != want {
		t.Error("the order matters")
	}
	if of(append(rows, rows[1])) == want || of(append(rows, rows[1], rows[1])) == want || of(rows[1:]) == want {
		t.Error("numbers do not matter")
	}
}

package native

import (
	"testing"

	"github.com/callvault/callvault/internal/call"
)

func TestDivide(t *testing.T) {
	t.Parallel()
	var runs []Run
	for i := range 5 {
		r := Run{Series: call.Series{Rows: 100}, Time: make([]uint32, 100)}
		for k := range 100 {
			r.Value = append(r.Value, float64(i*100+k))
		}
		runs = append(runs, r)
	}
	for limit := 1; limit < 600; limit += 7 {
		lists := Divide(runs, limit)
		if want := (500 + limit - 1) / limit; len(lists) != want {
			t.Fatalf("limit %d: %d lists, want %d", limit, len(lists), want)
		}
		next := 0.0
		for _, list := range lists {
			rows := 0
			for _, r := range list {
				rows += r.Rows
				if r.Rows == 0 || r.Rows != len(r.Time) || r.Rows != len(r.Value) {
					t.Fatalf("limit %d: a run of %d rows has %d times, %d values", limit, r.Rows, len(r.Time), len(r.Value))
				}
				for _, v := range r.Value {
					if v != next {
						t.Fatalf("limit %d: %v, want %v", limit, v, next)
					}
					next++
				}
			}
			if rows > limit {
				t.Fatalf("limit %d: %d rows", limit, rows)
			}
		}
		if next != 500 {
			t.Fatalf("limit %d: %v rows", limit, next)
		}
	}
}

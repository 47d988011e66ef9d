package plan_test

import (
	"testing"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
)

func TestSlicesJoinUp(t *testing.T) {
	for _, days := range []float64{0, 0.1, 1, 2.5, 14} {
		end := at(0).Add(time.Duration(days * 24 * float64(time.Hour)))
		joinsUp(t, plan.Slices(at(0), end, 24*time.Hour), at(0), end, 24*time.Hour)
		joinsUp(t, plan.Hours(at(0), end), at(0), end, time.Hour)
	}
}

func joinsUp(t *testing.T, ws []call.Window, start, end time.Time, longest time.Duration) {
	t.Helper()
	at := start
	for _, w := range ws {
		if !w.Start.Equal(at) || w.End.Sub(w.Start) > longest || !w.End.After(w.Start) {
			t.Fatalf("window %v after %v, of at most %v", w, at, longest)
		}
		at = w.End
	}
	if !at.Equal(end) {
		t.Fatalf("windows end at %v, want %v", at, end)
	}
}

func TestHoursStartOnTheHour(t *testing.T) {
	for i, w := range plan.Hours(at(0), at(20000)) {
		if i > 0 && !w.Start.Equal(w.Start.Truncate(time.Hour)) {
			t.Errorf("window %d starts at %v", i, w.Start)
		}
	}
}

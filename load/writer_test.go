package load

import (
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
)

func TestArchiveOnce(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 1)
	f.put(t, s, WriterOptions{})
	check(t, s, f)
	got, err := s.Archived(t.Context(), app, call.UnitCall, t0)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := got[f.unit.Key]
	want := Counts{Rooms: 1, Sessions: 3, Events: 3, Samples: uint64(12 * f.seriesRows()), NullSamples: 3}
	if !ok || e.Counts != want || e.RunID != "run" || !e.StartsAt.Equal(t0) || time.Since(e.ArchivedAt) > time.Hour {
		t.Errorf("ledger: got %+v, want counts %+v", e, want)
	}
}

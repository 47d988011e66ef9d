package archive_test

import (
	"context"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

// TestNothingNew checks that a pass which finds nothing new sends ClickHouse few queries
// and leaves nothing to merge, and that the same is true of a pass an hour later whose hour
// had no events. It must not run in parallel with other tests, because it counts what the
// engine does.
func TestNothingNew(t *testing.T) {
	const (
		mostQueries = 15
		mostParts   = 2
	)
	ctx := t.Context()
	began := time.Now().Add(-24 * time.Hour).Truncate(24 * time.Hour).Add(2 * time.Hour) // the passes are before 16:00 UTC, when a day of Beijing ends
	now := began.Add(3 * time.Hour)                                                      // all calls have ended and are settled
	clock := func() time.Time { return now }
	vendor, err := simulator.New(simulator.Options{Seed: 7, Calls: 40, Mix: simulator.MixOneToOne, Began: began, Now: clock, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(vendor)
	defer server.Close()
	archived, err := store.Open(ctx, embeddedtest.Database(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer archived.Close()
	account := config.Account{
		SecretID: vendor.SecretID(), SecretKey: config.Secret(vendor.SecretKey()), Region: "ap-singapore", Endpoint: server.URL, API: "auto",
		Apps: []config.AppID{config.AppID(simulator.DefaultApp)}, Retention: config.Duration(14 * 24 * time.Hour), QPS: 1e6,
	}
	settings := archive.Options{Memory: config.DefaultMemory.Shares(), Raw: 30 * 24 * time.Hour, Settle: 15 * time.Minute, Lease: 30 * time.Second}
	pass := func(ctx context.Context) *archive.Report {
		run, err := archive.New(settings, archive.Scope{Accounts: []config.Account{account}}, runs.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		run.Now = clock
		report, err := run.Do(ctx, archived, extract.NoProgress{})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if total := pass(ctx).Total(); total.Archived != 40 {
		t.Fatalf("the first pass archived %d calls of 40", total.Archived)
	}
	for _, later := range []time.Duration{time.Minute, time.Hour} {
		now = now.Add(later)
		before, at := doings(t, archived), time.Now()
		pass(ctx)
		took, after := time.Since(at), doings(t, archived)
		queries, parts, mutations := after.queries-before.queries-1, after.parts-before.parts, after.mutations-before.mutations
		t.Logf("%v later: %d queries, %d new parts, %d mutations, %v", later, queries, parts, mutations, took.Round(time.Millisecond))
		if queries > mostQueries || parts > mostParts || mutations > 0 {
			t.Errorf("%v later: want at most %d queries, %d new parts, no mutation", later, mostQueries, mostParts)
		}
	}
}

// done is what an engine has done since it started.
type done struct{ queries, parts, mutations uint64 }

func doings(t *testing.T, s *store.Store) (d done) {
	t.Helper()
	const q = `
		SELECT sumIf(value, event = 'Query'), sumIf(value, event = 'MergeTreeDataWriterBlocks'), (SELECT count() FROM system.mutations)
		FROM system.events`
	if err := s.Conn().QueryRow(t.Context(), q).Scan(&d.queries, &d.parts, &d.mutations); err != nil {
		t.Fatal(err)
	}
	return d
}

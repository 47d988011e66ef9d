package analyst

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/embedded/embeddedtest"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load"
)

// samplesOfCall is about what a call of the simulator's mix of shapes has.
const samplesOfCall = 17_000

// bigArchive starts an engine on an archive of so many samples, which it fills
// unless an earlier run has. Two applications have half of the calls each,
// spread over a month.
func bigArchive(t *testing.T, dir string, samples int64) *load.Store {
	t.Helper()
	library := embeddedtest.Library(t)
	srv, err := embedded.Start(t.Context(), embedded.Options{Library: library, Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := srv.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	s := open(t, srv.DSN())
	mark := filepath.Join(dir, "filled")
	if _, err := os.Stat(mark); err == nil {
		return s
	}
	begun := time.Now()
	var sims []*simulator.Simulator
	for i, app := range []uint32{1400353843, 1400353844} {
		calls := int(samples/samplesOfCall/2*11/10) + 100
		sims = append(sims, simulate(t, simulator.Options{Seed: uint64(i + 1), Calls: calls, Apps: []uint32{app}, Retention: month}))
	}
	n, err := fillAll(t.Context(), s, samples/2, sims...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d samples written in %v", n, time.Since(begun).Round(time.Second))
	for _, table := range column(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE '%\\_data'") {
		settle(t, s, table)
	}
	t.Logf("merged after %v", time.Since(begun).Round(time.Second))
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

// settle waits until the engine has merged what it merges by itself.
func settle(t *testing.T, s *load.Store, table string) {
	t.Helper()
	for {
		running := column(t, s, "SELECT toString(count()) FROM system.merges WHERE database = currentDatabase() AND table = '"+table+"'")
		if running[0] == "0" {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(time.Second):
		}
	}
}

// column reads one column of strings.
func column(t testing.TB, s *load.Store, q string) []string {
	t.Helper()
	rows, err := s.Conn().Query(t.Context(), q)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return all
}

// TestSpeed measures the questions of the cookbook in an archive of
// CALLVAULT_BENCH_SAMPLES samples and writes docs/queries.md.
func TestSpeed(t *testing.T) {
	samples, err := strconv.ParseInt(strings.ReplaceAll(os.Getenv("CALLVAULT_BENCH_SAMPLES"), "_", ""), 10, 64)
	if err != nil {
		t.Skip("make bench-queries sets CALLVAULT_BENCH_SAMPLES")
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("callvault-queries-%d", samples))
	s := bigArchive(t, dir, samples)
	_ = s
}

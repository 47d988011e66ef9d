package analyst

import (
	"context"
	"os"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/migratedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

// at is the present in all archives of these tests: they never change.
var at = time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)

// month is how far back the simulated vendor remembers.
const month = 30 * 24 * time.Hour

func simulate(t testing.TB, o simulator.Options) *simulator.Simulator {
	t.Helper()
	o.Now = func() time.Time { return at }
	o.Current, o.Legacy = true, true
	sim, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return sim
}

// open connects to a database and brings its schema up.
func open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s := migratedtest.Connect(t, dsn)
	migratedtest.Migrate(t, s)
	return s
}

// fillAll writes the truths of several simulators, up to a number of samples each, and
// returns the number of samples.
func fillAll(ctx context.Context, s *store.Store, samples int64, sims ...*simulator.Simulator) (int64, error) {
	w := load.NewWriter(s, "fill", load.WriterOptions{})
	done := make([]int64, len(sims))
	g, gctx := errgroup.WithContext(ctx)
	for i, sim := range sims {
		g.Go(func() (err error) {
			if done[i], err = fill(gctx, w, sim.Truth(at), samples); err != nil {
				return err
			}
			return fillRest(gctx, w, sim.Truth(at))
		})
	}
	err := g.Wait()
	if err == nil {
		err = w.Close(ctx)
	}
	var total int64
	for _, n := range done {
		total += n
	}
	return total, err
}

// migrateAgain applies the schema once more.
func migrateAgain(t *testing.T, s *store.Store) {
	t.Helper()
	m, err := schema.New(s.ClickHouse(), schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Force(t.Context(), -1); err != nil {
		t.Fatal(err)
	}
	if n, err := m.Up(t.Context()); err != nil || n < 1 {
		t.Fatalf("%d versions applied again, %v", n, err)
	}
}

package load

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
	"github.com/callvault/callvault/test/proxytest"
)

// TestLongFaults breaks connections at random places of an archiving run, before or after
// the server has done its work. After every run each call must be there once and whole.
// CALLVAULT_TEST_SEED repeats a failure.
func TestLongFaults(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	direct := open(t, dsn)
	through, tap := tapped(t, dsn)
	seed := uint64(time.Now().UnixNano())
	if v, err := strconv.ParseUint(os.Getenv("CALLVAULT_TEST_SEED"), 10, 64); err == nil {
		seed = v
	}
	t.Logf("CALLVAULT_TEST_SEED=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	struck := 0
	var size int // bytes of one round
	for round := range 14 {
		calls := []fixture{newFixture(0, round%3), newFixture(1, (round+1)%3), newFixture(2, round%2)}
		s := open(t, through)
		cut, at := rnd.IntN(2) == 0, 1<<30
		if round > 0 {
			at = rnd.IntN(size)
		}
		tap.Arm(proxytest.Rule{N: at, Cut: cut, Mute: !cut})
		retries := archiveAll(t, s, calls)
		if round == 0 {
			size = tap.Sent()
		}
		hit := tap.Disarm()
		if hit {
			struck++
		}
		s.Close()
		check(t, direct, calls...)
		if t.Failed() || round%7 == 6 {
			t.Logf("round %d: cut %v at byte %d of %d, struck %v, %d retries", round, cut, at, size, hit, retries)
			if _, err := upkeep.Purge(t.Context(), direct); err != nil {
				t.Fatal(err)
			}
			check(t, direct, calls...)
			value(t, direct, "SELECT count() FROM rooms_data", 3)
		}
	}
	if struck < 7 {
		t.Errorf("only %d faults struck", struck)
	}
}

// archiveAll puts the calls in with two flushes and returns the retries.
func archiveAll(t *testing.T, s *store.Store, calls []fixture) (retries int) {
	t.Helper()
	w := NewWriter(s, "run", WriterOptions{
		Attempts: 10, AttemptTimeout: time.Second, Backoff: 5 * time.Millisecond,
		OnRetry: func(error, time.Duration) { retries++ },
	})
	for i, f := range calls {
		must(t, f.add(t.Context(), w, false))
		if i == 0 {
			must(t, w.Flush(t.Context()))
		}
	}
	for _, f := range calls {
		must(t, f.commit(t.Context(), w))
	}
	must(t, w.Close(t.Context()))
	return retries
}

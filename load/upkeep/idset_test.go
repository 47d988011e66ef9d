package upkeep

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/migratedtest"
)

// spread returns sorted ids as flushes leave them. The ids of a flush that are not in the
// list have another step.
func spread(r *rand.Rand, flushes, loads int) (listed, others []uint64) {
	id := uint64(t0.UnixMilli()) << hidden.RandomBits
	for range flushes {
		id += 1 + r.Uint64N(3<<hidden.RandomBits)
		share := cmp.Or(r.Float64()*float64(r.IntN(2)), 1) // a half of the flushes as a whole
		for range loads {
			id++
			if r.Float64() < share {
				listed = append(listed, id)
			} else {
				others = append(others, id)
			}
		}
	}
	return listed, others
}

// FuzzRanges checks that the ranges have exactly the ids, and are bounded.
func FuzzRanges(f *testing.F) {
	f.Add([]byte{1, 1, 1, 2, 1, 0, 255, 1})
	f.Add(slices.Repeat([]byte{2}, maxRanges+1))
	f.Add(append(slices.Repeat([]byte{3}, maxRanges-1), 1, 1, 1, 7, 1))
	f.Fuzz(func(t *testing.T, steps []byte) {
		var ids, got []uint64
		id := uint64(t0.UnixMilli()) << hidden.RandomBits
		for _, step := range steps { // 0 says an id twice
			id += uint64(step)
			ids = append(ids, id)
		}
		for rest := ids; len(rest) > 0; {
			all, later := ranges(rest)
			if len(later) >= len(rest) || len(all) > maxRanges {
				t.Fatalf("%d ranges of %d ids, %d are left", len(all), len(rest), len(later))
			}
			for _, r := range all {
				for i := range r.n {
					got = append(got, r.first+i)
				}
			}
			if len(all) < maxRanges && len(later) > 0 {
				t.Fatalf("%d ids are left after %d ranges", len(later), len(all))
			}
			rest = later
		}
		if !slices.Equal(got, ids) {
			t.Fatalf("got %d ids, want %d", len(got), len(ids))
		}
	})
}

func TestRangesAreBounded(t *testing.T) {
	t.Parallel()
	ids := make([]uint64, 2*maxRangeIDs+10)
	for i := range ids {
		ids[i] = uint64(i) + 1<<40
	}
	for _, want := range []idRange{{1 << 40, maxRangeIDs}, {1<<40 + maxRangeIDs, maxRangeIDs}, {1<<40 + 2*maxRangeIDs, 10}} {
		var all []idRange
		if all, ids = ranges(ids); !slices.Equal(all, []idRange{want}) {
			t.Fatalf("got %v, want %v", all, want)
		}
	}
	if len(ids) > 0 {
		t.Errorf("%d are left", len(ids))
	}
}

// TestAmongIsExact asks the server for which ids the conditions hold, among the listed ids
// and their neighbours.
func TestAmongIsExact(t *testing.T) {
	t.Parallel()
	s := migratedtest.Open(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	cases := [][]uint64{{1}, {42, 43}, {1<<64 - 2}, {254, 255, 256, 258}}
	for range 20 {
		listed, _ := spread(r, 1+r.IntN(40), 1+r.IntN(100))
		cases = append(cases, listed)
	}
	for _, ids := range cases {
		must(t, s.StoreConn().Exec(t.Context(), "TRUNCATE TABLE hidden_loads"))
		var around []uint64
		for _, id := range ids {
			around = append(around, id-1, id, id+1)
		}
		slices.Sort(around)
		must(t, hidden.Insert(t.Context(), s.StoreConn(), slices.Compact(around), hidden.Opened))
		var got []uint64
		for rest := ids; len(rest) > 0; {
			var cond string
			cond, rest = among(rest)
			got = append(got, loadsWhere(t, s, cond)...)
		}
		if slices.Sort(got); !slices.Equal(got, ids) {
			t.Fatalf("got %v, want %v", got, ids)
		}
		none, _ := among(nil)
		if got := loadsWhere(t, s, none); len(got) > 0 {
			t.Fatalf("of no ids: %v", got)
		}
	}
}

// loadsWhere returns the loads of hidden_loads for which a condition holds.
func loadsWhere(t *testing.T, s *store.Store, cond string) []uint64 {
	t.Helper()
	var ids []uint64
	must(t, s.StoreConn().QueryRow(t.Context(), "SELECT arraySort(groupUniqArray(load_id)) FROM hidden_loads WHERE "+cond).Scan(&ids))
	return ids
}

// mutations returns how many times a table was rewritten.
func mutations(t *testing.T, s *store.Store, table string) uint64 {
	t.Helper()
	return number(t, s, "SELECT count() FROM system.mutations WHERE startsWith(database, currentDatabase()) AND table = '"+table+"'")
}

// TestLongPurgeOfManyLoads checks that a purge of thousands of loads takes few statements,
// and that all other loads stay.
func TestLongPurgeOfManyLoads(t *testing.T) {
	t.Parallel()
	s := migratedtest.Open(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	committed, opened := spread(rand.New(rand.NewPCG(seed, 0)), 60, 500)
	must(t, hidden.Insert(t.Context(), s.StoreConn(), slices.Concat(committed, opened), hidden.Opened))
	must(t, hidden.Insert(t.Context(), s.StoreConn(), committed, hidden.Committed))
	const rows = "INSERT INTO rooms_data (load_id, comm_id, created_at) SELECT load_id, toString(load_id), now() FROM hidden_loads WHERE step = 'opened'"
	must(t, s.StoreConn().Exec(t.Context(), rows))
	s.IDs().Reopen(opened[:10]) // a writer is at work on these
	if n, err := Purge(t.Context(), s); err != nil || n != len(opened)-10 {
		t.Fatalf("purge: %d, %v; want %d", n, err, len(opened)-10)
	}
	value(t, s, "SELECT count() FROM hidden_loads WHERE step = 'committed'", 0)
	if got := loadsWhere(t, s, "step = 'opened'"); !slices.Equal(got, opened) {
		t.Errorf("%d opened loads are left, want %d", len(got), len(opened))
	}
	if got := loadsWhere(t, s, "step = 'abandoned'"); !slices.Equal(got, opened[10:]) {
		t.Errorf("%d abandoned loads, want %d", len(got), len(opened)-10)
	}
	var left []uint64
	must(t, s.StoreConn().QueryRow(t.Context(), "SELECT arraySort(groupArray(load_id)) FROM rooms_data").Scan(&left))
	if want := slices.Sorted(slices.Values(slices.Concat(committed, opened[:10]))); !slices.Equal(left, want) {
		t.Errorf("%d rows are left, want %d", len(left), len(want))
	}
	statements := uint64((len(opened) + len(committed)) / maxRanges) // at the most: each id a range of its own
	for table, most := range map[string]uint64{"hidden_loads": 2 + statements, "rooms_data": 1 + statements, "ledger_parts": 1 + statements, "user_events_data": 0} {
		if n := mutations(t, s, table); n > most {
			t.Errorf("%d mutations of %s, want at most %d", n, table, most)
		}
	}
}

// TestLongPurgeStatementsFit has no two ids that follow each other. The statements are as
// long as the bounds allow, and the server takes them.
func TestLongPurgeStatementsFit(t *testing.T) {
	t.Parallel()
	s := migratedtest.Open(t)
	var visible, dropped []uint64
	for i := range uint64(maxRanges + 1) {
		visible = append(visible, 1<<63+10*i)
		dropped = append(dropped, 1<<63+10*i+5)
	}
	must(t, hidden.Insert(t.Context(), s.StoreConn(), slices.Concat(visible, dropped), hidden.Opened))
	must(t, hidden.Insert(t.Context(), s.StoreConn(), visible, hidden.Committed))
	must(t, hidden.Insert(t.Context(), s.StoreConn(), dropped, hidden.Replaced))
	must(t, compact(t.Context(), s, visible, dropped))
	value(t, s, "SELECT count() FROM hidden_loads", 0)
	if n := mutations(t, s, "hidden_loads"); n != 4 {
		t.Errorf("%d mutations, want 4", n)
	}
}

// BenchmarkPurge forgets what a pass has committed, 800 loads a flush.
func BenchmarkPurge(b *testing.B) {
	for _, loads := range []int{200_000, 1_000_000} {
		b.Run(fmt.Sprint(loads), func(b *testing.B) {
			s := migratedtest.Open(b)
			for b.Loop() {
				b.StopTimer()
				must(b, s.StoreConn().Exec(b.Context(), "TRUNCATE TABLE hidden_loads"))
				var committed []uint64
				for f := range loads / 800 {
					for i := range 800 {
						committed = append(committed, uint64(t0.UnixMilli()+int64(f))<<hidden.RandomBits+uint64(i))
					}
				}
				for some := range slices.Chunk(committed, 100_000) {
					must(b, hidden.Insert(b.Context(), s.StoreConn(), some, hidden.Opened))
					must(b, hidden.Insert(b.Context(), s.StoreConn(), some, hidden.Committed))
				}
				b.StartTimer()
				_, err := Purge(b.Context(), s)
				must(b, err)
			}
		})
	}
}

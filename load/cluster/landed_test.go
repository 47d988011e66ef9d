package cluster

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// found makes a look: replicas are named shard-replica, nil is one that does not answer.
func found(rows map[string][]uint64) look {
	l := look{map[string]string{}, map[string][]uint64{}}
	for name, counts := range rows {
		l.shards[name] = name[:1]
		if counts != nil {
			l.rows[name] = counts
		}
	}
	return l
}

func TestLate(t *testing.T) {
	t.Parallel()
	spread, all, gone := Want{Table: "rooms_data", Rows: 10}, Want{Table: "hidden_loads", Rows: 3, Everywhere: true}, Want{Table: "rooms_data"}
	for name, x := range map[string]struct {
		rows           map[string][]uint64
		wants          []Want
		silent, behind []string
		whole          bool
	}{
		"all are there":                 {map[string][]uint64{"1-a": {4, 3}, "1-b": {4, 3}, "2-a": {6, 3}, "2-b": {6, 3}}, []Want{spread, all}, nil, nil, true},
		"a replica lacks rows":          {map[string][]uint64{"1-a": {4}, "1-b": {1}, "2-a": {6}}, []Want{spread}, nil, []string{"1-b"}, true},
		"a replica has none":            {map[string][]uint64{"1-a": {10}, "1-b": {0}, "2-a": {0}, "2-b": {0}}, []Want{spread}, nil, []string{"1-b"}, true},
		"a replica is silent":           {map[string][]uint64{"1-a": {4}, "1-b": nil, "2-a": {6}}, []Want{spread}, []string{"1-b"}, nil, true},
		"who took the rows is silent":   {map[string][]uint64{"1-a": {3}, "1-b": nil, "2-a": {6}}, []Want{spread}, []string{"1-b"}, nil, false},
		"a server does not know a load": {map[string][]uint64{"1-a": {3}, "2-a": {2}}, []Want{all}, nil, []string{"2-a"}, true},
		"no server knows all":           {map[string][]uint64{"1-a": {2}, "2-a": {2}}, []Want{all}, nil, nil, false},
		"rows are gone":                 {map[string][]uint64{"1-a": {0}, "2-a": {0}}, []Want{gone}, nil, nil, true},
		"a replica still has rows":      {map[string][]uint64{"1-a": {0}, "1-b": {5}, "2-a": {0}}, []Want{gone}, nil, []string{"1-b"}, true},
		"there are too many rows":       {map[string][]uint64{"1-a": {4}, "2-a": {7}}, []Want{spread}, nil, nil, false},
	} {
		silent, behind, whole := found(x.rows).late(x.wants)
		if !slices.Equal(silent, x.silent) || !slices.Equal(behind, x.behind) || whole != x.whole {
			t.Errorf("%s: silent %v, behind %v, whole %v; want %v, %v, %v", name, silent, behind, whole, x.silent, x.behind, x.whole)
		}
	}
}

// TestLateLeavesNobodyOut spreads rows and takes some away: who is neither silent nor behind has
// all that its shard has, and the shards have all rows together if that is whole.
func TestLateLeavesNobodyOut(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		rows, of := map[string][]uint64{}, map[string]uint64{}
		total := uint64(0)
		for _, shard := range []string{"1", "2", "3"} {
			of[shard] = r.Uint64N(4)
			total += of[shard]
			for _, replica := range []string{"a", "b"} {
				switch r.IntN(5) {
				case 0:
					rows[shard+"-"+replica] = nil
				case 1:
					rows[shard+"-"+replica] = []uint64{r.Uint64N(of[shard] + 1)}
				default:
					rows[shard+"-"+replica] = []uint64{of[shard]}
				}
			}
		}
		silent, behind, whole := found(rows).late([]Want{{Rows: total}})
		for name := range maps.Keys(rows) {
			left := slices.Contains(silent, name) || slices.Contains(behind, name)
			if whole && !left && rows[name][0] != of[name[:1]] {
				t.Fatalf("%s may answer with %v of %v: %v", name, rows[name], of, rows)
			}
		}
	}
}

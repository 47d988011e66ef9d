//go:build cluster

package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/clustertest"
)

// sight is what a reader sees of a call in a relation: the number of rows and a sum of hashes.
type sight struct{ rows, hash uint64 }

var sights = map[string]string{
	"quality_samples": "SELECT toString(comm_id), count(), sum(cityHash64(user_id, peer_id, metric, ts, value)) FROM quality_samples GROUP BY comm_id",
	"user_sessions":   "SELECT toString(comm_id), count(), sum(cityHash64(user_id, joined_at, device_type)) FROM user_sessions GROUP BY comm_id",
	"calls":           "SELECT toString(comm_id), count(), sum(cityHash64(created_at, users)) FROM calls GROUP BY comm_id",
}

// lookout reads from one node over and over.
type lookout struct {
	node  *clustertest.Node
	seen  map[string]map[sight]int // states of each call in each relation
	last  map[string]map[string]sight
	gone  []string // calls that were there and were missing later
	looks int
	fails map[string]int
}

func newLookout(n *clustertest.Node) *lookout {
	return &lookout{node: n, seen: map[string]map[sight]int{}, last: map[string]map[string]sight{}, fails: map[string]int{}}
}

func (w *lookout) look(ctx context.Context, conn driver.Conn) error {
	for relation, q := range sights {
		if err := w.lookAt(ctx, conn, relation, q); err != nil {
			return err
		}
	}
	w.looks++
	return nil
}

func (w *lookout) lookAt(ctx context.Context, conn driver.Conn, relation, q string) error {
	rows, err := conn.Query(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	now := map[string]sight{}
	for rows.Next() {
		var id string
		var x sight
		if err := rows.Scan(&id, &x.rows, &x.hash); err != nil {
			return err
		}
		now[relation+" "+id] = x
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for id, x := range now {
		if w.seen[id] == nil {
			w.seen[id] = map[sight]int{}
		}
		w.seen[id][x]++
	}
	for id := range w.last[relation] {
		if _, there := now[id]; !there {
			w.gone = append(w.gone, id)
		}
	}
	w.last[relation] = now
	return nil
}

// watch reads from every node until stop is called, which returns what was seen.
func (f *fleet) watch(t *testing.T) (stop func() []*lookout) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var all []*lookout
	var wg sync.WaitGroup
	for _, n := range f.Nodes() {
		w := newLookout(n)
		all = append(all, w)
		wg.Go(func() {
			var s *store.Store
			for ctx.Err() == nil {
				var err error
				if s == nil {
					s, err = connect.Store(ctx, n.DSN("trtc"), store.Options{Cluster: f.Name(), ReadOnly: true})
				}
				if err == nil {
					err = w.look(ctx, s.Conn())
				}
				if err != nil && ctx.Err() == nil {
					w.fails[fmt.Sprintf("%.60s", err)]++
				}
				select {
				case <-ctx.Done():
				case <-time.After(50 * time.Millisecond):
				}
			}
			if s != nil {
				s.Close()
			}
		})
	}
	return func() []*lookout {
		cancel()
		wg.Wait()
		return all
	}
}

// trouble is what happens to a cluster during a pass, and how it ends.
type trouble struct {
	name  string
	begin func(*fleet, *testing.T, *clustertest.Node)
	end   func(*fleet, *testing.T, *clustertest.Node)
}

var troubles = []trouble{
	{"kill", func(_ *fleet, _ *testing.T, n *clustertest.Node) { n.Kill() }, func(_ *fleet, t *testing.T, n *clustertest.Node) { n.Start(t) }},
	{"stop", func(_ *fleet, _ *testing.T, n *clustertest.Node) { n.Stop() }, func(_ *fleet, t *testing.T, n *clustertest.Node) { n.Start(t) }},
	{"cut", func(_ *fleet, _ *testing.T, n *clustertest.Node) { n.Cut() }, func(_ *fleet, t *testing.T, n *clustertest.Node) { n.Heal(t) }},
	{"cut from Keeper", func(_ *fleet, _ *testing.T, n *clustertest.Node) { n.CutKeeper() }, func(_ *fleet, t *testing.T, n *clustertest.Node) { n.Heal(t) }},
	{"kill Keeper", func(f *fleet, _ *testing.T, _ *clustertest.Node) { f.Keeper.Kill() }, func(f *fleet, t *testing.T, _ *clustertest.Node) { f.Keeper.Restart(t) }},
	{"kill the program", nil, nil},
}

// TestClusterSoak makes passes while nodes, Keeper, networks and the program fail. On each node
// a reader sees each call whole or not at all, and none that it has seen goes away. After one
// good pass all nodes have the truth.
func TestClusterSoak(t *testing.T) {
	seed := setting(t, "SOAK_SEED", uint64(time.Now().UnixNano()))
	rounds := setting(t, "SOAK_STEPS", 12)
	t.Logf("SOAK_SEED=%d SOAK_STEPS=%d", seed, rounds)
	r := rand.New(rand.NewPCG(seed, 0))
	f := installFleet(t, 2, 2, simulator.Options{Seed: seed, Calls: 12, Retention: 72 * time.Hour, QPS: -1})
	f.env = append(f.env, "CALLVAULT_RETENTION=72h", "CALLVAULT_PATIENCE=5s", "CALLVAULT_WAIT=20s")
	if code, _, errs := f.callvault(t.Context(), "migrate", "up"); code != exitDone {
		t.Fatalf("migrate up: %d\n%s", code, errs)
	}
	stop := f.watch(t)
	for i := range rounds {
		x, n := troubles[r.IntN(len(troubles))], f.Nodes()[r.IntN(4)]
		args := []string{"archive", "--quiet"}
		if r.IntN(2) == 0 {
			args = append(args, "--again")
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			time.Sleep(time.Duration(r.IntN(8000)) * time.Millisecond)
			if x.begin == nil {
				cancel()
				return
			}
			x.begin(f, t, n)
		})
		began := time.Now()
		code, _, errs := f.callvault(ctx, args...)
		wg.Wait()
		cancel()
		t.Logf("round %d: %s %s, %v: exit %d after %v: %.200s", i, x.name, n, args[2:], code, time.Since(began).Round(time.Millisecond), errs)
		if x.end != nil {
			x.end(f, t, n)
		}
	}
	f.archive(t, exitDone)
	seen := stop()
	f.exact(t)
	final := newLookout(nil)
	if err := final.look(t.Context(), f.reader(t, f.Node(1, 1)).Conn()); err != nil {
		t.Fatal(err)
	}
	for _, w := range seen {
		t.Logf("%s: %d looks, failures: %v", w.node, w.looks, w.fails)
		if w.looks == 0 {
			t.Errorf("%s was never read", w.node)
		}
		for id, states := range w.seen {
			if len(states) > 1 || !slices.Equal(slices.Collect(maps.Keys(states)), slices.Collect(maps.Keys(final.seen[id]))) {
				t.Errorf("%s: %s was seen as %v, it is %v", w.node, id, states, final.seen[id])
			}
		}
		if len(w.gone) > 0 {
			t.Errorf("%s: %d times a call was gone: %v", w.node, len(w.gone), w.gone[:min(3, len(w.gone))])
		}
	}
}

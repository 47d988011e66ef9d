//go:build cluster

package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/clustertest"
)

// sight is what a reader sees of a call: numbers of rows and sums of their hashes.
type sight struct{ samples, samplesHash, sessions, sessionsHash, calls uint64 }

const sightQuery = `
	SELECT comm_id, sum(a), sum(b), sum(c), sum(d), sum(e) FROM
	(
		SELECT toString(comm_id) AS comm_id, count() AS a, sum(cityHash64(user_id, peer_id, metric, ts, value)) AS b, 0 AS c, 0 AS d, 0 AS e FROM quality_samples GROUP BY comm_id
		UNION ALL SELECT toString(comm_id) AS comm_id, 0, 0, count(), sum(cityHash64(user_id, joined_at, device_type)), 0 FROM user_sessions GROUP BY comm_id
		UNION ALL SELECT toString(comm_id) AS comm_id, 0, 0, 0, 0, count() FROM calls GROUP BY comm_id
	) GROUP BY comm_id`

// lookout reads from one node over and over.
type lookout struct {
	node  *clustertest.Node
	seen  map[string]map[sight]int // states of each call
	last  map[string]sight
	gone  []string // calls that were there and were missing later
	looks int
	fails map[string]int
}

func (w *lookout) look(ctx context.Context, conn driver.Conn) error {
	rows, err := conn.Query(ctx, sightQuery)
	if err != nil {
		return err
	}
	defer rows.Close()
	now := map[string]sight{}
	for rows.Next() {
		var id string
		var x sight
		if err := rows.Scan(&id, &x.samples, &x.samplesHash, &x.sessions, &x.sessionsHash, &x.calls); err != nil {
			return err
		}
		now[id] = x
	}
	if err := rows.Err(); err != nil {
		return err
	}
	w.looks++
	for id, x := range now {
		if w.seen[id] == nil {
			w.seen[id] = map[sight]int{}
		}
		w.seen[id][x]++
	}
	for id := range w.last {
		if _, there := now[id]; !there {
			w.gone = append(w.gone, id)
		}
	}
	w.last = now
	return nil
}

// watch reads from every node until stop is called, which returns what was seen.
func (f *fleet) watch(t *testing.T) (stop func() []*lookout) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var all []*lookout
	var wg sync.WaitGroup
	for _, n := range f.Nodes() {
		w := &lookout{node: n, seen: map[string]map[sight]int{}, last: map[string]sight{}, fails: map[string]int{}}
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
	final := &lookout{seen: map[string]map[sight]int{}, last: map[string]sight{}}
	if err := final.look(t.Context(), f.reader(t, f.Node(1, 1)).Conn()); err != nil {
		t.Fatal(err)
	}
	for _, w := range seen {
		t.Logf("%s: %d looks, %d calls, failures: %v", w.node, w.looks, len(w.last), w.fails)
		if w.looks == 0 {
			t.Errorf("%s was never read", w.node)
		}
		for id, states := range w.seen {
			if states[final.last[id]] == 0 || len(states) > 1 {
				t.Errorf("%s: call %s was seen as %v, it is %v", w.node, id, maps.Collect(maps.All(states)), final.last[id])
			}
		}
		if len(w.gone) > 0 {
			t.Errorf("%s: %d times a call was gone: %v", w.node, len(w.gone), w.gone[:min(3, len(w.gone))])
		}
	}
}

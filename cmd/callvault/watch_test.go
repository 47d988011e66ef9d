package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/native"
)

// watch reads the relations all the time. Each call must have as many rows as at some moment
// of some pass, or none, and no row that was visible may disappear.
type watch struct {
	db    *database
	truth func(at int64) *simulator.Truth

	mu     sync.Mutex
	passes []*spell
	nulls  map[string]bool                        // calls for which the vendor sent less in some pass
	some   bool                                   // whether a pass has asked for the events of some users only
	odd    bool                                   // whether the vendor may have sent less of any call in some pass
	counts map[int64]map[string]map[string]uint64 // instant → relation → CommId → rows
	looks  int
	err    error

	stop context.CancelFunc
	done chan struct{}
}

// spell is the time in which a pass asked, by the clock of the data.
type spell struct {
	from, to int64
	over     bool
}

// watched lists the relations whose rows name their call.
var watched = []string{"rooms", "user_sessions", "quality_samples", "user_events"}

func newWatch(t *testing.T, db *database, truth func(int64) *simulator.Truth) *watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{db: db, truth: truth, nulls: map[string]bool{}, counts: map[int64]map[string]map[string]uint64{}, stop: stop, done: make(chan struct{})}
	go w.run(ctx)
	t.Cleanup(func() { w.end() })
	return w
}

// end stops reading. It returns the number of readings and the errors.
func (w *watch) end() (int, error) {
	w.stop()
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.looks, w.err
}

// begin notes a pass, until the returned function is called.
func (w *watch) begin(at int64) (over func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &spell{from: at, to: at}
	w.passes = append(w.passes, s)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		s.over = true
	}
}

// less notes calls for which the vendor sends less for a while. Their rows are visible
// nevertheless.
func (w *watch) less(poisoned []simulator.Poison) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range poisoned {
		w.nulls[p.CommID] = true
	}
}

// misspeaks notes that the vendor may send less of any call for a while.
func (w *watch) misspeaks() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.odd = true
}

// fewer notes that a pass asks for the events of some users only.
func (w *watch) fewer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.some = true
}

// moved notes that time will pass.
func (w *watch) moved(at int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.passes {
		if !s.over {
			s.to = at
		}
	}
}

// betweenLooks leaves the processor to the programs under test.
const betweenLooks = 100 * time.Millisecond

func (w *watch) run(ctx context.Context) {
	defer close(w.done)
	again := time.NewTicker(betweenLooks)
	defer again.Stop()
	seen := map[string]map[string]uint64{}
	for {
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
		now, err := w.look(ctx)
		if err != nil {
			continue // the engine is being restarted, or has no tables yet
		}
		for _, relation := range watched {
			if err := w.judge(relation, seen[relation], now[relation]); err != nil {
				w.mu.Lock()
				w.err = err
				w.mu.Unlock()
				return
			}
		}
		seen = now
	}
}

// look counts the rows of each call in each relation.
func (w *watch) look(ctx context.Context) (map[string]map[string]uint64, error) {
	found, selects := map[string]map[string]uint64{}, []string{}
	for _, relation := range watched {
		found[relation] = map[string]uint64{}
		selects = append(selects, "SELECT '"+relation+"', toString(comm_id), count() FROM "+relation+" GROUP BY comm_id")
	}
	var relation, id string
	var n uint64
	err := native.Read(ctx, both(w.db.direct()), "calls", strings.Join(selects, " UNION ALL ")+" SETTINGS max_threads = 1", nil, func() { found[relation][id] = n }, &relation, &id, &n)
	return found, err
}

// judge compares the readings with the allowed ones.
func (w *watch) judge(relation string, before, now map[string]uint64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
	for id, n := range before {
		if now[id] < n {
			return fmt.Errorf("%s of %s: %d rows, after %d", relation, id, now[id], n)
		}
	}
	for id, n := range now {
		if n != before[id] && !w.possible(relation, id, n) {
			return fmt.Errorf("%s of %s: %d rows, which it has had at no moment of a pass: %s", relation, id, n, w.known(relation, id))
		}
	}
	return nil
}

// possible reports whether some pass may have seen so many rows.
func (w *watch) possible(relation, id string, n uint64) bool {
	for _, s := range w.passes {
		if (w.odd || w.nulls[id] || w.some && relation == "user_events" || w.at(s.from)[relation][id] <= n) && n <= w.at(s.to)[relation][id] {
			return true
		}
	}
	return false
}

func (w *watch) known(relation, id string) string {
	text := ""
	for _, s := range w.passes {
		text += fmt.Sprintf(" %d–%d", w.at(s.from)[relation][id], w.at(s.to)[relation][id])
	}
	return text
}

// at counts the rows that the calls have at an instant.
func (w *watch) at(instant int64) map[string]map[string]uint64 {
	if known := w.counts[instant]; known != nil {
		return known
	}
	found := map[string]map[string]uint64{}
	for _, relation := range watched {
		found[relation] = map[string]uint64{}
	}
	truth := w.truth(instant)
	for r := range truth.Rooms() {
		found["rooms"][r.CommID]++
	}
	for r := range truth.UserSessions() {
		found["user_sessions"][r.CommID]++
	}
	for r := range truth.QualitySamples() {
		found["quality_samples"][r.CommID]++
	}
	for r := range truth.UserEvents() {
		found["user_events"][r.CommID]++
	}
	w.counts[instant] = found
	return found
}

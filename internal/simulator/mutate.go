package simulator

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"
)

// mutate changes one thing in an answer, if it is drawn, and returns what is
// sent of it.
func (s *Simulator) mutate(ctx context.Context, q *query, root *node) []byte {
	r, ok := q.mutates()
	if !ok {
		return root.appendTo(nil)
	}
	m := &mutator{q: q, r: r, root: root}
	c, ok := m.choose()
	if !ok {
		return root.appendTo(nil)
	}
	q.habit = FaultMutate
	entry := Mutation{
		Kind: c.kind, Path: c.at.path(), Harmless: c.harmless, Undetectable: c.unseen,
		Old: abridged(c.at.n.String()), New: abridged(c.now), CommID: c.at.commID(),
	}
	c.do()
	body := root.appendTo(nil)
	if c.cut > 0 {
		body = body[:max(1, int(float64(len(body))*c.cut))]
	}
	s.log(q, entry)
	if c.late > 0 {
		pause(ctx, c.late)
	}
	return body
}

// mutates draws whether the answer to a query is changed, and what follows
// from. Answers that have met a fault are left alone.
func (q *query) mutates() (*rng, bool) {
	h := q.habits
	if q.nulls != 0 {
		return nil, false
	}
	if h.f.draws(h.f.MutateSticky, saltSticky, h.content) {
		return &rng{hash3(h.f.Seed, saltSticky, h.content)}, true
	}
	asked := hash2(h.content, uint64(h.times))
	if h.f.MutateOnce && h.mutated || !h.f.draws(h.f.Mutate, saltMutate, asked) {
		return nil, false
	}
	return &rng{hash3(h.f.Seed, saltMutate+1000, asked)}, true
}

// mutator chooses what is changed.
type mutator struct {
	q    *query
	r    *rng
	root *node
}

// alteration is a change that can be made.
type alteration struct {
	at               *spot
	kind, now        string // now: what stands there then
	harmless, unseen bool
	do               func()
	cut              float64 // what is sent of the body
	late             time.Duration
}

// choose draws a field of the answer, then one of its values, then the kind of
// change, then the change: a field that is there once is hit as often as one
// that is in each sample.
func (m *mutator) choose() (alteration, bool) {
	whole := &spot{n: m.root}
	byField := map[string][]*spot{"": {whole}}
	for _, sp := range spots(whole, nil) {
		byField[sp.kinds] = append(byField[sp.kinds], sp)
	}
	fields := slices.Sorted(maps.Keys(byField))
	for range 100 {
		all := byField[pick(m.r, fields)]
		found := slices.DeleteFunc(m.changes(pick(m.r, all)), func(c alteration) bool {
			f := m.q.habits.f
			return c.unseen && !f.MutateAny || len(f.MutateKinds) > 0 && !slices.Contains(f.MutateKinds, c.kind)
		})
		if len(found) == 0 {
			continue
		}
		var kinds []string
		for _, c := range found {
			kinds = append(kinds, c.kind)
		}
		slices.Sort(kinds)
		kind := pick(m.r, slices.Compact(kinds))
		return pick(m.r, slices.DeleteFunc(found, func(c alteration) bool { return c.kind != kind })), true
	}
	return alteration{}, false
}

func pick[T any](r *rng, all []T) T { return all[r.next()%uint64(len(all))] }

// path is where a value stands.
func (sp *spot) path() string {
	switch {
	case sp.up == nil:
		return ""
	case sp.up.n.kind == '[':
		return sp.up.path() + "[" + strconv.Itoa(sp.i) + "]"
	case sp.up.up == nil:
		return sp.up.n.keys[sp.i]
	}
	return sp.up.path() + "." + sp.up.n.keys[sp.i]
}

// commID is the CommId of the row of a room list that a value stands in.
func (sp *spot) commID() string {
	for ; sp != nil; sp = sp.up {
		if sp.kinds == "Response.RoomList[]" {
			return sp.n.get("CommId").plain()
		}
	}
	return ""
}

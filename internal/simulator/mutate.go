package simulator

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"
)

// mutate changes one thing in a response, if it is drawn, and returns the bytes to
// send.
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

// mutates draws whether a response is changed, and returns the source of the change. It
// leaves responses alone that have met a fault.
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

// mutator chooses the change.
type mutator struct {
	q    *query
	r    *rng
	root *node
}

// alteration is a possible change.
type alteration struct {
	at               *spot
	kind, now        string // now: the text after the change
	harmless, unseen bool
	do               func()
	cut              float64 // the share of the body to send
	late             time.Duration
}

// choose draws a field of the response, then one of its values, then the kind of
// change, then the change. So a field that exists once is changed as often as one in
// each sample.
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

// path returns the place of a value.
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

// commID returns the CommId of the row of a room list with this value.
func (sp *spot) commID() string {
	for ; sp != nil; sp = sp.up {
		if sp.kinds == "Response.RoomList[]" {
			return sp.n.get("CommId").plain()
		}
	}
	return ""
}

package simulator

import (
	"fmt"
	"slices"
	"sync"
)

// Mutation is one change that Faults.Mutate or MutateSticky made in a healthy response.
type Mutation struct {
	N      int    // from 1, over all
	Action string // of the request
	Kind   string // one of MutationKinds
	Path   string // place of the change, as Response.Data[3].Content[17].Value
	// Harmless changes do not change the meaning: another order, a repeated row, a
	// field that is on no page, a delay.
	Harmless bool
	// Undetectable changes leave a response that could be true. Only Faults.MutateAny
	// makes them.
	Undetectable bool

	SdkAppID uint32
	CommID   string   // of the request, or of the row of a room list
	UserIDs  []string // of the request
	From, To int64    // the window of the request, unix seconds
	Old, New string   // up to 80 characters of the text at Path
}

// mutationKinds lists the kinds in the order in which they are drawn.
var mutationKinds = []string{
	"type",     // a value of another type: text for a number, null for a row
	"value",    // an impossible number, an empty text, a text that is too long
	"key",      // a key renamed, dropped, or repeated with another value
	"order",    // of rows or of fields
	"count",    // another Total
	"repeat",   // a row repeated, counted or not
	"drop",     // a row dropped, Total unchanged
	"half",     // only the first half of the rows, Total unchanged
	"truncate", // half a response
	"delay",    // of 50 to 200 ms
}

// MutationKinds returns the kinds of mutations.
func MutationKinds() []string { return slices.Clone(mutationKinds) }

// mutations logs the changes, and the odd values sent.
type mutations struct {
	mu   sync.Mutex
	all  []Mutation
	odds []Mutation
	seen map[string]bool // the keys of odds
}

// Mutations lists the changes so far.
func (s *Simulator) Mutations() []Mutation {
	s.mutations.mu.Lock()
	defer s.mutations.mu.Unlock()
	return slices.Clone(s.mutations.all)
}

// Odd lists the odd values of Faults.Odd sent so far, each once for each action. Path
// has no indexes, Old is the row.
func (s *Simulator) Odd() []Mutation {
	s.mutations.mu.Lock()
	defer s.mutations.mu.Unlock()
	return slices.Clone(s.mutations.odds)
}

// mutation fills in the fields that follow from the query.
func (q *query) mutation(m Mutation) Mutation {
	m.Action, m.SdkAppID, m.From, m.To = q.name, q.app, q.from, q.to
	if m.CommID == "" {
		m.CommID = q.commID
	}
	m.UserIDs = slices.Clone(q.userIDs)
	if q.userID != "" {
		m.UserIDs = []string{q.userID}
	}
	return m
}

// log logs a mutation of the response to a query.
func (s *Simulator) log(q *query, m Mutation) {
	m = q.mutation(m)
	s.mutations.mu.Lock()
	defer s.mutations.mu.Unlock()
	m.N = len(s.mutations.all) + 1
	s.mutations.all = append(s.mutations.all, m)
}

// odd logs an odd value unless it is known.
func (all *mutations) odd(m Mutation) {
	key := fmt.Sprintln(m.Action, m.SdkAppID, m.CommID, m.Path, m.Old)
	if m.CommID == "" { // a list
		key += fmt.Sprintln(m.From, m.To)
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.seen[key] {
		return
	}
	put(&all.seen, key, true)
	m.N = len(all.odds) + 1
	all.odds = append(all.odds, m)
}

// abridged returns the beginning of a text.
func abridged(text string) string {
	runes := []rune(text[:min(len(text), 400)])
	return string(runes[:min(len(runes), 80)])
}

package simulator

import (
	"fmt"
	"slices"
	"sync"
)

// Mutation is one thing that Faults.Mutate or MutateSticky changed in an
// answer that was healthy.
type Mutation struct {
	N      int    // from 1, over all
	Action string // that was asked
	Kind   string // one of MutationKinds
	Path   string // of what was changed, as Response.Data[3].Content[17].Value
	// Harmless changes say the same as before: another order, a row twice,
	// something in a field that no page names, a delay.
	Harmless bool
	// Undetectable ones leave an answer that could as well be true; they are
	// made with Faults.MutateAny only.
	Undetectable bool

	SdkAppID uint32
	CommID   string   // that was asked for, or of the row of a room list
	UserIDs  []string // that were asked for
	From, To int64    // the window of the request, unix seconds
	Old, New string   // up to 80 characters of what is at Path
}

// mutationKinds in the order in which they are drawn.
var mutationKinds = []string{
	"type",     // a value of another type: text for a number, null for a row
	"value",    // a number that cannot be, a text that is empty or too long
	"key",      // a key renamed, left out, or twice with different values
	"order",    // of rows or of fields
	"count",    // another Total
	"repeat",   // a row twice, counted or not
	"drop",     // a row left out, Total as it was
	"half",     // the first half of the rows only, Total as it was
	"truncate", // half an answer
	"delay",    // of 50 to 200 ms
}

// MutationKinds are the kinds of mutations.
func MutationKinds() []string { return slices.Clone(mutationKinds) }

// mutations is the log of them, and the odd values that were told.
type mutations struct {
	mu   sync.Mutex
	all  []Mutation
	odds []Mutation
	seen map[string]bool // what is among odds
}

// Mutations lists what has been changed in answers so far.
func (s *Simulator) Mutations() []Mutation {
	s.mutations.mu.Lock()
	defer s.mutations.mu.Unlock()
	return slices.Clone(s.mutations.all)
}

// Odd lists the odd values of Faults.Odd that have been told so far, each once
// for each action. Their Path is without numbers, their Old the row.
func (s *Simulator) Odd() []Mutation {
	s.mutations.mu.Lock()
	defer s.mutations.mu.Unlock()
	return slices.Clone(s.mutations.odds)
}

// mutation completes one by the query it was met by.
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

// log enters a mutation of the answer to a query.
func (s *Simulator) log(q *query, m Mutation) {
	m = q.mutation(m)
	s.mutations.mu.Lock()
	defer s.mutations.mu.Unlock()
	m.N = len(s.mutations.all) + 1
	s.mutations.all = append(s.mutations.all, m)
}

// odd enters an odd value, if it is a new one.
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

// abridged is the beginning of a text.
func abridged(text string) string {
	runes := []rune(text[:min(len(text), 400)])
	return string(runes[:min(len(runes), 80)])
}

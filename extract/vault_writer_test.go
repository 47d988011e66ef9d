package extract_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// writer is the archive that one pass writes to. Added parts wait in it for a flush, which
// comes at random. A writer that is dropped is a process that was killed.
type writer struct {
	*vault
	chance *rand.Rand
	units  map[call.Unit]*building
	ending []*building
}

// building is a unit between its first part and its end.
type building struct {
	unit              call.Unit
	added             [2]*batch // open, settled: not inserted yet
	batches           []*batch  // inserted by this writer, or adopted
	resumed, keepOpen bool
	end               *ledger.Entry
}

func (v *vault) writer(chance *rand.Rand) *writer {
	return &writer{vault: v, chance: chance, units: map[call.Unit]*building{}}
}

func (w *writer) building(u call.Unit) (*building, error) {
	b := w.units[u]
	if b == nil {
		b = &building{unit: u}
		w.units[u] = b
	}
	if b.end != nil {
		return nil, fmt.Errorf("%s %s is being ended", u.Kind, u.Key)
	}
	return b, nil
}

// Resume continues with the settled parts, visible or waiting.
func (w *writer) Resume(_ context.Context, u call.Unit) (known call.Known, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	held, err := w.resume(u, func(b *batch) bool { return b.settled })
	for _, x := range held {
		for _, p := range x.parts {
			known.Parts = append(known.Parts, p.Part)
			known.Sessions = append(known.Sessions, p.rows.Sessions...)
		}
	}
	return known, err
}

// ResumeAll also keeps the visible open parts.
func (w *writer) ResumeAll(_ context.Context, u call.Unit, _ time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.resume(u, func(*batch) bool { return true })
	if err == nil {
		w.units[u].keepOpen = true
	}
	return err
}

// resume begins a unit with the visible batches that stays selects, and adopts waiting
// settled batches that share no seconds with them.
func (w *writer) resume(u call.Unit, stays func(*batch) bool) (held []*batch, err error) {
	b, err := w.building(u)
	if err != nil {
		return nil, err
	}
	b.resumed = true
	s := w.of(u)
	for _, x := range s.visible {
		if stays(x) {
			held = append(held, x)
		}
	}
	for _, x := range s.waiting {
		if _, twice := overlap(append(slices.Clone(held), x)); x.settled && !twice {
			held = append(held, x)
			b.batches = append(b.batches, x)
		}
	}
	return held, nil
}

func (w *writer) Add(_ context.Context, u call.Unit, p call.Part, r call.Rows) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, err := w.building(u)
	if err != nil {
		return err
	}
	half := &b.added[0]
	if p.Settled {
		half = &b.added[1]
	}
	if *half == nil {
		*half = &batch{settled: p.Settled}
	}
	(*half).parts = append((*half).parts, newPart(u, p, r))
	return w.maybeFlush()
}

func (w *writer) End(_ context.Context, e ledger.Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, err := w.building(e.Unit)
	if err != nil {
		return err
	}
	b.end = &e
	w.ending = append(w.ending, b)
	return w.maybeFlush()
}

func (w *writer) Abandon(u call.Unit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b := w.units[u]; b != nil && b.end == nil {
		delete(w.units, u)
	}
}

func (w *writer) Flush(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flush()
}

// Keep numbers the responses, and keeps them if the vault does.
func (w *writer) Keep(_ context.Context, _ call.AppID, a ask.Answer) (uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept++
	id := call.ErasedResponse + w.kept
	if w.bodies != nil {
		w.bodies[id] = slices.Clone(a.Body)
	}
	return id, nil
}

// Close flushes, as at the regular end of a process.
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flush()
}

func (w *writer) maybeFlush() error {
	if w.chance.IntN(40) > 0 {
		return nil
	}
	return w.flush()
}

// flush inserts the added parts and then ends units.
func (w *writer) flush() error {
	for _, b := range w.units {
		for _, half := range b.added {
			if half != nil {
				b.batches = append(b.batches, half)
				w.of(b.unit).waiting = append(w.of(b.unit).waiting, half)
			}
		}
		b.added = [2]*batch{}
	}
	for _, b := range w.ending {
		delete(w.units, b.unit)
		if b.end.State != ledger.Failed {
			if err := w.commit(b); err != nil {
				return err
			}
		}
		if b.end.State == ledger.Archived && len(w.rowsOf(b.unit)) == 0 {
			b.end.State = ledger.Empty
		}
		w.ledger[b.unit] = *b.end
	}
	w.ending = nil
	return nil
}

// rowsOf returns the visible parts of a unit that have rows.
func (v *vault) rowsOf(u call.Unit) (parts []part) {
	for _, b := range v.of(u).visible {
		for _, p := range b.parts {
			if p.sums != (sums{}) {
				parts = append(parts, p)
			}
		}
	}
	return parts
}

// subtract takes the visible rows of a unit from a count of rows.
func (v *vault) subtract(u call.Unit, count map[any]int) {
	for _, p := range v.rowsOf(u) {
		for _, row := range p.each(u) {
			count[row]--
		}
		if p.rows.Samples != nil {
			for row := range p.samples(u) {
				count[row]--
			}
		}
	}
}

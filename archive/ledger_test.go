package archive

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// tables is the ledger as ClickHouse answers from it. It may fail within an answer.
type tables struct {
	rand  *rand.Rand
	units map[call.Unit]ledger.Row
	asked int // number of queries
}

var errAway = errors.New("away")

func (s *tables) away() bool { s.asked++; return s.rand.IntN(4) == 0 }

func (s *tables) Rows(_ context.Context, f ledger.Filter, each func(ledger.Row)) error {
	var found []ledger.Row
	for u, r := range s.units {
		current := f.Current.IsZero() || u.Kind == call.UnitList || !r.State.Final() || u.Kind != call.UnitCall && !r.StartsAt.Before(f.Current)
		if u.App == f.App && current && (f.Kind == "" || u.Kind == f.Kind) && (f.Keys == nil || slices.Contains(f.Keys, u.Key)) &&
			(f.States == nil || slices.Contains(f.States, r.State)) && (f.DeadlineBefore.IsZero() || r.Deadline.Before(f.DeadlineBefore)) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b ledger.Row) int {
		if c := strings.Compare(string(a.Unit.Kind), string(b.Unit.Kind)); c != 0 {
			return c
		}
		if c := a.StartsAt.Compare(b.StartsAt); c != 0 {
			return c
		}
		return strings.Compare(a.Unit.Key, b.Unit.Key)
	})
	broken := s.away()
	for i, r := range found {
		if broken && i == len(found)/2 {
			return errAway
		}
		each(r)
	}
	return nil
}

func (s *tables) HeldUntil(_ context.Context, app call.AppID, kind call.UnitKind) (until time.Time, err error) {
	if s.away() {
		return until, errAway
	}
	for u, r := range s.units {
		if u.App == app && u.Kind == kind && r.HeldUntil.After(until) {
			until = r.HeldUntil
		}
	}
	return until, nil
}

func (s *tables) FinalCalls(_ context.Context, app call.AppID, since time.Time, most int) (map[string]bool, error) {
	if s.away() {
		return nil, errAway
	}
	found := map[string]bool{}
	for u, r := range s.units {
		if u.App == app && u.Kind == call.UnitCall && r.State.Final() && !r.StartsAt.Before(since) {
			found[u.Key] = true
		}
	}
	if len(found) > most || s.rand.IntN(4) == 0 {
		return nil, nil // there are too many
	}
	return found, nil
}

// untilAnswered repeats a query while ClickHouse does not answer.
func untilAnswered(ctx context.Context, ask func(context.Context) error) error {
	for {
		if err := ask(ctx); !errors.Is(err, errAway) {
			return err
		}
	}
}

// TestRememberedLedger checks that the cached ledger answers as the stored one does,
// whatever a pass writes.
func TestRememberedLedger(t *testing.T) {
	seed := rand.Uint64()
	if n, err := strconv.ParseUint(os.Getenv("CALLVAULT_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("seed %d (CALLVAULT_SEED repeats it)", seed)
	for i := range uint64(300) {
		h := newHistory(t, rand.New(rand.NewPCG(seed, i)))
		for range 30 {
			h.step()
			if t.Failed() {
				t.Fatalf("history %d of seed %d", i, seed)
			}
		}
	}
}

// history is a random pass and the ledger that it writes.
type history struct {
	*testing.T
	rand       *rand.Rand
	now        time.Time
	tables     *tables
	stored     Ledger
	remembered *remembered
	days       map[call.Unit]call.DailyScale // visible
	noted      map[call.Unit]bool            // calls that the pass has noted as pending, and not ended yet
}

func newHistory(t *testing.T, r *rand.Rand) *history {
	h := &history{T: t, rand: r, now: time.Date(2026, 11, 30, 4, 0, 0, 0, time.UTC), tables: &tables{r, map[call.Unit]ledger.Row{}, 0}, days: map[call.Unit]call.DailyScale{}, noted: map[call.Unit]bool{}}
	h.stored = Ledger{h.tables, untilAnswered}
	h.remembered = &remembered{Ledger: h.stored, since: h.now.Add(-16 * 24 * time.Hour), latest: h.now.Add(-latest), apps: map[call.AppID]*known{}}
	h.remembered.readScale = func(_ context.Context, app call.AppID, since time.Time, f func(call.DailyScale)) error {
		for u, d := range h.days {
			if u.App == app && !d.Start.Before(since) {
				f(d)
			}
		}
		return nil
	}
	for range r.IntN(40) {
		h.write()
	}
	h.remembered.apps, h.noted = map[call.AppID]*known{}, map[call.Unit]bool{} // the pass begins
	return h
}

// unit returns one of a few units, so that units are written repeatedly.
func (h *history) unit() (call.Unit, time.Time) {
	kinds := []call.UnitKind{call.UnitCall, call.UnitCall, call.UnitList, call.UnitUnusual, call.UnitScale}
	starts := h.now.Truncate(24 * time.Hour).Add(-time.Duration(h.rand.IntN(20)) * 24 * time.Hour)
	u := call.Unit{App: call.AppID(1 + h.rand.IntN(2)), Kind: kinds[h.rand.IntN(len(kinds))], Key: starts.Format(time.RFC3339)}
	if u.Kind == call.UnitCall {
		u.Key = fmt.Sprint("call of ", u.Key)
	}
	return u, starts
}

// write writes an entry of a unit that is not final.
func (h *history) write() {
	u, starts := h.unit()
	was, known := h.tables.units[u]
	if known && was.State.Final() {
		return
	}
	states := []ledger.State{ledger.Pending, ledger.Provisional, ledger.Failed, ledger.Archived, ledger.Empty, ledger.Lost}
	e := ledger.Entry{Unit: u, State: states[h.rand.IntN(len(states))], StartsAt: starts, Deadline: starts.Add(14 * 24 * time.Hour), Attempts: h.rand.IntN(3)}
	if known && e.State == ledger.Pending {
		e.State = ledger.Failed // a pass notes a call as pending when it learns of it
	}
	h.noted[u] = u.Kind == call.UnitCall && e.State == ledger.Pending
	if u.Kind == call.UnitList {
		e.HeldUntil = was.HeldUntil
		if until := starts.Add(time.Duration(h.rand.IntN(25)) * time.Hour); until.After(was.HeldUntil) {
			e.HeldUntil = until
		}
	}
	if u.Kind == call.UnitScale && e.State == ledger.Archived {
		h.days[u] = call.DailyScale{Start: starts, RoomNumber: h.rand.Uint64N(9)}
	}
	h.tables.units[u] = ledger.Row{Entry: e}
	h.remembered.wrote(e)
}

func (h *history) step() {
	ctx, app := h.Context(), call.AppID(1+h.rand.IntN(2))
	switch h.rand.IntN(5) {
	case 0:
		by := h.now.Add(time.Duration(h.rand.IntN(20*24)-6*24) * time.Hour)
		h.same("overdue", func(l extract.Ledger) any {
			all := slices.DeleteFunc(must(l.Overdue(ctx, app, by)), func(e ledger.Entry) bool { return h.noted[e.Unit] })
			return append([]ledger.Entry{}, all...)
		})
	case 1:
		h.same("listed until", func(l extract.Ledger) any { return must(l.ListedUntil(ctx, app)) })
	case 2:
		u, _ := h.unit()
		keys := []string{u.Key, "unheard of"}
		for range h.rand.IntN(20) {
			if x, _ := h.unit(); x.Kind == u.Kind {
				keys = append(keys, x.Key)
			}
		}
		h.entries(app, u.Kind, keys)
	default:
		h.write()
	}
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func (h *history) same(what string, ask func(extract.Ledger) any) {
	h.Helper()
	if d := cmp.Diff(ask(h.stored), ask(h.remembered)); d != "" {
		h.Errorf("%s (-stored +remembered):\n%s", what, d)
	}
}

// entries compares the known entries. For a final call the cached ledger may know only that
// it is final. It need not know final hours and days from before its window. Units that the
// pass has written may have rows.
func (h *history) entries(app call.AppID, kind call.UnitKind, keys []string) {
	stored, remembered := must(h.stored.Entries(h.Context(), app, kind, keys)), must(h.remembered.Entries(h.Context(), app, kind, keys))
	for _, key := range keys {
		want, known := stored[key]
		got, found := remembered[key]
		switch {
		case kind == call.UnitCall && want.State.Final():
			if !got.State.Final() {
				h.Errorf("%s is %s, not %s", key, got.State, want.State)
			}
			continue
		case !found && want.State.Final() && (kind == call.UnitUnusual || kind == call.UnitScale) && want.StartsAt.Before(h.remembered.since):
			continue
		case got.Day != nil && *got.Day != h.days[got.Unit]:
			h.Errorf("%s is %v, not %v", key, *got.Day, h.days[got.Unit])
		}
		got.Waiting, got.Day = false, nil
		if d := cmp.Diff(want, got); known != found || d != "" {
			h.Errorf("%s %s: known %v, remembered %v (-stored +remembered):\n%s", kind, key, known, found, d)
		}
	}
}

// TestRememberedAsksLittle checks that the cache reads everything of an application once,
// and then only unknown calls by key.
func TestRememberedAsksLittle(t *testing.T) {
	h := newHistory(t, rand.New(rand.NewPCG(1, 1)))
	h.tables.rand = rand.New(steady{}) // ClickHouse always answers
	l, ctx := h.remembered, t.Context()
	ask := func() {
		must(l.Overdue(ctx, 1, h.now))
		must(l.ListedUntil(ctx, 1))
		must(l.Entries(ctx, 1, call.UnitUnusual, []string{"a", "b"}))
		must(l.Entries(ctx, 1, call.UnitList, []string{"a"}))
	}
	ask()
	asked := h.tables.asked
	ask()
	if h.tables.asked != asked {
		t.Errorf("the ledger was asked %d times more", h.tables.asked-asked)
	}
	must(l.Entries(ctx, 1, call.UnitCall, []string{"new"}))
	if h.tables.asked != asked+1 {
		t.Errorf("of a new call, the ledger was asked %d times", h.tables.asked-asked)
	}
}

// steady always returns the greatest number.
type steady struct{}

func (steady) Uint64() uint64 { return 1<<64 - 1 }

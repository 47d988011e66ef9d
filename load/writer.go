package load

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// State of an archived unit.
type State string

const (
	Provisional State = "provisional" // as far as it went; to be archived again
	Archived    State = "archived"    // final
)

// Commit says what the ledger shall know about a unit.
type Commit struct {
	State    State
	StartsAt time.Time // creation of the call, start of the hour or of the day
}

// WriterOptions bound a Writer. What it holds is at most MaxRows and MaxBytes
// twice (one part being filled, one being inserted), and what each goroutine
// adds at once.
type WriterOptions struct {
	MaxRows  int           // rows that make an insert (500,000)
	MaxBytes int           // bytes of rows that make an insert (64 MiB)
	MaxAge   time.Duration // a Commit flushes rows that have waited so long (5 s)

	Attempts       int           // how often an insert is tried (6)
	AttemptTimeout time.Duration // of one insert (2 min)
	Backoff        time.Duration // first pause after a failure; it doubles, with jitter (200 ms)

	// OnCommit is called after a unit is visible and in the ledger, from the
	// goroutine that flushed; it must not call the Writer.
	OnCommit func(call.Unit, Counts)
	// OnRetry is called before each pause after a failed attempt.
	OnRetry func(error, time.Duration)
}

// commitDelay is how long after its client has gone a commit may still arrive.
const commitDelay = time.Minute

// Writer collects the rows of units and inserts them in large blocks. It is
// safe for concurrent use as long as one unit is added by one goroutine at a
// time. A method that fills the Writer up flushes it before it returns, and so
// slows its caller down to ClickHouse's pace. After an error of a flush every
// method returns that error: what was not committed is for a later run.
type Writer struct {
	store *Store
	run   string
	opt   WriterOptions

	turn chan struct{} // holds one token: the right to insert

	mu     sync.Mutex
	err    error // of the first failed flush, or ErrClosed
	buf    *buffer
	units  map[call.Unit]*unitState
	commit []*unitState // to be committed with the next flush
	since  time.Time    // when buf or commit became non-empty
}

// unitState is one unit between its first row and its commit.
type unitState struct {
	unit      call.Unit
	counts    Counts
	loads     []uint64 // inserted and acknowledged; written under turn and mu
	load      uint64   // of the insert under way; under turn
	commit    Commit
	ready     bool // commit was called
	abandoned bool
}

// NewWriter makes a Writer for the run named runID.
func (s *Store) NewWriter(runID string, o WriterOptions) *Writer {
	o.MaxRows = orDefault(o.MaxRows, 500_000)
	o.MaxBytes = orDefault(o.MaxBytes, 64<<20)
	o.MaxAge = orDefault(o.MaxAge, 5*time.Second)
	o.Attempts = orDefault(o.Attempts, 6)
	o.AttemptTimeout = orDefault(o.AttemptTimeout, 2*time.Minute)
	o.Backoff = orDefault(o.Backoff, 200*time.Millisecond)
	w := &Writer{store: s, run: runID, opt: o, turn: make(chan struct{}, 1), buf: &buffer{}, units: map[call.Unit]*unitState{}}
	w.turn <- struct{}{}
	return w
}

// Room adds the room of a call.
func (w *Writer) Room(ctx context.Context, u call.Unit, r call.Room) error {
	if err := checkTimes(u, "created_at", r.CreatedAt); err != nil {
		return err
	}
	if !r.DestroyedAt.IsZero() {
		if err := checkTimes(u, "destroyed_at", r.DestroyedAt); err != nil {
			return err
		}
	}
	return w.add(ctx, u, Counts{Rooms: 1}, func(s *unitState) { w.buf.addRoom(s, r) })
}

// Sessions adds stays in the call commID. A session without a RoomID gets
// roomID. The slice is the caller's again on return.
func (w *Writer) Sessions(ctx context.Context, u call.Unit, commID, roomID string, list []call.Session) error {
	for i := range list {
		if err := checkTimes(u, "joined_at", list[i].JoinedAt); err != nil {
			return err
		}
		if !list[i].LeftAt.IsZero() {
			if err := checkTimes(u, "left_at", list[i].LeftAt); err != nil {
				return err
			}
		}
	}
	return w.add(ctx, u, Counts{Sessions: uint64(len(list))}, func(s *unitState) { w.buf.addSessions(s, commID, roomID, list) })
}

// Samples adds series of the call commID, to which they need not be complete:
// a large call comes in pieces. The columns are copied; x is the caller's
// again on return.
func (w *Writer) Samples(ctx context.Context, u call.Unit, commID, roomID string, x *call.Samples) error {
	rows := 0
	for _, s := range x.Series {
		rows += s.Rows
	}
	if rows != len(x.Time) || rows != len(x.Value) {
		return fmt.Errorf("add samples of %s: %d rows of series, %d times, %d values", u.Key, rows, len(x.Time), len(x.Value))
	}
	n := Counts{Samples: uint64(rows), NullSamples: uint64(x.Nulls)}
	return w.add(ctx, u, n, func(s *unitState) { w.buf.samples.add(s, commID, roomID, x) })
}

// Events adds entries of users' event logs in the call commID. An event
// without a RoomID gets roomID. The slice is the caller's again on return.
func (w *Writer) Events(ctx context.Context, u call.Unit, commID, roomID string, list []call.Event) error {
	for i := range list {
		if err := checkTimes(u, "ts", list[i].Time); err != nil {
			return err
		}
	}
	return w.add(ctx, u, Counts{Events: uint64(len(list))}, func(s *unitState) { w.buf.addEvents(s, commID, roomID, list) })
}

// UnusualEvents adds bad experiences and their causes. The slice is the
// caller's again on return.
func (w *Writer) UnusualEvents(ctx context.Context, u call.Unit, list []call.UnusualEvent) error {
	for i := range list {
		if err := checkTimes(u, "ts", list[i].Time); err != nil {
			return err
		}
	}
	return w.add(ctx, u, Counts{Unusual: uint64(len(list))}, func(s *unitState) { w.buf.addUnusual(s, list) })
}

// DailyScale adds the count of one day.
func (w *Writer) DailyScale(ctx context.Context, u call.Unit, d call.DailyScale) error {
	if err := checkTimes(u, "day_start", d.Start); err != nil {
		return err
	}
	return w.add(ctx, u, Counts{Days: 1}, func(s *unitState) { w.buf.addDay(s, d) })
}

// checkTimes refuses what a DateTime cannot hold.
func checkTimes(u call.Unit, column string, t time.Time) error {
	if sec := t.Unix(); sec < 0 || sec > 1<<32-1 {
		return fmt.Errorf("add rows of %s %s: %s %s is out of range", u.Kind, u.Key, column, t.UTC().Format(time.RFC3339))
	}
	return nil
}

// add counts rows and puts them into the buffer, which it flushes when full.
func (w *Writer) add(ctx context.Context, u call.Unit, n Counts, put func(*unitState)) error {
	w.mu.Lock()
	if w.err != nil {
		defer w.mu.Unlock()
		return w.err
	}
	s := w.state(u)
	if s.ready {
		defer w.mu.Unlock()
		return fmt.Errorf("add rows of %s %s: it is being committed", u.Kind, u.Key)
	}
	s.counts.Add(n)
	put(s)
	w.touch()
	full := w.full()
	w.mu.Unlock()
	if full {
		return w.flush(ctx, false)
	}
	return nil
}

// state finds or begins the unit. The caller holds mu.
func (w *Writer) state(u call.Unit) *unitState {
	s := w.units[u]
	if s == nil {
		s = &unitState{unit: u}
		w.units[u] = s
	}
	return s
}

// touch notes when the buffer began to fill. The caller holds mu.
func (w *Writer) touch() {
	if w.since.IsZero() {
		w.since = time.Now()
	}
}

// full says whether the buffer makes an insert. The caller holds mu.
func (w *Writer) full() bool {
	return w.buf.rows() >= w.opt.MaxRows || w.buf.bytes() >= w.opt.MaxBytes
}

// Commit says that all rows of the unit have been added, none if it has none.
// It becomes visible, in the place of what was there before, with the next
// flush.
func (w *Writer) Commit(ctx context.Context, u call.Unit, c Commit) error {
	if err := checkTimes(u, "starts_at", c.StartsAt); err != nil {
		return err
	}
	w.mu.Lock()
	if w.err != nil {
		defer w.mu.Unlock()
		return w.err
	}
	s := w.state(u)
	if s.ready {
		defer w.mu.Unlock()
		return fmt.Errorf("commit %s %s: it is being committed", u.Kind, u.Key)
	}
	s.ready, s.commit = true, c
	w.commit = append(w.commit, s)
	w.touch()
	old := time.Since(w.since) >= w.opt.MaxAge || len(w.commit) >= maxCommits
	w.mu.Unlock()
	if old {
		return w.flush(ctx, true)
	}
	return nil
}

// Abandon forgets what was added to the unit; what was inserted of it stays
// hidden and is purged. It may be added again from the beginning. After Commit
// it may be too late, and does nothing then.
func (w *Writer) Abandon(u call.Unit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.units[u]
	if s == nil || s.ready {
		return
	}
	s.abandoned = true
	delete(w.units, u)
	w.store.closeIDs(s.loads)
}

// Flush inserts what was added and commits what was to be committed.
func (w *Writer) Flush(ctx context.Context) error { return w.flush(ctx, true) }

// Close flushes and gives up the units that were not committed.
func (w *Writer) Close(ctx context.Context) error {
	err := w.flush(ctx, true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.units {
		if s.ready { // its commit failed, or so it seemed
			w.store.doubtIDs(s.loads, time.Now().Add(w.opt.AttemptTimeout+commitDelay))
		} else {
			w.store.closeIDs(s.loads)
		}
	}
	clear(w.units)
	if w.err == nil {
		w.err = ErrClosed
	}
	if err == ErrClosed {
		return nil
	}
	return err
}

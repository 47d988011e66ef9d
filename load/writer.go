package load

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.opentelemetry.io/otel/trace"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/aggregate"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/retry"
)

// WriterOptions bound a Writer. It holds at most twice MaxRows and MaxBytes, because one
// buffer is filled while another is inserted. In addition it holds the rows that each
// goroutine is adding, the columns of an INSERT, and the summaries that wait for a commit
// (maxSummed).
type WriterOptions struct {
	MaxRows  int // rows that make a flush (4,000,000). Its statements cost as much as 300,000 rows
	MaxBytes int // bytes of rows that make a flush (64 MiB)
	// BlockRows is the most samples of one INSERT, which become one part (MaxRows). On a
	// compressed connection the whole block is in memory (500,000).
	BlockRows int
	// MaxAge is how long rows and ended units wait. After that, the next end of a unit
	// flushes them (5 s).
	MaxAge time.Duration

	Attempts       int           // how often an insert is tried (as retry.Patience says)
	AttemptTimeout time.Duration // of one insert (2 min)
	Backoff        time.Duration // first pause after a failure (as retry.Patience says)

	// Guard is an SQL condition that must hold at the server for units to become visible:
	// that the lease is still held (nil: none).
	Guard hidden.Guard
	// KeepRaw is how long raw responses are kept (0: not at all).
	KeepRaw time.Duration
	// Span is what flushes are part of. It may be nil.
	Span trace.Span
	// OnRetry is called before each pause after a failed attempt. It may be nil.
	OnRetry func(error, time.Duration)
	// Erased is who was erased (nil: the Writer reads it).
	Erased *erased.Set
	// Together makes all units become visible in one step, by Flush or Close.
	Together bool
}

// commitDelay is how long a commit may still arrive after its client has gone.
const commitDelay = time.Minute

// Writer collects the rows of units and inserts them in large blocks. It is safe for
// concurrent use. A method that fills the Writer flushes it before it returns, which slows
// its caller down to the pace of ClickHouse. After a flush has failed, every method returns
// its error: a later run archives the units that were not committed.
type Writer struct {
	archive Archive
	conn    driver.Conn // of archive, to its tables
	ids     *hidden.IDs // of archive
	ledger  ledger.Ledger
	run     string
	opt     WriterOptions

	turn chan struct{} // holds one token: the right to insert
	pool samplePool
	raw  *rawQueue

	gone atomic.Pointer[erased.Set] // who was erased, as it was when the Writer first asked; nil: it has not

	merged  *aggregate.Histogram // empty, for the current flush; under turn, like carried
	carried map[*unitState]*content

	mu     sync.Mutex
	err    error // of the first failed flush, or ErrClosed
	buf    *buffer
	sums   *aggregate.Histogram // empty, for the next Add
	units  map[call.Unit]*unitState
	ending []*unitState // the next flush that is due ends them
	notes  []ledger.Row // written with ending, or by Close
	wrote  bool         // rows of units
	summed int          // rows of the summaries that wait with ending
	since  time.Time    // when the oldest of buf and ending came
}

// ErrClosed is returned after the Writer has been closed.
const ErrClosed = retry.Final("writer is closed")

// Archive is where a Writer writes: a store.Store.
type Archive interface {
	StoreConn() driver.Conn // to the database of the tables
	Database() string       // of the relations
	InsertSamples(context.Context, []native.Run) error
	IDs() *hidden.IDs
	ClickHouse() *clickhouse.Options
	Cluster() *cluster.Cluster // the servers that have the tables
}

// NewWriter makes a Writer for the run named runID.
func NewWriter(a Archive, runID string, o WriterOptions) *Writer {
	o.MaxRows = cmp.Or(o.MaxRows, 4_000_000)
	o.MaxBytes = cmp.Or(o.MaxBytes, 64<<20)
	if a.ClickHouse().Compression != nil {
		o.BlockRows = cmp.Or(o.BlockRows, 500_000)
	}
	o.BlockRows = cmp.Or(o.BlockRows, o.MaxRows)
	o.MaxAge = cmp.Or(o.MaxAge, 5*time.Second)
	o.AttemptTimeout = cmp.Or(o.AttemptTimeout, 2*time.Minute)
	w := &Writer{
		archive: a, conn: a.StoreConn(), ids: a.IDs(), ledger: ledger.Of(a), run: runID, opt: o, turn: make(chan struct{}, 1), pool: newSamplePool(o.MaxBytes), raw: newRawQueue(),
		buf: &buffer{}, sums: new(aggregate.Histogram), merged: new(aggregate.Histogram), carried: map[*unitState]*content{}, units: map[call.Unit]*unitState{},
	}
	w.turn <- struct{}{}
	w.gone.Store(o.Erased)
	return w
}

// Samples returns empty samples with room for about so many rows. The caller fills them and
// passes them to Add. They reuse the memory of samples added before.
func (w *Writer) Samples(rows int) *call.Samples { return w.pool.get(rows) }

// Add adds a part of a unit with its rows. From then on the samples belong to the Writer,
// whatever Add returns. Everything else in r is copied and stays the caller's.
//
// Add leaves out what was erased (package erased). Nothing is added of a part without the rest.
func (w *Writer) Add(ctx context.Context, u call.Unit, p call.Part, r call.Rows) error {
	if err := checkRows(u, &r); err != nil {
		return err
	}
	gone, err := w.erased(ctx)
	if err != nil {
		return err
	}
	if !gone.Strip(u, &p, &r) {
		return w.failure()
	}
	w.mu.Lock()
	if w.err != nil {
		defer w.mu.Unlock()
		return w.err
	}
	s := w.state(u)
	if s.ending != nil {
		defer w.mu.Unlock()
		return fmt.Errorf("add rows of %s %s: it is being ended", u.Kind, u.Key)
	}
	s.counts.Add(countsOf(&r))
	w.buf.add(s.half(p.Settled), p, &r, w.sums)
	return w.added(ctx)
}

// added flushes a full buffer. The caller holds mu; added unlocks it.
func (w *Writer) added(ctx context.Context) error {
	w.touch()
	full := w.full()
	w.mu.Unlock()
	if full {
		return w.flush(ctx, false)
	}
	return nil
}

// erased returns who was erased. The caller may change nothing of it.
func (w *Writer) erased(ctx context.Context) (*erased.Set, error) {
	if s := w.gone.Load(); s != nil {
		return s, nil
	}
	var s *erased.Set
	err := w.Retry(ctx, func(ctx context.Context) (err error) {
		s, err = erased.Read(ctx, w.archive)
		return err
	})
	if err == nil {
		w.gone.CompareAndSwap(nil, s)
	}
	return w.gone.Load(), err
}

// state finds or begins the unit. The caller holds mu.
func (w *Writer) state(u call.Unit) *unitState {
	s := w.units[u]
	if s == nil {
		s = newUnitState(u)
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

// full reports whether the buffer is enough for a flush. The caller holds mu.
func (w *Writer) full() bool {
	return w.buf.rows() >= w.opt.MaxRows || w.buf.bytes() >= w.opt.MaxBytes
}

// End ends a unit after all of its parts have been added. With the first flush after MaxAge,
// or earlier, the unit becomes visible and the ledger has e. An Archived unit without rows
// becomes Empty. A Failed unit does not become visible; its settled parts stay for Resume.
func (w *Writer) End(ctx context.Context, e ledger.Entry) error {
	if err := checkTime(e.Unit, "starts_at", e.StartsAt); err != nil {
		return err
	}
	gone, err := w.erased(ctx)
	if err != nil {
		return err
	}
	e = gone.Entry(e)
	w.mu.Lock()
	if w.err != nil {
		defer w.mu.Unlock()
		return w.err
	}
	s := w.state(e.Unit)
	if s.ending != nil {
		defer w.mu.Unlock()
		return fmt.Errorf("end %s %s: it is being ended", e.Unit.Kind, e.Unit.Key)
	}
	if e.State == ledger.Archived && s.counts.Rows() == 0 {
		e.State = ledger.Empty
	}
	s.ending = &e
	w.ending = append(w.ending, s)
	w.touch()
	due := w.due()
	w.mu.Unlock()
	if due {
		return w.flush(ctx, true)
	}
	return nil
}

// Abandon forgets the rows that were added to the unit. Inserted rows stay hidden. The unit
// may be added again from the beginning. After End, Abandon does nothing.
func (w *Writer) Abandon(u call.Unit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.units[u]
	if s == nil || s.ending != nil {
		return
	}
	s.dropped = true
	delete(w.units, u)
	w.ids.Close(s.loads())
}

// Waiting returns how many rows have been added and are not being inserted yet.
func (w *Writer) Waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.rows()
}

// Flush inserts the added rows and ends the units that End was called for.
func (w *Writer) Flush(ctx context.Context) error { return w.flush(ctx, true) }

// Close flushes, and gives up the units that were not ended. Their settled parts stay for
// Resume.
func (w *Writer) Close(ctx context.Context) error {
	err := w.flush(ctx, true)
	if err == nil {
		err = w.finish(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.units {
		if s.ending != nil { // the commit failed, or its outcome is unknown
			w.ids.Doubt(s.loads(), time.Now().Add(w.opt.AttemptTimeout+commitDelay))
		} else {
			w.ids.Close(s.loads())
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

// finish writes the waiting notes and responses. If the run has inserted nothing, it keeps
// only the responses that could not be read whole.
func (w *Writer) finish(ctx context.Context) error {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { w.turn <- struct{}{} }()
	if !w.wrote {
		w.raw.forget()
	}
	if w.raw.any() {
		err := w.Retry(ctx, func(ctx context.Context) error { return w.raw.insert(ctx, 0, w.insertResponses) })
		if err != nil {
			return err
		}
	}
	return w.writeNotes(ctx)
}

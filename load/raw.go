package load

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/bodies"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/native"
)

// Response is one answer of the vendor, as it came.
type Response struct {
	ID      uint64
	App     call.AppID
	Action  string
	Request []byte // JSON as it was sent
	Body    []byte
	Asked   time.Time
	Reason  string // why it could not be read whole; "": it could
	// Run asked for it, and it is kept until Expires. KeepResponse sets both.
	Run     string
	Expires time.Time
	// Recycle, unless nil, is called when the Writer no longer needs Body.
	Recycle func()
}

// KeepResponse keeps a response for as long as the options say, and returns its id, or 0 if
// no responses are kept. It always keeps a response that could not be read whole. A response
// that names somebody who was erased is not kept, and has the id call.ErasedResponse. The
// response then belongs to the Writer. It is inserted with the rows collected so far, or
// earlier.
func (w *Writer) KeepResponse(ctx context.Context, r Response) (uint64, error) {
	if w.opt.KeepRaw == 0 && r.Reason == "" {
		return 0, nil
	}
	if err := w.failure(); err != nil {
		return 0, err
	}
	gone, err := w.erased(ctx)
	if err != nil {
		return 0, err
	}
	body, keep := gone.Answer(r.App, r.Request, r.Body, r.Asked)
	if !keep {
		if r.Recycle != nil {
			r.Recycle()
		}
		return call.ErasedResponse, nil
	}
	r.Body, r.Reason = body, gone.Text(r.App, r.Reason)
	r.ID, r.Run, r.Expires = w.ids.New(), w.run, r.Asked.Add(w.opt.KeepRaw)
	if r.Reason != "" {
		r.Expires = catalogue.UnreadExpires()
	}
	if !w.raw.add(r) {
		return r.ID, nil
	}
	err = w.Retry(w.inFlush(ctx), func(ctx context.Context) error { return w.raw.insert(ctx, rawBatch, w.insertResponses) })
	if err != nil && ctx.Err() == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = cmp.Or(w.err, err)
	}
	return r.ID, err
}

// failure returns the error that the Writer has failed with, if any.
func (w *Writer) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// rawBatch is about how many bytes of responses go into one insert.
const rawBatch = 4 << 20

// rawQueue holds the responses that wait to be inserted. They wait less long than rows,
// because they have three times as many bytes. It is safe for concurrent use.
type rawQueue struct {
	turn chan struct{} // holds one token: the right to insert

	mu      sync.Mutex
	waiting []Response
	bytes   int
}

func newRawQueue() *rawQueue {
	q := &rawQueue{turn: make(chan struct{}, 1)}
	q.turn <- struct{}{}
	return q
}

func (r *Response) bytes() int { return len(r.Body) + len(r.Request) }

// add adds a response and reports whether there are enough for an insert.
func (q *rawQueue) add(r Response) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, r)
	q.bytes += r.bytes()
	return q.bytes >= rawBatch
}

func (q *rawQueue) any() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) > 0
}

// forget drops the waiting responses, except those that could not be read whole.
func (q *rawQueue) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(r Response) bool {
		if r.Reason != "" {
			return false
		}
		q.bytes -= r.bytes()
		if r.Recycle != nil {
			r.Recycle()
		}
		return true
	})
}

// insert sends the waiting responses, batch by batch, while they have at least so many
// bytes. When insert returns, no earlier insert is still running. Responses that could not
// be sent wait again. They may be in the table nevertheless, and later be there twice. That
// harms nothing, because responses are read by their ids.
func (q *rawQueue) insert(ctx context.Context, least int, send func(context.Context, []Response) error) error {
	select {
	case <-q.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { q.turn <- struct{}{} }()
	for {
		batch := q.batch(least)
		if len(batch) == 0 {
			return nil
		}
		if err := send(ctx, batch); err != nil {
			return err
		}
		q.drop(len(batch))
	}
}

// batch returns the first waiting responses. They stay in the queue until the holder of the
// turn drops them.
func (q *rawQueue) batch(least int) []Response {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes < least {
		return nil
	}
	n, bytes := 0, 0
	for n < len(q.waiting) && (n == 0 || bytes+q.waiting[n].bytes() <= rawBatch) {
		bytes += q.waiting[n].bytes()
		n++
	}
	return q.waiting[:n:n]
}

// drop removes and recycles the first n.
func (q *rawQueue) drop(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.waiting[:n] {
		q.bytes -= q.waiting[i].bytes()
		if q.waiting[i].Recycle != nil {
			q.waiting[i].Recycle()
		}
	}
	q.waiting = slices.Delete(q.waiting, 0, n)
}

func (w *Writer) insertResponses(ctx context.Context, some []Response) error {
	if err := InsertResponses(ctx, w.conn, some); err != nil {
		return err
	}
	return w.responsesLanded(ctx, some)
}

// InsertResponses inserts responses as they are, with all of their fields.
func InsertResponses(ctx context.Context, conn driver.Conn, some []Response) error {
	return native.Insert(ctx, conn, "raw_responses", "response_id, asked_at, run_id, sdk_app_id, action, request, "+bodies.Columns+", expires_at, reason", func(in *native.Columns) {
		native.Add(in, some, func(r *Response) uint64 { return r.ID })
		native.Add(in, some, func(r *Response) time.Time { return r.Asked })
		native.Add(in, some, func(r *Response) string { return r.Run })
		native.Add(in, some, func(r *Response) uint32 { return uint32(r.App) })
		native.Add(in, some, func(r *Response) string { return r.Action })
		native.Add(in, some, func(r *Response) []byte { return r.Request })
		bodies.Add(in, some, func(r *Response) ([]byte, string) { return r.Body, r.Reason })
		native.Add(in, some, func(r *Response) time.Time { return r.Expires })
		native.Add(in, some, func(r *Response) string { return r.Reason })
	})
}

// Bodies reads the bodies of raw responses by their ids. Bodies that are not kept are
// missing from the result.
func Bodies(ctx context.Context, a interface {
	StoreConn() driver.Conn
	Cluster() *cluster.Cluster
}, ids []uint64) (map[uint64][]byte, error) {
	found := map[uint64][]byte{}
	if len(ids) == 0 {
		return found, nil
	}
	var id uint64
	var body bodies.Packed
	var damaged error
	q := "SELECT response_id, " + bodies.Columns + " FROM raw_responses WHERE response_id IN (?)" + a.Cluster().Here()
	err := native.Read(ctx, a.StoreConn(), "raw responses", q, []any{ids}, func() {
		whole, err := body.Unpack()
		if found[id] = whole; err != nil {
			damaged = fmt.Errorf("read raw response %d: %w", id, err)
		}
	}, &id, &body.Text, &body.Times, &body.Numbers)
	return found, cmp.Or(err, damaged)
}

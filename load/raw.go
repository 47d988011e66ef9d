package load

import (
	"context"
	"fmt"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Response is one answer of the vendor, as it came.
type Response struct {
	ID      uint64
	App     call.AppID
	Action  string
	Request []byte // JSON as it was sent
	Body    []byte
	Asked   time.Time
	// Recycle, unless nil, is called when the Writer has let go of Body.
	Recycle func()
}

// KeepResponse keeps a response, which is the Writer's from then on, for as
// long as the options say, and returns its id: 0 if none are kept.
func (w *Writer) KeepResponse(ctx context.Context, r Response) (uint64, error) {
	if w.opt.KeepRaw == 0 {
		return 0, nil
	}
	r.ID = w.store.newID()
	w.mu.Lock()
	if w.err != nil {
		defer w.mu.Unlock()
		return 0, w.err
	}
	w.buf.addRaw(r)
	return r.ID, w.added(ctx)
}

// rawBatch is about how many bytes of responses go into one insert.
const rawBatch = 8 << 20

// insertRaw may leave responses twice after a retry, which harms nothing: they
// are read by their id.
func (w *Writer) insertRaw(ctx context.Context, all []Response) error {
	for len(all) > 0 {
		n, bytes := 0, 0
		for n < len(all) && (n == 0 || bytes+len(all[n].Body) <= rawBatch) {
			bytes += len(all[n].Body)
			n++
		}
		if err := w.insertResponses(ctx, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

func (w *Writer) insertResponses(ctx context.Context, some []Response) error {
	in, err := begin(ctx, w.store.conn, "raw_responses", "response_id, asked_at, run_id, sdk_app_id, action, request, body, expires_at")
	if err != nil {
		return err
	}
	in.col(column(some, func(r *Response) uint64 { return r.ID }))
	in.col(column(some, func(r *Response) time.Time { return r.Asked }))
	in.col(column(some, func(*Response) string { return w.run }))
	in.col(column(some, func(r *Response) uint32 { return uint32(r.App) }))
	in.col(column(some, func(r *Response) string { return r.Action }))
	in.col(column(some, func(r *Response) []byte { return r.Request }))
	in.col(column(some, func(r *Response) []byte { return r.Body }))
	in.col(column(some, func(r *Response) time.Time { return r.Asked.Add(w.opt.KeepRaw) }))
	return in.send()
}

// Bodies reads raw responses by their ids. Those that are not kept are missing
// from the result.
func (s *Store) Bodies(ctx context.Context, ids []uint64) (map[uint64][]byte, error) {
	found := map[uint64][]byte{}
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := s.conn.Query(ctx, "SELECT response_id, body FROM raw_responses WHERE response_id IN (?)", ids)
	if err != nil {
		return nil, fmt.Errorf("read raw responses: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id uint64
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return nil, fmt.Errorf("read raw responses: %w", err)
		}
		found[id] = body
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read raw responses: %w", err)
	}
	return found, nil
}

package simulator

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
)

// answerByHabit answers with the vendor's habits and returns the number of bytes sent.
func (s *Simulator) answerByHabit(ctx context.Context, w http.ResponseWriter, q *query) int64 {
	whole := &capture{header: http.Header{}}
	out := newAnswer(whole, s.requestID())
	q.serve(s, q, out)
	out.finish()
	body := whole.body
	if q.rewrites() {
		if root, err := parseNode(body); err == nil { // the simulator wrote it
			body = s.rewrite(ctx, q, root)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if h := q.habits; h.f.Gzip > 0 && h.f.draws(h.f.Gzip, saltGzip, hash2(h.content, uint64(h.times))) {
		body = squeezed(body)
		if hash3(h.f.Seed, saltGzip+1000, hash2(h.content, uint64(h.times)))&1 == 0 {
			w.Header().Set("Content-Encoding", "gzip")
		}
		q.habit = FaultGzip
	}
	n, _ := w.Write(body) // the client has gone: nothing to tell it
	return int64(n)
}

// rewrites reports whether a habit in force changes the whole response.
func (q *query) rewrites() bool {
	f := q.habits.f
	if f.Twice+f.Valueless+f.TextValues+f.DateTimes+f.Listless+f.Odd > 0 || len(f.Endless) > 0 {
		return true
	}
	_, drawn := q.mutates()
	return drawn
}

// rewrite changes a response and returns the bytes to send.
func (s *Simulator) rewrite(ctx context.Context, q *query, root *node) []byte {
	h, response := q.habits, root.get("Response")
	if h.f.draws(h.f.Listless, saltListless, h.content) {
		id := response.get("RequestId")
		response.keys, response.items = []string{"RequestId"}, []*node{id}
		q.habit = FaultListless
	} else {
		s.twice(q, response)
		s.oddities(q, response)
		s.reshape(q, response)
		s.endless(q, response)
	}
	return s.mutate(ctx, q, root)
}

func squeezed(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // a buffer takes all
	_ = z.Close()
	return b.Bytes()
}

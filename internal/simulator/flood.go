package simulator

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
)

// FloodKind says what a response has too much of.
type FloodKind string

// The kinds of floods. They end when the client goes away.
const (
	FloodSpaces FloodKind = "spaces" // white space without end
	FloodRows   FloodKind = "rows"   // 10^6 rows on one page
	FloodDeep   FloodKind = "deep"   // lists in lists, 10^5 deep
	FloodBomb   FloodKind = "bomb"   // 10 GB of one string, compressed to 10 MB
	FloodLength FloodKind = "length" // a Content-Length of 2^62, then the end
)

var floodKinds = []FloodKind{FloodSpaces, FloodRows, FloodDeep, FloodBomb, FloodLength}

// flood sends too much and returns the number of bytes sent.
func (s *Simulator) flood(w http.ResponseWriter, r *http.Request, q *query) int64 {
	w.Header().Set("Content-Type", "application/json")
	pour := &pourer{w: w, ctx: r.Context()}
	switch s.faults.Load().Flood[q.name] {
	case FloodSpaces:
		for spaces := bytes.Repeat([]byte(" "), flushAt); !pour.dry; {
			pour.write(spaces)
		}
	case FloodRows:
		pour.rows(q)
	case FloodDeep:
		const depth = 100_000
		pour.write([]byte(`{"Response":{"Total":1,"` + q.family().list() + `":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `,"RequestId":"`))
		pour.write([]byte(s.requestID() + `"}}`))
	case FloodBomb:
		w.Header().Set("Content-Encoding", "gzip")
		pour.bomb()
	case FloodLength:
		w.Header().Set("Content-Length", strconv.FormatInt(1<<62, 10))
		pour.write([]byte(`{"Response":{"Total":`))
	}
	return pour.sent
}

// pourer writes until the client goes away.
type pourer struct {
	w    http.ResponseWriter
	ctx  context.Context
	sent int64
	dry  bool
}

func (p *pourer) write(b []byte) {
	if p.dry {
		return
	}
	n, err := p.w.Write(b)
	p.sent += int64(n)
	p.dry = err != nil || p.ctx.Err() != nil
}

// bomb writes members of gzip, each with ten megabytes from the middle of a string.
func (p *pourer) bomb() {
	p.write(squeezed([]byte(`{"Response":{"RequestId":"`)))
	inside := squeezed(bytes.Repeat([]byte("a"), 10<<20))
	for range 1000 {
		p.write(inside)
	}
	p.write(squeezed([]byte(`"}}`)))
}

// rows writes one page of a million rows.
func (p *pourer) rows(q *query) {
	const many = 1_000_000
	before, after := `{"Response":{"Total":1000000,"`+q.family().list()+`":[`, `],"RequestId":"00000000-0000-4000-8000-000000000000"}}`
	if q.family() == familyEvents {
		before, after = `{"Response":{"Data":[{"Content":[`, `],"PeerId":""}`+after
	}
	buf := []byte(before)
	for n := uint64(0); n < many && !p.dry; n++ {
		if n > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, q.madeUp(hash3(saltMadeUp, uint64(q.from), n))...)
		if len(buf) >= flushAt {
			p.write(buf)
			buf = buf[:0]
		}
	}
	p.write(append(buf, after...))
}

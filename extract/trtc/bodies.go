package trtc

import (
	"io"
	"net/http"

	"github.com/callvault/callvault/internal/recycle"
)

// bodies reads bodies into the memory of those that were given back, as far as
// that is large.
type bodies struct{ free *recycle.Pool[[]byte] }

// worthKeeping is from which size on a body is used again.
const worthKeeping = 64 << 10

// read reads a whole body, whose length need not be known. What came of one
// that breaks off is returned with the error.
func (b bodies) read(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	n := worthKeeping
	if resp.ContentLength >= 0 {
		n = int(resp.ContentLength) + 1 // to find the end takes a byte of room
	}
	body := b.room(n)
	for {
		if len(body) == cap(body) {
			grown := append(b.room(2*cap(body)), body...)
			b.giveBack(body)
			body = grown
		}
		n, err := resp.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, err
		}
	}
}

// room is memory for at least n bytes.
func (b bodies) room(n int) []byte {
	if n < worthKeeping {
		return make([]byte, 0, n)
	}
	if body, ok := b.free.Get(n); ok {
		return body[:0]
	}
	return make([]byte, 0, recycle.Size(n))
}

func (b bodies) giveBack(body []byte) {
	if cap(body) >= worthKeeping {
		b.free.Put(cap(body), body)
	}
}

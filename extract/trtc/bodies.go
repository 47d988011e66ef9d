package trtc

import (
	"bytes"
	"net/http"
	"sync"
)

// bodies reads bodies into the memory of those that were given back, as far as
// that is large: to clear 23 MB anew costs a quarter of decoding them.
type bodies struct{ free sync.Pool } // of []byte

// worthKeeping is from which size on a body is used again.
const worthKeeping = 256 << 10

func (b *bodies) read(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	buf := bytes.NewBuffer(b.room(int(resp.ContentLength)))
	_, err := buf.ReadFrom(resp.Body)
	return buf.Bytes(), err
}

// room is memory for n bytes, or for any number if n is below 0.
func (b *bodies) room(n int) []byte {
	n += bytes.MinRead // ReadFrom wants so much to find the end
	if n >= worthKeeping {
		if body, ok := b.free.Get().([]byte); ok && n <= cap(body) && cap(body) <= 2*n {
			return body[:0]
		}
	}
	return make([]byte, 0, max(n, bytes.MinRead))
}

func (b *bodies) giveBack(body []byte) {
	if cap(body) >= worthKeeping {
		b.free.Put(body) //nolint:staticcheck // a header's allocation is nothing beside the body
	}
}

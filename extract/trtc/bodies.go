package trtc

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/callvault/callvault/extract/privacy"
	"github.com/callvault/callvault/internal/recycle"
)

const (
	// MaxBody is the largest answer that is read, in unpacked bytes: four times what the
	// vendor's limits allow.
	MaxBody = 96 << 20

	// largestKept is the size up to which the memory of a body is reused.
	largestKept = 32 << 20
	// worthKeeping is the size from which on the memory of a body is reused.
	worthKeeping = 64 << 10
	// mostSpace is the most white space before an answer.
	mostSpace = 1 << 20
	// mostPage bounds the bytes that are read of an answer with an HTTP error.
	mostPage = 64 << 10
)

// bodies reads bodies into memory, and reuses the memory of large ones.
type bodies struct {
	free   *recycle.Pool[[]byte]
	most   int // the most bytes of one body
	memory *Memory
}

// body is a body that is being read, or has been read.
type body struct {
	bytes []byte
	share *share
}

var (
	errTooLarge = errors.New("too large")
	errMemory   = errors.New("waiting for memory that other large answers use")
)

// read reads the body of a successful HTTP response as long as it may be an answer of the
// API. Its length may be unknown or wrong. If the body breaks off, read returns its
// beginning with the error.
func (b bodies) read(ctx context.Context, resp *http.Response, edge *privacy.Exchange) (*body, error) {
	defer resp.Body.Close()
	x := &body{share: &share{of: b.memory}}
	if resp.ContentLength > int64(b.most) {
		return x, errTooLarge
	}
	src, packed, err := unpack(http.MaxBytesReader(nil, resp.Body, int64(b.most)))
	if err != nil {
		return x, tooLarge(err)
	}
	length := int(resp.ContentLength)
	if packed || edge != nil {
		length = -1
	}
	if edge != nil { // of what it hides little comes, whatever the size
		src = edge.Body(http.MaxBytesReader(nil, io.NopCloser(src), int64(b.most)))
	}
	x.bytes = b.first(length)
	for p := (preface{}); ; {
		if len(x.bytes) == cap(x.bytes) {
			if err := b.grow(ctx, x, length); err != nil {
				return x, err
			}
		}
		n, err := src.Read(x.bytes[len(x.bytes):cap(x.bytes)])
		x.bytes = x.bytes[:len(x.bytes)+n]
		switch {
		case len(x.bytes) > b.most:
			return x, errTooLarge
		case err == io.EOF || !p.allows(x.bytes):
			x.keep()
			return x, nil
		case err != nil:
			return x, tooLarge(err)
		}
	}
}

func tooLarge(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	return err
}

// first returns memory for the beginning of a body. length is the claimed length, or -1.
func (b bodies) first(length int) []byte {
	if length < 0 {
		return b.room(worthKeeping)
	}
	return b.room(min(length+1, smallBody)) // one more byte, to find the end
}

// grow makes room for more of x: for the whole claimed length, because some of it has come.
func (b bodies) grow(ctx context.Context, x *body, length int) error {
	want := 2 * cap(x.bytes)
	if length >= len(x.bytes) {
		want = length + 1
	}
	want = min(want, b.most+1)
	if err := x.share.cover(ctx, want); err != nil {
		return err
	}
	grown := append(b.room(want), x.bytes...)
	b.putBack(x.bytes)
	x.bytes = grown
	return nil
}

// room returns memory for at least n bytes.
func (b bodies) room(n int) []byte {
	if n < worthKeeping {
		return make([]byte, 0, n)
	}
	if body, ok := b.free.Get(n); ok {
		return body[:0]
	}
	return make([]byte, 0, recycle.Size(n))
}

func (b bodies) putBack(bytes []byte) {
	if cap(bytes) >= worthKeeping && cap(bytes) <= largestKept {
		b.free.Put(cap(bytes), bytes)
	}
}

// giveBack takes the memory of a body that is no longer used. It has an effect once.
func (b bodies) giveBack(x *body) {
	x.release()
	b.putBack(x.bytes)
	x.bytes = nil
}

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
	// MaxBody is the largest answer that is read, unpacked: four times what the
	// vendor's limits allow.
	MaxBody = 96 << 20

	// largestKept is the size up to which a body is used again.
	largestKept = 32 << 20
	// worthKeeping is from which size on a body is used again.
	worthKeeping = 64 << 10
	// mostSpace is the most white space before an answer.
	mostSpace = 1 << 20
	// mostPage is what is read of an answer that HTTP calls a failure.
	mostPage = 64 << 10
)

// bodies reads bodies into the memory of those that were given back, as far as
// that is large.
type bodies struct {
	free   *recycle.Pool[[]byte]
	most   int // bytes of one
	memory *Memory
}

// body is one that is being read, or has been.
type body struct {
	bytes []byte
	share *share
}

var (
	errTooLarge = errors.New("too large")
	errMemory   = errors.New("waiting for memory that other large answers take")
)

// read reads the body of a response that HTTP calls a success as far as it may be
// an answer of the API, whose length need not be known or true. What came of one
// that breaks off is returned with the error.
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

// first is memory for the beginning of a body of a length that is claimed, or
// unknown (-1).
func (b bodies) first(length int) []byte {
	if length < 0 {
		return b.room(worthKeeping)
	}
	return b.room(min(length+1, smallBody)) // to find the end takes a byte of room
}

// grow makes room for more of x: all that is claimed, now that some has come.
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

func (b bodies) putBack(bytes []byte) {
	if cap(bytes) >= worthKeeping && cap(bytes) <= largestKept {
		b.free.Put(cap(bytes), bytes)
	}
}

// giveBack takes a body that nobody looks at any more, once.
func (b bodies) giveBack(x *body) {
	x.release()
	b.putBack(x.bytes)
	x.bytes = nil
}

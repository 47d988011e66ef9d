package trtc

import (
	"context"
	"runtime"
	"sync"
)

// large is taken by whoever holds a body larger than largeBody, of whichever
// client of the process: they take the same memory.
var large = make(chan struct{}, 1)

// turn is the right to hold such a body.
type turn struct{ once sync.Once }

// takeTurn waits until nobody else holds a large body.
func takeTurn(ctx context.Context) (*turn, error) {
	select {
	case large <- struct{}{}:
		return &turn{}, nil
	case <-ctx.Done():
		return nil, errTurn
	}
}

// end lets the next one have a turn. Of nil there is none.
func (t *turn) end() {
	if t != nil {
		t.once.Do(func() { <-large })
	}
}

// keep has the turn of x end with its memory, since nobody need give it back.
func (x *body) keep() {
	if x.turn != nil {
		runtime.AddCleanup(&x.bytes[0], (*turn).end, x.turn)
	}
}

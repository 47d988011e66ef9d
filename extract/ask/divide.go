package ask

import (
	"errors"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
)

// Gap is something that was asked for and could not be had, and why.
type Gap[Q any] struct {
	Of  Q
	Err error
}

// Divide asks for something and, where that cannot be had, for its halves: the
// vendor may fail for what is in one of them, or for the size of both. A half
// that fails is divided in turn as long as the other did not fail, or the vendor says
// to ask for less. The error is what makes all further work pointless.
func Divide[Q any](q Q, halves func(Q) (a, b Q, ok bool), ask func(Q) error) ([]Gap[Q], error) {
	return divideAsked(q, halves, ask, ask(q))
}

// divideAsked returns divide of what has been asked for, with a result.
func divideAsked[Q any](q Q, halves func(Q) (a, b Q, ok bool), ask func(Q) error, result error) ([]Gap[Q], error) {
	switch {
	case result == nil:
		return nil, nil
	case Fatal(result):
		return nil, result
	}
	a, b, ok := halves(q)
	if !ok || !divisible(result) {
		return []Gap[Q]{{q, result}}, nil
	}
	ra := ask(a)
	if Fatal(ra) {
		return nil, ra
	}
	rb := ask(b)
	if ra != nil && rb != nil && !saysLess(result) && !Fatal(rb) {
		return []Gap[Q]{{q, result}}, nil
	}
	gaps, err := divideAsked(a, halves, ask, ra)
	if err != nil {
		return gaps, err
	}
	more, err := divideAsked(b, halves, ask, rb)
	return append(gaps, more...), err
}

// HalvesDownTo divides windows of which each half is at least so long.
func HalvesDownTo(least time.Duration) func(call.Window) (a, b call.Window, ok bool) {
	return func(w call.Window) (a, b call.Window, ok bool) {
		half := (w.End.Sub(w.Start) / 2).Truncate(time.Second)
		middle := w.Start.Add(half)
		return call.Window{Start: w.Start, End: middle}, call.Window{Start: middle, End: w.End}, half >= least
	}
}

// divisible reports whether less might be had where this has failed.
func divisible(err error) bool {
	if IsUnreadable(err) {
		return true
	}
	e, ok := errors.AsType[*trtc.Error](err)
	return errors.Is(err, ErrEndless) || errors.Is(err, errSamePage) || ok && (e.Kind == trtc.Retryable || e.Kind == trtc.TooLarge) && !e.Timeout
}

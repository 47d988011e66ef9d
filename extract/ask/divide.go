package ask

import (
	"errors"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
)

// Gap is a question that failed, and why.
type Gap[Q any] struct {
	Of  Q
	Err error
}

// Divide asks a question and, if it fails, its halves: the vendor may fail because of the
// data in one of them, or because of the size of both. A half that fails is divided in turn
// as long as the other one succeeds, or the vendor asks for less. An error means that the
// pass must end.
func Divide[Q any](q Q, halves func(Q) (a, b Q, ok bool), ask func(Q) error) ([]Gap[Q], error) {
	return divideAsked(q, halves, ask, ask(q))
}

// divideAsked is Divide for a question that has already been asked, with this result.
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

// HalvesDownTo returns a function that divides windows, as long as each half is at least
// that long.
func HalvesDownTo(least time.Duration) func(call.Window) (a, b call.Window, ok bool) {
	return func(w call.Window) (a, b call.Window, ok bool) {
		half := (w.End.Sub(w.Start) / 2).Truncate(time.Second)
		middle := w.Start.Add(half)
		return call.Window{Start: w.Start, End: middle}, call.Window{Start: middle, End: w.End}, half >= least
	}
}

// divisible reports whether a smaller question may succeed.
func divisible(err error) bool {
	if IsUnreadable(err) {
		return true
	}
	e, ok := errors.AsType[*trtc.Error](err)
	return errors.Is(err, ErrEndless) || errors.Is(err, errSamePage) || ok && (e.Kind == trtc.Retryable || e.Kind == trtc.TooLarge) && !e.Timeout
}

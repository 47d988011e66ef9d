package ask

import (
	"context"
	"errors"
	"fmt"

	"github.com/callvault/callvault/extract/trtc"
)

// Ending is an error after which the pass must end.
type Ending struct{ Err error }

func (e Ending) Error() string { return e.Err.Error() }
func (e Ending) Unwrap() error { return e.Err }

// Ended returns why ctx has ended, whatever the cause (a signal, a deadline, a lost lease),
// as an error that Fatal recognises.
func Ended(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == nil || Fatal(cause) {
		return cause
	}
	return fmt.Errorf("%w (%w)", cause, ctx.Err())
}

// Fatal reports whether the pass must end because of an error.
func Fatal(err error) bool {
	if _, ok := errors.AsType[Ending](err); ok {
		return true
	}
	if _, ok := errors.AsType[*trtc.Error](err); ok { // the deadline was that of one answer
		return VendorRefuses(err)
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || VendorRefuses(err)
}

// VendorRefuses reports whether an error ends the pass over one application and not the
// passes over others: the vendor no longer answers, refuses the credentials or does not
// know the application.
func VendorRefuses(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return errors.Is(err, ErrOutage) || ok && (e.Kind == trtc.Denied || e.Kind == trtc.UnknownApp)
}

// tooLarge reports whether less must be asked for.
func tooLarge(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.TooLarge
}

// saysLess reports whether the vendor itself asks for less. Then questions are divided
// until it answers. An answer that is too large to read, even in halves, is a flood.
func saysLess(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.TooLarge && e.Code != trtc.CodeTooLarge
}

// Expired reports whether the vendor says that the data is gone.
func Expired(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.Expired
}

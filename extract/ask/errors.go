package ask

import (
	"context"
	"errors"
	"fmt"

	"github.com/callvault/callvault/extract/trtc"
)

// Ending is an error after which it is pointless to ask for more.
type Ending struct{ Err error }

func (e Ending) Error() string { return e.Err.Error() }
func (e Ending) Unwrap() error { return e.Err }

// Ended returns why ctx has ended, in a form that fatal knows whatever the cause: a signal,
// a deadline, a lost lease.
func Ended(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == nil || Fatal(cause) {
		return cause
	}
	return fmt.Errorf("%w (%w)", cause, ctx.Err())
}

// Fatal reports whether an error makes all further work pointless.
func Fatal(err error) bool {
	if _, ok := errors.AsType[Ending](err); ok {
		return true
	}
	if _, ok := errors.AsType[*trtc.Error](err); ok { // the deadline was one answer's
		return VendorRefuses(err)
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || VendorRefuses(err)
}

// VendorRefuses reports whether an error ends the pass over one application and is no
// reason for others to end: the vendor does not answer any more, refuses the credentials or
// does not know the application.
func VendorRefuses(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return errors.Is(err, ErrOutage) || ok && (e.Kind == trtc.Denied || e.Kind == trtc.UnknownApp)
}

// tooLarge reports whether an error says to ask for less.
func tooLarge(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.TooLarge
}

// saysLess reports whether the vendor itself says to ask for less: then that is done until
// it is content. What is larger than is read, in halves as well, is a flood.
func saysLess(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.TooLarge && e.Code != trtc.CodeTooLarge
}

// Expired reports whether the vendor says that the data is gone.
func Expired(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.Expired
}

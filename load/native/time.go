package native

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// DateTime is t within what a DateTime holds; the zero time becomes 1970.
func DateTime(t time.Time) time.Time {
	switch sec := t.Unix(); {
	case sec < 0:
		return time.Unix(0, 0)
	case sec > call.Forever:
		return time.Unix(call.Forever, 0)
	}
	return t
}

// OrNull is nil for the zero time.
func OrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

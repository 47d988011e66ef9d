package native

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// DateTime limits t to the range of ClickHouse's DateTime. The zero time becomes 1970.
func DateTime(t time.Time) time.Time {
	switch sec := t.Unix(); {
	case sec < 0:
		return time.Unix(0, 0)
	case sec > call.Forever:
		return time.Unix(call.Forever, 0)
	}
	return t
}

// OrNull returns nil for the zero time, otherwise a pointer to t.
func OrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

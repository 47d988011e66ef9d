package plan

import (
	"math"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// span is unix seconds, both ends included.
type span struct{ from, to int64 }

// never is after all times.
const never = math.MaxInt64

// seconds are the whole unix seconds inside w that a sample's time can name.
func seconds(w call.Window) span {
	from := w.Start.Unix()
	if w.Start.Nanosecond() > 0 {
		from++
	}
	return span{max(from, 0), min(w.End.Unix(), math.MaxUint32)}
}

// window is s for the vendor.
func (s span) window() call.Window {
	return call.Window{Start: time.Unix(s.from, 0).UTC(), End: time.Unix(s.to, 0).UTC()}
}

// joinTo appends s to spans in the order of time, or lengthens the last of
// those from begin on where s overlaps it.
func joinTo(spans []span, begin int, s span) []span {
	if n := len(spans) - 1; n >= begin && s.from <= spans[n].to {
		spans[n].to = max(spans[n].to, s.to)
		return spans
	}
	return append(spans, s)
}

package decide

import (
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// SplitOwned divides the seconds of a part: settled are those up to settledTo, open those
// after it.
func SplitOwned(owned []call.Owned, settledTo uint32) (settled, open []call.Owned) {
	for _, o := range owned {
		if o.From <= settledTo {
			settled = append(settled, call.Owned{User: o.User, From: o.From, To: min(o.To, settledTo)})
		}
		if settledTo < o.To {
			open = append(open, call.Owned{User: o.User, From: max(o.From, after(settledTo)), To: o.To})
		}
	}
	return settled, open
}

// SplitSessions divides the sessions that are not known at a second: those that ended by
// then, and those that ended later or are still open.
func SplitSessions(sessions []call.Session, settledTo uint32, known *SessionSet) (settled, open []call.Session) {
	for _, s := range sessions {
		switch {
		case known.Has(s):
		case settledTo == call.Forever || s.Finished && s.LeftAt.Unix() <= int64(settledTo):
			settled = append(settled, s)
		default:
			open = append(open, s)
		}
	}
	return settled, open
}

// SplitEvents divides events at a second: those up to its end, and those after.
func SplitEvents(events []call.Event, settledTo uint32) (settled, open []call.Event) {
	for _, e := range events {
		if settledTo == call.Forever || e.Time.Unix() <= int64(settledTo) {
			settled = append(settled, e)
		} else {
			open = append(open, e)
		}
	}
	return settled, open
}

// SplitSamples divides normal samples at a second: those up to it, and those after it.
// Points without a value count as settled. If there is nothing to divide, the result is s
// itself.
func SplitSamples(s *call.Samples, settledTo uint32) (settled, open *call.Samples) {
	if settledTo == call.Forever {
		return s, &call.Samples{}
	}
	settled, open = &call.Samples{Nulls: s.Nulls}, &call.Samples{}
	at := 0
	for _, series := range s.Series {
		n := at
		for n < at+series.Rows && s.Time[n] <= settledTo {
			n++
		}
		appendRows(settled, series, s, at, n)
		appendRows(open, series, s, n, at+series.Rows)
		at += series.Rows
	}
	return settled, open
}

// SplitUsers divides normal samples by user: theirs are the samples of the named users.
func SplitUsers(s *call.Samples, users []string) (others, theirs *call.Samples) {
	others, theirs = &call.Samples{Nulls: s.Nulls}, &call.Samples{}
	at := 0
	for _, series := range s.Series {
		dst := others
		if slices.Contains(users, series.UserID) {
			dst = theirs
		}
		appendRows(dst, series, s, at, at+series.Rows)
		at += series.Rows
	}
	return others, theirs
}

// appendRows appends the rows [from, to) of s, which belong to one series.
func appendRows(dst *call.Samples, series call.Series, s *call.Samples, from, to int) {
	if from == to {
		return
	}
	series.Rows = to - from
	dst.Series = append(dst.Series, series)
	dst.Time = append(dst.Time, s.Time[from:to]...)
	dst.Value = append(dst.Value, s.Value[from:to]...)
}

package aggregate

import (
	"cmp"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/quality"
)

// Content is the data of one call, in memory.
type Content struct {
	Head     Head
	Room     *call.Room // nil: unknown
	Sessions []call.Session
	Streams  []*Stream // Summarize sorts them
}

// streamMinutes is the number of minutes that take as much memory as a stream
// without minutes: about 3 KB.
const streamMinutes = 20

// Weight is the memory of the content, counted in streams.
func (c *Content) Weight() int {
	n := len(c.Sessions)
	for _, st := range c.Streams {
		n += 1 + len(st.minutes)/streamMinutes
	}
	return n
}

// Summarize makes the summary of the call. The content must be complete; only Head
// may still change. h must be empty, and is empty afterwards.
func (c *Content) Summarize(h *Histogram) *Rows {
	slices.SortStableFunc(c.Streams, func(x, y *Stream) int {
		return cmp.Or(cmp.Compare(x.user, y.user), cmp.Compare(x.peer, y.peer), cmp.Compare(x.day, y.day), cmp.Compare(x.device, y.device), cmp.Compare(x.version, y.version))
	})
	up := map[string]sent{}
	var last uint32
	for _, st := range c.Streams {
		if st.peer == "" {
			x := up[st.user]
			x.add(st)
			up[st.user] = x
			last = max(last, st.last)
		}
	}
	s := &summarizer{Rows: &Rows{}, h: h}
	s.begin(&c.Head, c.Room, c.Sessions, last, func(peer string) sent { return up[peer] }, c.quality())
	for _, st := range c.Streams {
		s.stream(st)
		s.minutes(st.peer, st.minutes)
	}
	s.end()
	return s.Rows
}

// quality collects the minutes that the call is judged by. The streams must be sorted.
func (c *Content) quality() *quality.Call {
	q := quality.NewCall()
	for _, received := range []bool{false, true} {
		for rest := c.Streams; len(rest) > 0; {
			first := rest[0]
			var parts []quality.Minutes
			for len(rest) > 0 && rest[0].user == first.user && rest[0].peer == first.peer {
				parts, rest = append(parts, rest[0].minutes), rest[1:]
			}
			switch {
			case received != (first.peer != ""):
			case received:
				q.Received(first.peer, quality.Merge(parts...))
			default:
				q.Sent(first.user, quality.Merge(parts...))
			}
		}
	}
	return q
}

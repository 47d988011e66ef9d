package aggregate

import (
	"cmp"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/quality"
)

// Content is what a call has, in memory.
type Content struct {
	Head     Head
	Room     *call.Room // nil: not known
	Sessions []call.Session
	Streams  []*Stream // Summarize sorts them
}

// streamMinutes minutes take the memory of a stream without any, about 3 KB.
const streamMinutes = 20

// Weight is how many streams the content takes the memory of.
func (c *Content) Weight() int {
	n := len(c.Sessions)
	for _, st := range c.Streams {
		n += 1 + len(st.minutes)/streamMinutes
	}
	return n
}

// Summarize makes the summary of a call of which all is there, with Head, which may be
// completed later. h is empty before and after.
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
		s.minutes(st.user, st.peer, st.minutes)
	}
	s.end()
	return s.Rows
}

// quality is what the minutes of the call are judged by; its streams are in order.
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
				q.Heard(first.peer, quality.Merge(parts...))
			default:
				q.Sent(first.user, quality.Merge(parts...))
			}
		}
	}
	return q
}

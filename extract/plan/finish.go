package plan

import (
	"cmp"
	"slices"
)

// finish turns a draft into requests in the order of time. It decides which seconds each
// person owns, leaves out persons who own none, and shortens windows to what they are asked
// for. The vendor takes no window without length, so such a window gets one second more:
// after it or, if it lies on last (the last second there is), before it.
func finish(p *presence, d *draft, length, last int64) []Request {
	out := make([]Request, 0, len(d.starts))
	users := make([]User, 0, len(d.seated))
	c := newCursor(p)
	for i, start := range d.starts {
		begin := len(users)
		w := span{never, 0}
		for _, person := range d.members(i) {
			if owned, end, ok := c.cover(person, start+length); ok {
				w = span{min(w.from, owned.from), max(w.to, end)}
				users = append(users, User{p.ids[person], uint32(owned.from), uint32(owned.to)})
			}
		}
		if len(users) == begin {
			continue
		}
		if w.from == w.to && w.to < last {
			w.to++
		} else if w.from == w.to {
			w.from--
		}
		seated := users[begin:len(users):len(users)]
		slices.SortFunc(seated, byFrom)
		out = append(out, Request{w.window(), seated})
	}
	slices.SortStableFunc(out, func(a, b Request) int { return a.Window.Start.Compare(b.Window.Start) })
	return out
}

func byFrom(a, b User) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.ID, b.ID)) }

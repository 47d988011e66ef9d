package plan

import (
	"cmp"
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// presence lists when each person was in one call, without the seconds that the archive
// has. Persons are numbered in the order of their ids, so the result does not depend on the
// order of the sessions. Each person has at least one stay.
type presence struct {
	ids    []string
	stays  []span  // of all persons; those of a person are in the order of time and do not touch
	first  []int32 // stays[first[p]:first[p+1]] are those of person p
	splits []bool  // splits[i]: no request may own both stays[i-1] and stays[i]; nil for none
}

func (p *presence) people() int { return len(p.ids) }

func (p *presence) split(stay int32) bool { return p.splits != nil && p.splits[stay] }

// present returns who was in the call and when, within w and without the seconds in held.
// Sessions without an end last until w's end. Overlapping sessions of a user are one stay.
func present(sessions []call.Session, held Held, w span) *presence {
	all := visits(sessions, w)
	p := &presence{stays: make([]span, 0, len(all)), first: make([]int32, 1, len(all)+1)}
	for len(all) > 0 {
		user, begin := all[0].user, len(p.stays)
		for len(all) > 0 && all[0].user == user {
			p.stays = joinTo(p.stays, begin, all[0].span)
			all = all[1:]
		}
		if windows := held[user]; len(windows) > 0 {
			p.leave(begin, without(p.stays[begin:], windows))
		}
		if len(p.stays) > begin {
			p.ids, p.first = append(p.ids, user), append(p.first, int32(len(p.stays)))
		}
	}
	if p.splits != nil {
		p.splits = append(p.splits, make([]bool, len(p.stays)-len(p.splits))...)
	}
	return p
}

// leave replaces the stays from index begin on by pieces.
func (p *presence) leave(begin int, pieces []piece) {
	p.stays = p.stays[:begin]
	p.splits = append(p.splits, make([]bool, begin-len(p.splits))...)
	for _, x := range pieces {
		p.stays, p.splits = append(p.stays, x.span), append(p.splits, x.split)
	}
}

// visit is a session, reduced to its user and its time.
type visit struct {
	user string
	span
}

// visits lists the sessions within w by user and time.
func visits(sessions []call.Session, w span) []visit {
	all := make([]visit, 0, len(sessions))
	for i := range sessions {
		s := &sessions[i]
		v := visit{s.UserID, span{max(s.JoinedAt.Unix(), w.from), w.to}}
		if !s.LeftAt.IsZero() {
			v.to = min(s.LeftAt.Unix(), w.to)
		}
		if v.from <= v.to {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b visit) int {
		return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.from, b.from))
	})
	return all
}

// begin returns the first second in which somebody was present.
func (p *presence) begin() int64 {
	first := int64(never)
	for _, s := range p.stays {
		first = min(first, s.from)
	}
	return first
}

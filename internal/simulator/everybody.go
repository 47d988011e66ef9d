package simulator

import (
	"cmp"
	"fmt"
	"slices"
)

// Everybody says what becomes of a question for events that names no user. The vendor's
// pages require one; its SDK does not.
type Everybody string

const (
	EverybodyRefused  Everybody = ""         // MissingParameter.UserId
	EverybodyWhole    Everybody = "whole"    // the events of all users; each list names its user
	EverybodyNull     Everybody = "null"     // no list
	EverybodyOne      Everybody = "one"      // the events of one user, who is named
	EverybodyNameless Everybody = "nameless" // all events; nobody is named
	EverybodySwapped  Everybody = "swapped"  // all events; each list names another user
	EverybodyFewUsers Everybody = "users"    // the events of at most five users
	EverybodyFew      Everybody = "few"      // at most 60 events, the first ones
	EverybodySome     Everybody = "some"     // without each tenth event of whoever has more than 12
	EverybodyMiddle   Everybody = "middle"   // the first twelve and the last four events of each user
)

var everybodyKinds = []Everybody{EverybodyRefused, EverybodyWhole, EverybodyNull, EverybodyOne, EverybodyNameless, EverybodySwapped, EverybodyFewUsers, EverybodyFew, EverybodySome, EverybodyMiddle}

// ParseEverybody parses the name of a kind.
func ParseEverybody(name string) (Everybody, error) {
	if name == "refused" {
		name = ""
	}
	if slices.Contains(everybodyKinds, Everybody(name)) {
		return Everybody(name), nil
	}
	return "", fmt.Errorf("%q is unknown; use refused, whole, null, one, nameless, swapped, users, few, some or middle", name)
}

// userLog is what an answer has of a user's events.
type userLog struct {
	of     int // index of the user who is named
	events []event
}

// everybodysEvents answers a question for events that names no user.
func (s *Simulator) everybodysEvents(q *query, v *view, out *answer) {
	var logs []userLog
	total := 0
	for n := range v.users {
		events := slices.DeleteFunc(v.events(n), func(e event) bool { return e.ms/1000 < q.from || e.ms/1000 > q.to })
		if len(events) > 0 {
			logs = append(logs, userLog{n, events})
			total += len(events)
		}
	}
	logs = s.options.Everybody.spoil(logs)
	if s.options.Everybody == EverybodyNull || !q.due(total) {
		out.nothing("Data", hash2(s.options.Seed, uint64(q.from))&1 == 0)
		return
	}
	out.key("Data")
	out.buf = append(out.buf, '[')
	first := true
	for _, log := range logs {
		slices.SortStableFunc(log.events, func(a, b event) int { return cmp.Compare(a.peer, b.peer) })
		for rest := log.events; len(rest) > 0; {
			n := 1
			for n < len(rest) && rest[n].peer == rest[0].peer {
				n++
			}
			if !first {
				out.next()
			}
			first = false
			out.buf = append(out.buf, '{')
			if s.options.Everybody != EverybodyNameless {
				out.buf = append(out.buf, `"UserId":`...)
				out.buf = append(appendString(out.buf, v.users[log.of].id, false), ',')
			}
			out.buf = append(out.buf, `"Content":[`...)
			for i, e := range rest[:n] {
				if i > 0 {
					out.next()
				}
				out.buf = appendEvent(out.buf, e)
			}
			out.buf = append(out.buf, `],"PeerId":`...)
			var peer *user
			if rest[0].peer != noPeer {
				peer = &v.users[rest[0].peer]
			}
			out.buf = append(appendPeer(out.buf, peer, v.seed), '}')
			rest = rest[n:]
		}
	}
	out.buf = append(out.buf, ']')
	out.next()
}

// spoil changes the logs as the kind says.
func (k Everybody) spoil(logs []userLog) []userLog {
	switch k {
	case EverybodyOne:
		return logs[:min(1, len(logs))]
	case EverybodyFewUsers:
		return logs[:min(5, len(logs))]
	case EverybodySwapped:
		for i := 1; i < len(logs); i++ {
			logs[i-1].of, logs[i].of = logs[i].of, logs[i-1].of
		}
	case EverybodyFew:
		left := 60
		for i := range logs {
			logs[i].events = logs[i].events[:min(left, len(logs[i].events))]
			left -= len(logs[i].events)
		}
	case EverybodySome:
		for i := range logs {
			if len(logs[i].events) > 12 {
				logs[i].events = slices.Delete(logs[i].events, 9, 10)
			}
		}
	case EverybodyMiddle:
		for i, log := range logs {
			if n := len(log.events); n > 16 {
				logs[i].events = slices.Concat(log.events[:12], log.events[n-4:])
			}
		}
	}
	return logs
}

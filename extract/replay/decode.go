package replay

import (
	"slices"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// decoding reads the responses of one part again.
type decoding struct {
	transform.Decoder
	reason  string // why the part was not whole before
	problem string // why it is not whole now; "": it is
	err     error
}

// note notes the damage of an answer. It returns false if nothing of the answer can be
// read.
func (d *decoding) note(err error, list transform.ListState, damage []transform.Damage) bool {
	switch {
	case err != nil:
		d.problem = err.Error()
		return false
	case list == transform.ListAbsent || list == transform.ListWrong:
		d.problem = "the list is missing"
		return false
	}
	for _, x := range damage {
		if x.What != "total" {
			d.problem = decide.DamageText(x)
		}
	}
	return true
}

// sessions returns the sessions that belong to the part, by the same rules as addUsers in
// package extract. A list that is short remains short, whatever can be read of it.
func (d *decoding) sessions(p call.Part, bodies [][]byte, known *decide.SessionSet) []call.Session {
	var all decide.SessionSet
	for _, body := range bodies {
		sessions, info, err := d.Users(body, nil)
		if d.note(err, info.List, info.Damage) {
			all.Add(sessions)
		}
	}
	settledTo := p.Owned[0].To
	if !p.Settled {
		settledTo = p.Owned[0].From - 1
	}
	settled, open := decide.SplitSessions(all.List(), settledTo, known)
	if !p.Settled {
		return open
	}
	known.Add(settled)
	return settled
}

func (d *decoding) samples(p call.Part, bodies [][]byte) *call.Samples {
	keep := func(user string) (from, to uint32) {
		i := slices.IndexFunc(p.Owned, func(o call.Owned) bool { return o.User == user })
		if i < 0 {
			return 1, 0
		}
		return p.Owned[i].From, p.Owned[i].To
	}
	var got transform.Detail
	for _, body := range bodies {
		info, err := d.Detail(body, p.Window, keep, &got)
		theirs := slices.DeleteFunc(info.Damage, func(x transform.Damage) bool {
			return x.What == "session" || x.User != "" && !slices.ContainsFunc(p.Owned, func(o call.Owned) bool { return o.User == x.User })
		})
		d.note(err, info.List, theirs)
	}
	var norm transform.Normaliser
	norm.Normalise(&got.Samples)
	return &got.Samples
}

func (d *decoding) events(p call.Part, bodies [][]byte) (events []call.Event) {
	o, seen := p.Owned[0], map[call.Event]bool{}
	for _, body := range bodies {
		got, info, err := d.Events(body, o.User, p.RoomID, nil)
		if !d.note(err, info.List, info.Damage) {
			continue
		}
		for _, e := range got {
			if at := e.Time.Unix(); !seen[e] && int64(o.From) <= at && at <= int64(o.To) {
				seen[e], events = true, append(events, e)
			}
		}
	}
	return events
}

func (d *decoding) unusual(p call.Part, bodies [][]byte) (all []call.UnusualEvent) {
	for i, body := range bodies {
		events, info, err := d.UnusualEvents(body, nil)
		if d.note(err, info.List, info.Damage) {
			all = append(all, decide.UnusualIn(events, p.Owned[i])...)
		}
	}
	if p.Reason != "" {
		return decide.Distinct(all)
	}
	return all
}

// day returns the unit's day. Two different counts of one day remain a contradiction.
func (d *decoding) day(u call.Unit, bodies [][]byte) (found *call.DailyScale) {
	for _, body := range bodies {
		days, _, err := d.DailyScale(body, nil)
		if err != nil {
			d.problem = err.Error()
		}
		for i := range days {
			if decide.DayUnit(u.App, days[i]) != u {
				continue
			}
			if found != nil && *found != days[i] {
				d.problem = d.reason
			}
			found = &days[i]
		}
	}
	return found
}

package transform

import (
	"math"
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// Damage is a damaged piece of a response. The rest of the response is read as if the
// piece were not there.
type Damage struct {
	What    string // total, room, session, series, samples, events, event, experience, day
	User    string // user_id, if known
	Key     string // name of the piece, if it can be read: a CommId, a metric, a day
	Problem string // one line, without offsets, so that equal problems are equal texts
	Count   int    // number of pieces with this damage; 1 or more
	Kept    bool   // the row is kept, without the damaged value

	Room    *call.Room    // What room: the fields that could be read
	Session *call.Session // What session: the fields that could be read
}

// mostDamage bounds the distinct damages of a response. Beyond it, damages are counted
// by kind and user; beyond twice as many, by kind.
const mostDamage = 100

// moreDamage is the problem of damages that are only counted.
const moreDamage = "more is damaged"

// same reports whether two damages are equal except for their counts.
func (x *Damage) same(y *Damage) bool {
	return x.Problem == y.Problem && x.Key == y.Key && x.User == y.User && x.What == y.What && x.Kept == y.Kept &&
		equal(x.Room, y.Room) && equal(x.Session, y.Session)
}

func equal[T comparable](x, y *T) bool {
	return x == nil && y == nil || x != nil && y != nil && *x == *y
}

// tally collects damages: a list of distinct ones, and the count of all.
type tally struct {
	list  []Damage
	count int
}

// add adds x. A Count of 0 counts as 1.
func (t *tally) add(x Damage) {
	x.Count = max(x.Count, 1)
	t.count += x.Count
	for _, most := range []int{mostDamage, 2 * mostDamage, math.MaxInt} {
		if i := slices.IndexFunc(t.list, func(y Damage) bool { return y.same(&x) }); i >= 0 {
			t.list[i].Count += x.Count
			return
		}
		if len(t.list) < most {
			t.list = append(t.list, x)
			return
		}
		user := x.User
		if most > mostDamage {
			user = ""
		}
		x = Damage{What: x.What, User: user, Problem: moreDamage, Count: x.Count}
	}
}

// merge adds the damages of another tally.
func (t *tally) merge(other *tally) {
	before := t.count
	for _, x := range other.list {
		t.add(x)
	}
	t.count = before + other.count
}

// problems lists what is wrong with one row, in one line.
type problems string

func (p *problems) add(problem string) {
	if *p != "" {
		*p += "; "
	}
	*p += problems(problem)
}

// need adds a problem unless the field is good.
func (p *problems) need(name string, f field) {
	switch f.state {
	case absent:
		p.add(name + " is missing")
	case null:
		p.add(name + " is null")
	case wrong:
		p.add(name + ": " + f.problem)
	}
}

// allow adds a problem unless the field is good or null.
func (p *problems) allow(name string, f field) {
	if f.state != null {
		p.need(name, f)
	}
}

// verdict decides whether a row is kept.
type verdict struct {
	lost  problems // problems that drop the row
	kept  problems // problems that do not
	nulls int      // null fields that are read as empty
}

// want checks an optional field. Null is read as empty.
func (v *verdict) want(name string, f field) {
	if f.state == null {
		v.nulls++
	}
	v.kept.allow(name, f)
}

func (v *verdict) problem() string {
	all := v.lost
	if v.kept != "" {
		all.add(string(v.kept))
	}
	return string(all)
}

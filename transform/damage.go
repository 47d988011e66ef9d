package transform

import (
	"math"
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// Damage is a piece of an answer that is not as it should be. The rest of the
// answer is read as if it were not there.
type Damage struct {
	What    string // total, room, session, series, samples, events, event, experience, day
	User    string // whose it is, where that is known
	Key     string // names the piece, as far as it can be read: a CommId, a metric, a day
	Problem string // one line, without offsets: equal problems are equal texts
	Count   int    // pieces of which all of this is true; 1 or more
	Kept    bool   // the row is among the rows, without the value that is damaged

	Room    *call.Room    // of What room: what could be read of it
	Session *call.Session // of What session: what could be read of it
}

// mostDamage bounds the distinct damages that an answer tells one by one. What is
// more is told by its kind and user, then by its kind: nothing that is damaged is
// not told of.
const mostDamage = 100

// moreDamage is the problem of what is not told one by one.
const moreDamage = "more is damaged"

// same reports whether two damages differ in nothing but their counts.
func (x *Damage) same(y *Damage) bool {
	return x.Problem == y.Problem && x.Key == y.Key && x.User == y.User && x.What == y.What && x.Kept == y.Kept &&
		equal(x.Room, y.Room) && equal(x.Session, y.Session)
}

func equal[T comparable](x, y *T) bool {
	return x == nil && y == nil || x != nil && y != nil && *x == *y
}

// tally gathers damages: the first that are different, and the count of all.
type tally struct {
	list  []Damage
	count int
}

// add counts x, which may have a count of its own.
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

// merge adds what another tally has.
func (t *tally) merge(other *tally) {
	before := t.count
	for _, x := range other.list {
		t.add(x)
	}
	t.count = before + other.count
}

// problems is what is wrong with one row, as one line.
type problems string

func (p *problems) add(problem string) {
	if *p != "" {
		*p += "; "
	}
	*p += problems(problem)
}

// need notes whatever keeps a field from being good.
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

// allow is need for a field that may be null.
func (p *problems) allow(name string, f field) {
	if f.state != null {
		p.need(name, f)
	}
}

// verdict is what reading a room or session came to.
type verdict struct {
	lost  problems // what makes it useless
	kept  problems // what does not
	nulls int      // fields that are null and read as empty
}

// want notes a field that the row can do without; null is as good as empty.
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

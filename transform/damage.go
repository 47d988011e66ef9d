package transform

import (
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// Damage is a piece of an answer that is not as it should be. The rest of the
// answer is read as if it were not there.
type Damage struct {
	What    string // total, room, session, series, samples, events, event, experience, day; answer: any of it
	User    string // whose it is, where that is known
	Key     string // names the piece, as far as it can be read: a CommId, a day, a metric (of samples the first one)
	Problem string // one line, without offsets: equal problems are equal texts
	Count   int    // pieces of which all of this is true; 1 or more
	Kept    bool   // the row is among the rows, without the value that is damaged

	Room    *call.Room    // of What room: what could be read of it
	Session *call.Session // of What session: what could be read of it
}

// mostDamage bounds the distinct damages that an answer tells, rows of rooms and
// sessions aside: all further ones are one Damage that names nothing, and so may be
// of anybody.
const mostDamage = 100

// further is what the last of an answer's damages says if there are more.
const further = "more of it is damaged"

// same reports whether two damages are told as one: they differ in nothing but
// their counts or, of a user's samples, in the metric.
func (x *Damage) same(y *Damage) bool {
	return x.Problem == y.Problem && (x.Key == y.Key || x.What == "samples") && x.User == y.User && x.What == y.What && x.Kept == y.Kept &&
		equal(x.Room, y.Room) && equal(x.Session, y.Session)
}

func equal[T comparable](x, y *T) bool {
	return x == nil && y == nil || x != nil && y != nil && *x == *y
}

// tally gathers damages.
type tally struct {
	list   []Damage // the first that are different
	rows   []Damage // of rooms and sessions
	beyond int      // how many more there are
	count  int      // of all
}

// add counts x, which may have a count of its own.
func (t *tally) add(x Damage) {
	x.Count = max(x.Count, 1)
	t.count += x.Count
	list, most := &t.list, mostDamage
	if x.Room != nil || x.Session != nil {
		list, most = &t.rows, mostRows
	}
	first := (*list)[:min(len(*list), mostDamage)] // who looks for more takes long where everything is damaged
	switch i := slices.IndexFunc(first, func(y Damage) bool { return y.same(&x) }); {
	case i >= 0:
		first[i].Count += x.Count
	case len(*list) < most && x.Problem != further:
		*list = append(*list, x)
	default:
		t.beyond += x.Count
	}
}

// all are the damages.
func (t *tally) all() []Damage {
	all := slices.Concat(t.rows, t.list)
	if t.beyond > 0 {
		all = append(all, Damage{What: "answer", Problem: further, Count: t.beyond})
	}
	return all
}

// merge adds what another tally has.
func (t *tally) merge(other *tally) {
	for _, x := range other.all() {
		t.add(x)
	}
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

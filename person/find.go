package person

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/native"
)

// Presence is in which rows of a relation a person is, and as what.
type Presence struct {
	Relation string    `json:"relation"`
	As       string    `json:"as"` // the column that names the person
	Rows     uint64    `json:"rows"`
	First    time.Time `json:"first"` // of these rows, by the column that says when
	Last     time.Time `json:"last"`
}

// Answer is a kept response that names a person.
type Answer struct {
	ID     uint64    `json:"response_id"`
	Action string    `json:"action"`
	Asked  time.Time `json:"asked_at"`
}

// Entry is a part or a unit of the ledger that names a person.
type Entry struct {
	Kind  string `json:"kind"`
	Key   string `json:"key"`
	Parts uint64 `json:"parts"` // 0: the texts of the unit itself
}

// Found is where a person is.
type Found struct {
	Calls     uint64     `json:"calls"`
	Relations []Presence `json:"relations"` // those with rows
	Answers   []Answer   `json:"answers"`
	Ledger    []Entry    `json:"ledger"`
}

// Nothing reports whether the person is nowhere.
func (f *Found) Nothing() bool { return len(f.Relations)+len(f.Answers)+len(f.Ledger) == 0 }

// usage is the relation that names rooms, and no calls.
const usage = "usage_rooms"

// Find looks for a person in the whole archive. It begins with the calls that the person is
// in, and looks into the large relations for these calls only.
func Find(ctx context.Context, a Archive, w Who) (f Found, err error) {
	calls, err := w.calls(ctx, a)
	if err != nil {
		return f, err
	}
	f.Calls = uint64(len(calls))
	for _, r := range catalogue.Relations() {
		if len(r.Users) == 0 && (r.Name != usage || len(w.Rooms) == 0) {
			continue
		}
		found, err := w.presence(ctx, a, r, calls)
		if err != nil {
			return f, err
		}
		f.Relations = append(f.Relations, found...)
	}
	if f.Answers, err = w.answers(ctx, a); err != nil {
		return f, err
	}
	f.Ledger, err = w.ledger(ctx, a)
	return f, err
}

// calls lists the calls that visible rows name the person in, those that began in time.
func (w Who) calls(ctx context.Context, a Archive) (calls []string, err error) {
	q, args := w.callsQuery()
	var call string
	err = a.Retry(ctx, func(ctx context.Context) error {
		calls = nil
		return native.Read(ctx, a.Conn(), "calls of a person", q+" ORDER BY call", args, func() { calls = append(calls, call) }, &call)
	})
	return calls, err
}

// callsQuery selects these calls.
func (w Who) callsQuery() (q string, args []any) {
	var texts []string
	for _, x := range []struct {
		from  string
		users []string
	}{
		{"rooms", []string{"creator_user_id"}}, {"user_sessions", []string{"user_id"}},
		{"quality_streams", []string{"user_id", "peer_id"}}, {"user_events", []string{"user_id", "peer_id"}},
	} {
		c := w.named(x.users, "room_id")
		texts, args = append(texts, "SELECT DISTINCT toString(comm_id) AS call FROM "+x.from+" WHERE "+c.text), append(args, c.args...)
	}
	q = "SELECT DISTINCT call FROM (" + strings.Join(texts, " UNION ALL ") + ")"
	if !w.Before.IsZero() {
		q += " WHERE call IN (SELECT comm_id FROM rooms WHERE created_at < toDateTime(?, 'UTC'))"
		args = append(args, w.Before.Unix())
	}
	return q, args
}

// within is the condition that a row of a relation is of one of the calls, or in time where
// the rows are of no call.
func (w Who) within(r catalogue.Relation, calls []string) condition {
	switch {
	case r.Name == usage && !w.Before.IsZero():
		return condition{"day < toDate(toDateTime(?, 'UTC'))", []any{w.Before.Unix()}}
	case r.Name == usage:
		return condition{}
	case !strings.HasPrefix(r.Name, "unusual"):
		return condition{"comm_id IN (?)", []any{calls}}
	case !w.Before.IsZero():
		return condition{"ts < toDateTime(?, 'UTC')", []any{w.Before.Unix()}}
	}
	return condition{}
}

// of is the condition that a column of a relation names the person, or that the row is of a
// room.
func (w Who) of(r catalogue.Relation, column string, calls []string) condition {
	return allOf(w.within(r, calls), w.named([]string{column}, "room_id"))
}

// presence counts the rows of a relation, by the column that names the person. Rows of a room
// count once.
func (w Who) presence(ctx context.Context, a Archive, r catalogue.Relation, calls []string) (all []Presence, err error) {
	columns := r.Users
	if len(w.Users) == 0 {
		columns = []string{"room_id"}
	}
	for _, column := range columns {
		p := Presence{Relation: r.Name, As: column}
		for some := range callsAtOnce(r, calls) {
			var x Presence
			c := w.of(r, column, some)
			q := fmt.Sprintf("SELECT count(), min(toDateTime(%[1]s, 'UTC')), max(toDateTime(%[1]s, 'UTC')) FROM %[2]s WHERE %[3]s", r.When(), r.Name, c.text)
			err := a.Retry(ctx, func(ctx context.Context) error {
				return native.Read(ctx, a.Conn(), r.Name, q, c.args, func() {}, &x.Rows, &x.First, &x.Last)
			})
			if err != nil {
				return nil, err
			}
			p.add(x)
		}
		if p.Rows > 0 {
			all = append(all, p)
		}
	}
	return all, nil
}

func (p *Presence) add(x Presence) {
	if x.Rows == 0 {
		return
	}
	if p.Rows == 0 || x.First.Before(p.First) {
		p.First = x.First.UTC()
	}
	if x.Last.After(p.Last) {
		p.Last = x.Last.UTC()
	}
	p.Rows += x.Rows
}

// callsAtOnce yields some of the calls at a time; for a relation that is of no call it yields
// once.
func callsAtOnce(r catalogue.Relation, calls []string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		if r.Name == usage || strings.HasPrefix(r.Name, "unusual") {
			yield(nil)
			return
		}
		for len(calls) > 0 {
			n := min(len(calls), unitsAtOnce)
			if !yield(calls[:n]) {
				return
			}
			calls = calls[n:]
		}
	}
}

// answers lists the kept responses that name the person.
func (w Who) answers(ctx context.Context, a Archive) (all []Answer, err error) {
	set := w.set()
	err = a.Retry(ctx, func(ctx context.Context) error {
		all = nil
		return w.eachAnswer(ctx, a, func(x answer) {
			if x.names(set) {
				all = append(all, Answer{x.id, x.action, x.asked.UTC()})
			}
		})
	})
	return all, err
}

// ledger lists the units of which the ledger names the person.
func (w Who) ledger(ctx context.Context, a Archive) (all []Entry, err error) {
	c := w.parts()
	var x Entry
	q := "SELECT toString(kind) AS kind, key, count() FROM ledger_parts WHERE " + c.text + " GROUP BY kind, key ORDER BY kind, key"
	err = a.Retry(ctx, func(ctx context.Context) error {
		all = nil
		return native.Read(ctx, a.StoreConn(), "ledger", q, c.args, func() { all = append(all, x) }, &x.Kind, &x.Key, &x.Parts)
	})
	if err != nil {
		return nil, err
	}
	units, err := w.mentioned(ctx, a, w.set())
	for _, u := range units {
		all = append(all, Entry{Kind: string(u.Kind), Key: u.Key})
	}
	return all, err
}

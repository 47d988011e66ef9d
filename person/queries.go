package person

import (
	"fmt"
	"strings"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
)

// Query selects a person's rows of a relation, in the database of the relations.
type Query struct{ Relation, Text string }

// Queries returns a query for each relation that names users.
func (w Who) Queries() (all []Query) {
	for _, r := range catalogue.Relations() {
		if len(r.Users) == 0 {
			continue
		}
		c := w.named(r.Users, "room_id")
		if !strings.HasPrefix(r.Name, "unusual") {
			c = allOf(c, w.inCalls())
		}
		all = append(all, Query{r.Name, "SELECT * FROM " + r.Name + " WHERE " + c.literal() + " ORDER BY " + r.When()})
	}
	return all
}

// inCalls is the condition that a row is of a call of the person, as a query of its own.
func (w Who) inCalls() condition {
	q, args := w.callsQuery()
	return condition{"comm_id IN (" + q + ")", args}
}

// literal is the condition with its arguments in it.
func (c condition) literal() string {
	pieces := strings.Split(c.text, "?")
	var b strings.Builder
	for i, piece := range pieces {
		if b.WriteString(piece); i < len(c.args) {
			b.WriteString(literalOf(c.args[i]))
		}
	}
	return b.String()
}

// literalOf is an argument of a condition as SQL.
func literalOf(arg any) string {
	var all []string
	switch x := arg.(type) {
	case []string:
		for _, s := range x {
			all = append(all, sqltext.Literal(s))
		}
	case []uint32:
		for _, n := range x {
			all = append(all, fmt.Sprint(n))
		}
	case call.AppID, int64:
		return fmt.Sprint(x)
	default:
		panic(fmt.Sprintf("no literal of %T", arg))
	}
	return strings.Join(all, ", ")
}

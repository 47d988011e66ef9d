// Package sqltext writes values and names into ClickHouse's SQL, for statements that take
// no parameters there, and splits a text into its statements.
package sqltext

import "strings"

// Literal returns a string as a literal.
func Literal(s string) string { return quoted(s, "'") }

// Identifier returns the name of a database, table, column or cluster.
func Identifier(s string) string { return quoted(s, "`") }

func quoted(s, mark string) string {
	return mark + strings.NewReplacer(`\`, `\\`, mark, `\`+mark).Replace(s) + mark
}

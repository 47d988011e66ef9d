// Package sqltext writes values and names into ClickHouse's SQL, for statements that take
// no parameters there, and splits a text into its statements.
package sqltext

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Literal returns a string, which may have any bytes, as a literal.
func Literal(s string) string { return quoted(s, '\'') }

// Identifier returns the name of a database, table, column or cluster.
func Identifier(s string) string { return quoted(s, '`') }

// quoted writes bytes that are not text, and characters that hide or turn what is beside them, as
// escapes: a statement may be shown to people, and in logs.
func quoted(s string, mark byte) string {
	b := []byte{mark}
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case s[0] == mark || s[0] == '\\':
			b = append(b, '\\', s[0])
		case r == utf8.RuneError && size == 1, unicode.IsControl(r), unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp):
			for _, c := range []byte(s[:size]) {
				b = fmt.Appendf(b, `\x%02x`, c)
			}
		default:
			b = append(b, s[:size]...)
		}
		s = s[size:]
	}
	return string(append(b, mark))
}

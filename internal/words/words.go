// Package words formats numbers and errors for people.
package words

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// OneLine returns an error's text without line breaks.
func OneLine(err error) string {
	if err == nil {
		return ""
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return Printable(FirstLine(err.Error()))
}

// FirstLine returns a text up to its first line break.
func FirstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// Printable replaces by escapes bytes that are not text, and characters that could upset a
// terminal, or turn or break a line. Line breaks stay.
func Printable(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, upsets) {
		quoted := strconv.Quote(s)
		return quoted[1 : len(quoted)-1]
	}
	return s
}

func upsets(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false
	}
	return unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// How much of a text is shown, in bytes: of one from outside, such as an id, and of a line.
const (
	mostShown  = 200
	mostOfLine = 4000
)

// Shown is a text from outside, such as an id, within a line: printable, without line breaks,
// and not too long to read.
func Shown(s string) string { return within(s, mostShown) }

// Line is a line that has texts from outside in it.
func Line(s string) string { return within(s, mostOfLine) }

func within(s string, most int) string {
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.ReplaceAll(Printable(s), "\n", `\n`)
}

// Comma returns a number with commas between its thousands.
func Comma(n int) string { return humanize.Comma(int64(n)) }

// Plural returns a number with a noun whose plural ends in s.
func Plural(n int, what string) string { return Count(n, what, what+"s") }

// Count returns a number with a noun in the singular or the plural.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Comma(n) + " " + many
}

// Package words formats numbers and errors for people.
package words

import (
	"context"
	"errors"
	"strconv"
	"strings"
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

// Printable replaces control characters, which could upset a terminal, and bytes that are
// not text by escapes.
func Printable(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 }) {
		quoted := strconv.Quote(s)
		return quoted[1 : len(quoted)-1]
	}
	return s
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

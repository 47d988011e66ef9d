package trtc

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable makes foreign text one line: characters that could move a terminal's cursor, or
// hide or turn text, become spaces.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// short shortens a text to so many bytes.
func short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// oneLine shortens a message to a line that a terminal can print.
func oneLine(s string) string { return short(printable(s), 300) }

// quoted is the number of bytes that are quoted of a response that is not the API's.
const quoted = 80

// quote returns the beginning of a response that is not the API's.
func quote(body []byte) string {
	begin := body[:min(len(body), quoted)]
	if len(begin) < len(body) { // no part of a character
		for i := 1; i < utf8.UTFMax && len(begin) > 0 && !utf8.Valid(begin); i++ {
			begin = begin[:len(begin)-1]
		}
	}
	for _, r := range string(begin) {
		if r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return "binary"
		}
	}
	return fmt.Sprintf("%q", printable(string(begin)))
}

// megabytes returns the text of a size.
func megabytes(n int) string { return fmt.Sprintf("%.3g MiB", float64(n)/(1<<20)) }

package trtc

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable makes one line of text that came from elsewhere: what could move a
// terminal's cursor, hide or turn text is a space.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// short cuts a text to so many bytes.
func short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// oneLine cuts a message to something a terminal can show.
func oneLine(s string) string { return short(printable(s), 300) }

// quoted is how much of what is not the API is told.
const quoted = 80

// quote tells the beginning of what is not the API.
func quote(body []byte) string {
	begin := body[:min(len(body), quoted)]
	if len(begin) < len(body) { // not a part of a character
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

// megabytes tells a size.
func megabytes(n int) string { return fmt.Sprintf("%.3g MiB", float64(n)/(1<<20)) }

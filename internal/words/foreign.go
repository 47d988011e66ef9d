package words

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// JSON replaces, in JSON, characters that could upset who reads it in a terminal or a log by
// their escapes. To a program it is the same JSON. It may return text itself.
func JSON(text []byte) []byte {
	if bytes.IndexFunc(text, upsets) < 0 {
		return text
	}
	var out bytes.Buffer
	for _, r := range string(text) {
		if upsets(r) { // all such characters have four digits
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.Bytes()
}

// Terminal returns a writer of texts from outside to a terminal: what could upset it arrives as
// escapes. Line breaks and tabs stay. Each Write may leave the beginning of a character for
// the next.
func Terminal(w io.Writer) io.Writer { return &terminal{w: w} }

type terminal struct {
	w    io.Writer
	left []byte // the beginning of a character
}

func (t *terminal) Write(text []byte) (int, error) {
	n := len(text)
	text = append(t.left, text...)
	whole := len(text)
	for at := whole - 1; at >= max(0, whole-utf8.UTFMax); at-- {
		if utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				whole = at
			}
			break
		}
	}
	t.left = bytes.Clone(text[whole:])
	_, err := io.WriteString(t.w, shownOn(string(text[:whole])))
	return n, err
}

func shownOn(text string) string {
	var out strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case upsets(r) && r != '\t':
			quoted := fmt.Sprintf("%q", r)
			out.WriteString(quoted[1 : len(quoted)-1])
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// HTML replaces, in the page of a template, characters that hide or turn what is beside them.
// Control characters become the signs for them, which a browser shows. Others become their
// escapes where a reader sees them, and in attributes references, so that a form sends the
// same text again. It may return page itself.
func HTML(page []byte) []byte {
	hides := func(r rune) bool { return upsets(r) && r != '\n' && r != '\t' }
	if bytes.IndexFunc(page, hides) < 0 {
		return page
	}
	var out bytes.Buffer
	inTag := false // templates write < and > in texts and attributes as references
	for _, r := range string(page) {
		switch {
		case r == '<' || r == '>':
			inTag = r == '<'
			out.WriteRune(r)
		case !hides(r):
			out.WriteRune(r)
		case r < ' ':
			out.WriteRune(0x2400 + r)
		case inTag:
			fmt.Fprintf(&out, "&#x%x;", r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}

// chat are characters that Slack reads as markup, its three escapes.
var chat = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Chat is a text in which Slack's markup, such as <!channel> or a link with another text,
// is what it is: text.
func Chat(s string) string { return chat.Replace(s) }

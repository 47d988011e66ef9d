package sqltext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	word    tokenKind = iota // a name or a keyword, without quotes; a number
	name                     // in double quotes or backticks
	literal                  // a string
	mark                     // one character of anything else
)

// token is a piece of a query, text[from:to]. Depth counts the brackets around it.
type token struct {
	kind     tokenKind
	from, to int
	depth    int
}

// is reports whether a token is a keyword or a mark.
func (t token) is(text, want string) bool {
	return (t.kind == word || t.kind == mark) && strings.EqualFold(text[t.from:t.to], want)
}

// tokens returns the pieces of a text as ClickHouse's lexer has them, without spaces and
// comments. A string or comment without an end continues to the end of the text.
func tokens(text string) (all []token) {
	depth := 0
	for at := 0; at < len(text); {
		rest := text[at:]
		t := token{kind: mark, from: at, depth: depth}
		size := 0
		switch c := rest[0]; {
		case space(rest) > 0:
			at += space(rest)
			continue
		case c == '\'':
			t.kind, size = literal, quotedLen(rest)
		case c == '"' || c == '`':
			t.kind, size = name, quotedLen(rest)
		case heredoc(rest) > 0:
			t.kind, size = literal, heredoc(rest)
		case wordLen(rest) > 0:
			t.kind, size = word, wordLen(rest)
		default:
			_, size = utf8.DecodeRuneInString(rest)
			switch {
			case strings.IndexByte("([{", c) >= 0:
				depth++
			case strings.IndexByte(")]}", c) >= 0:
				depth--
				t.depth = depth
			}
		}
		at += size
		t.to = at
		all = append(all, t)
	}
	return all
}

// space returns the length of the space or comment that a text begins with.
func space(s string) int {
	switch {
	case strings.HasPrefix(s, "--"), strings.HasPrefix(s, "# "), strings.HasPrefix(s, "#!"):
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			return i + 1
		}
		return len(s)
	case strings.HasPrefix(s, "/*"):
		return commentLen(s)
	}
	if r, size := utf8.DecodeRuneInString(s); unicode.IsSpace(r) {
		return size
	}
	return 0
}

// commentLen returns the length of a comment. Comments nest.
func commentLen(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// quotedLen returns the length of a quoted text. Within it, the quotation mark is doubled
// or follows a backslash.
func quotedLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			if i+1 == len(s) || s[i+1] != s[0] {
				return i + 1
			}
			i++
		}
	}
	return len(s)
}

// heredoc returns the length of a string between $tag$ and $tag$, 0 if there is none.
func heredoc(s string) int {
	if s[0] != '$' {
		return 0
	}
	n := 1 + wordLen(s[1:])
	if n >= len(s) || s[n] != '$' {
		return 0
	}
	tag := s[:n+1]
	if end := strings.Index(s[len(tag):], tag); end >= 0 {
		return len(tag) + end + len(tag)
	}
	return 0
}

// wordLen returns the length of the word or number that a text begins with.
func wordLen(s string) int {
	n := strings.IndexFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if n < 0 {
		return len(s)
	}
	return n
}

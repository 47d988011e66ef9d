package privacy

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words are the vendor's words without the ids that were asked for.
func (x *Exchange) Words(text string) string {
	if x == nil || !x.edge.policy.Users {
		return text
	}
	longest := slices.Clone(x.asked) // one id may be within another
	slices.SortStableFunc(longest, func(a, b named) int { return cmp.Compare(len(b.id), len(a.id)) })
	for _, n := range longest {
		text = replaced(text, n)
	}
	return text
}

// shortID is the length up to which an id is looked for as a word of its own only: as a part
// of other words it would be everywhere.
const shortID = 3

// replaced is a text with the pseudonym where the id is.
func replaced(text string, n named) string {
	if len(n.id) > shortID {
		return strings.ReplaceAll(text, n.id, n.pseudonym)
	}
	var b strings.Builder
	for {
		i := strings.Index(text, n.id)
		if i < 0 {
			return b.String() + text
		}
		end := i + len(n.id)
		before, _ := utf8.DecodeLastRuneInString(b.String() + text[:i])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if b.WriteString(text[:i]); partOfWord(before) || partOfWord(after) {
			b.WriteString(n.id)
		} else {
			b.WriteString(n.pseudonym)
		}
		text = text[end:]
	}
}

func partOfWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

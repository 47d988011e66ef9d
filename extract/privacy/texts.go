package privacy

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/callvault/callvault/internal/identity"
)

// inWord has the bytes of numbers and words, as package transform reads them.
var inWord = func() (is [256]bool) {
	for _, c := range "+-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		is[c] = true
	}
	return is
}()

// beginText begins a text. Names of fields within a value that is hidden are hidden, too.
func (r *Reader) beginText(key bool) int {
	if key && r.open.depth <= r.level {
		r.rule = pass
	}
	r.isKey, r.hidden = key, r.rule != pass
	r.state, r.escape, r.held, r.long = inText, noEscape, r.held[:0], nil
	if !r.hidden {
		r.put('"')
	}
	return 1
}

// text takes more of a text, and returns how many bytes it has taken.
func (r *Reader) text(in []byte) int {
	for i, c := range in {
		switch {
		case r.escape == beginEscape:
			if strings.IndexByte(`"\/bfnrtu`, c) < 0 {
				r.take(in[:i])
				return i + r.wrong(c)
			}
			if r.escape = noEscape; c == 'u' {
				r.escape = 4
			}
		case r.escape > 0:
			if !hexadecimal(c) {
				r.take(in[:i])
				return i + r.wrong(c)
			}
			r.escape--
		case c == '\\':
			r.escape = beginEscape
		case c == '"':
			r.take(in[:i])
			r.endText()
			return i + 1
		case c < ' ':
			r.take(in[:i])
			return i + r.wrong(c)
		}
	}
	r.take(in)
	return len(in)
}

func hexadecimal(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// take passes on or holds back a piece of a text or word.
func (r *Reader) take(piece []byte) {
	if !r.hidden {
		r.out = append(r.out, piece...)
	}
	switch {
	case !r.hidden && (!r.isKey || len(r.held) > longestField):
	case r.long != nil:
		r.long.Write(piece)
	case len(r.held)+len(piece) > longestHeld:
		r.long = r.x.edge.hash(r.rule)
		r.long.Write(r.held)
		r.long.Write(piece)
	default:
		r.held = append(r.held, piece...)
	}
}

// wrong stops at a byte that no text has. Of a text that is held back, only what is before
// that byte and makes it wrong passes.
func (r *Reader) wrong(c byte) int {
	if r.hidden {
		switch r.put('"'); {
		case r.escape == beginEscape:
			r.put('\\')
		case r.escape > 0:
			r.out = append(r.out, `\u`...)
		}
	}
	return r.stop(c)
}

func (r *Reader) endText() {
	switch {
	case r.hidden && r.long != nil:
		r.quote(r.ofLong())
	case r.hidden:
		r.hide(r.held, `"`)
	default:
		r.put('"')
	}
	if !r.isKey {
		r.after()
		return
	}
	if r.state = atColon; !r.hidden {
		r.rule, r.level = r.x.edge.in(ruleOf(decoded(r.held))), r.open.depth
	}
}

// word takes more of a number or word.
func (r *Reader) word(in []byte) int {
	n := 0
	for n < len(in) && inWord[in[n]] {
		n++
	}
	if r.take(in[:n]); n == len(in) {
		return n
	}
	if r.hidden {
		r.hideWord()
	}
	r.after()
	return n
}

// hideWord puts out a number or word that is held back. The decoder takes a whole number for
// an id; of anything else, only the kind passes.
func (r *Reader) hideWord() {
	word := string(r.held)
	switch {
	case r.long != nil:
		r.quote(r.ofLong())
	case word == "null", word == "true", word == "false", r.rule == words:
		r.out = append(r.out, word...)
	case whole(word):
		r.hide(r.held, "")
	case json.Valid(r.held):
		r.out = append(r.out, "0.5"...)
	default:
		r.put('x')
	}
}

// whole says that a word is a whole number.
func whole(word string) bool {
	digits := strings.TrimPrefix(word, "-")
	return digits == "0" || digits != "" && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

// hide puts out what becomes of a text or whole number as it is spelled, between quotes or
// not.
func (r *Reader) hide(spelled []byte, quotes string) {
	text, e := decoded(spelled), r.x.edge
	become := text
	switch r.rule {
	case user:
		become = e.hide(user, text, r.x.users)
	case room, callID:
		become = e.hide(r.rule, text, true)
	case address:
		become = e.policy.Address.Of(text)
	case words:
		become = r.x.Words(text)
	}
	if become == text {
		r.out = append(append(append(r.out, quotes...), spelled...), quotes...)
		return
	}
	r.quote(become)
}

// quote puts out a text.
func (r *Reader) quote(text string) {
	spelled, _ := json.Marshal(text) // a string always can
	r.out = append(r.out, spelled...)
}

// ofLong is what becomes of a text that was too long to be held.
func (r *Reader) ofLong() string {
	if kind, ok := kinds[r.rule]; ok {
		return identity.Spell(kind, r.long)
	}
	return ""
}

// decoded is a text as package transform reads it: what is no UTF-8, or half a surrogate
// pair, is U+FFFD.
func decoded(spelled []byte) string {
	for _, c := range spelled {
		if c == '\\' || c >= utf8.RuneSelf {
			var text string
			_ = json.Unmarshal([]byte(`"`+string(spelled)+`"`), &text) // the Reader has checked it
			return text
		}
	}
	return string(spelled)
}

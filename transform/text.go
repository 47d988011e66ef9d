package transform

import (
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads the string whose opening quote is the next byte. It returns plain ASCII
// from the body, without a copy.
func (s *scanner) quoted() []byte {
	start := s.pos + 1
	for i, c := range s.buf[start:] {
		if c == '"' {
			s.pos = start + i + 1
			return s.buf[start : start+i]
		}
		if c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return s.rewritten(start, start+i)
		}
	}
	s.pos = len(s.buf)
	s.fail(`'"'`)
	return nil
}

// rewritten reads the rest of a string into scratch. It resolves escapes and replaces
// invalid UTF-8. The string starts at start and is plain ASCII up to i.
func (s *scanner) rewritten(start, i int) []byte {
	out := append(s.scratch[:0], s.buf[start:i]...)
	for i < len(s.buf) {
		c := s.buf[i]
		switch {
		case c == '"':
			s.pos = i + 1
			s.scratch = out
			return out
		case c == '\\':
			s.pos = i + 1
			out = s.escape(out)
			i = s.pos
		case c < ' ':
			s.pos = i
			s.fail(`'"'`)
			return nil
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, size := utf8.DecodeRune(s.buf[i:])
			out = utf8.AppendRune(out, r)
			i += size
		}
	}
	s.pos = len(s.buf)
	s.fail(`'"'`)
	return nil
}

// escape reads the escape after a backslash and appends its meaning to out.
func (s *scanner) escape(out []byte) []byte {
	var c byte
	if s.pos < len(s.buf) {
		c = s.buf[s.pos]
	}
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		s.pos++
		return utf8.AppendRune(out, s.unicode())
	default:
		s.fail("an escape")
		return out
	}
	s.pos++
	return append(out, c)
}

// unicode reads the digits of a \u escape, and a second escape if the two are a
// surrogate pair. A lone surrogate is U+FFFD.
func (s *scanner) unicode() rune {
	r := s.hex4()
	if !utf16.IsSurrogate(r) {
		return r
	}
	if s.pos+1 >= len(s.buf) || s.buf[s.pos] != '\\' || s.buf[s.pos+1] != 'u' {
		return utf8.RuneError
	}
	back := s.pos
	s.pos += 2
	pair := utf16.DecodeRune(r, s.hex4())
	if pair == utf8.RuneError && s.err == nil {
		s.pos = back // the second escape stands for itself
	}
	return pair
}

func (s *scanner) hex4() rune {
	var r rune
	for range 4 {
		var c byte
		if s.pos < len(s.buf) {
			c = s.buf[s.pos]
		}
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			s.fail("a hexadecimal digit")
			return utf8.RuneError
		}
		s.pos++
	}
	return r
}

const (
	maxNames   = 8192 // strings in an interner
	maxNameLen = 256  // bytes of a string; longer ones are not shared
)

// interner shares the memory of equal strings. It forgets all strings when it is full.
type interner struct{ names map[string]string }

func (n *interner) intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if name, ok := n.names[string(b)]; ok {
		return name
	}
	name := string(b)
	if len(b) > maxNameLen {
		return name
	}
	if n.names == nil || len(n.names) >= maxNames {
		n.names = make(map[string]string)
	}
	n.names[name] = name
	return name
}

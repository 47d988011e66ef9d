package transform

import (
	"fmt"
	"strconv"
)

// maxDepth is how deep objects and lists may nest.
const maxDepth = 512

// scanner walks one JSON document. Its first error sticks and moves it to the
// end of the document, so that every loop over members or elements ends; the
// caller looks at err when it is done.
type scanner struct {
	what    string
	buf     []byte
	pos     int
	depth   int
	first   bool   // just after the opening of an object or list
	key     []byte // name of the current member, until the next string is read
	scratch []byte // text of the last string that had to be rewritten
	err     error  // a *DecodeError
}

func (s *scanner) start(what string, body []byte) {
	*s = scanner{what: what, buf: body, scratch: s.scratch}
}

// release lets go of the body.
func (s *scanner) release() { s.start("", nil) }

// fail records that the next byte is not what was expected.
func (s *scanner) fail(expected string) {
	if s.err != nil {
		return
	}
	found := "the end of the body"
	if s.pos < len(s.buf) {
		found = strconv.QuoteRuneToASCII(rune(s.buf[s.pos]))
		if s.buf[s.pos] >= 0x80 {
			found = fmt.Sprintf("byte 0x%02x", s.buf[s.pos])
		}
	}
	s.failAt(s.pos, "expected "+expected+", found "+found)
}

func (s *scanner) failAt(offset int, problem string) {
	if s.err == nil {
		s.err = &DecodeError{What: s.what, Offset: offset, Problem: problem}
	}
	s.pos = len(s.buf)
}

// space skips white space and returns the next byte, which it leaves, or 0 at
// the end. No JSON token starts with a zero byte.
func (s *scanner) space() byte {
	for s.pos < len(s.buf) {
		c := s.buf[s.pos]
		if c > ' ' || (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
			return c
		}
		s.pos++
	}
	return 0
}

// begin reads the opening '{' or '[' and returns its offset. Then member or
// element must be called until it returns false.
func (s *scanner) begin(open byte) (offset int) {
	if s.space() != open {
		if open == '{' {
			s.fail("an object")
		} else {
			s.fail("a list")
		}
		return s.pos
	}
	if s.depth++; s.depth > maxDepth {
		s.failAt(s.pos, "nested too deep")
		return s.pos
	}
	s.pos++
	s.first = true
	return s.pos - 1
}

// member moves to the value of the object's next member and sets key, or reads
// the closing '}' and returns false.
func (s *scanner) member() bool {
	c := s.space()
	if c == '}' {
		s.close()
		return false
	}
	if !s.first {
		if c != ',' {
			s.fail(`"," or "}"`)
			return false
		}
		s.pos++
		c = s.space()
	}
	s.first = false
	if c != '"' {
		s.fail("a field name")
		return false
	}
	s.key = s.quoted()
	if s.space() != ':' {
		s.fail(`":"`)
		return false
	}
	s.pos++
	return true
}

// element moves to the list's next value, or reads the closing ']' and returns
// false.
func (s *scanner) element() bool {
	c := s.space()
	if c == ']' {
		s.close()
		return false
	}
	if !s.first {
		if c != ',' {
			s.fail(`"," or "]"`)
			return false
		}
		s.pos++
		s.space()
	}
	s.first = false
	return s.err == nil
}

func (s *scanner) close() {
	s.pos++
	s.depth--
	s.first = false
}

// list begins a list, unless it is null.
func (s *scanner) list() ListState {
	if s.null() {
		return ListNull
	}
	s.begin('[')
	return ListPresent
}

// end checks that only white space is left.
func (s *scanner) end() {
	s.space()
	if s.pos < len(s.buf) {
		s.fail("the end of the body")
	}
}

// null reads a null if that comes next.
func (s *scanner) null() bool {
	if s.space() != 'n' {
		return false
	}
	s.literal("null")
	return true
}

// boolean reads true, false or null, which is false.
func (s *scanner) boolean() bool {
	switch s.space() {
	case 't':
		s.literal("true")
		return s.err == nil
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.fail("true or false")
	}
	return false
}

func (s *scanner) literal(word string) {
	for i := 0; i < len(word); i++ {
		if s.pos >= len(s.buf) || s.buf[s.pos] != word[i] {
			s.fail(word)
			return
		}
		s.pos++
	}
}

// skip reads a value of any kind.
func (s *scanner) skip() {
	switch s.space() {
	case '{':
		s.begin('{')
		for s.member() {
			s.skip()
		}
	case '[':
		s.begin('[')
		for s.element() {
			s.skip()
		}
	case '"':
		s.quoted()
	case 't', 'f':
		s.boolean()
	case 'n':
		s.null()
	default:
		s.number("a value")
	}
}

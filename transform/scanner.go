package transform

import (
	"fmt"
	"strconv"
)

// scanner walks one JSON document. It keeps its first error and then moves to the end
// of the document, so that every loop over members or elements ends. The caller checks
// err at the end. Only a broken structure is an error.
type scanner struct {
	what    string
	buf     []byte
	pos     int
	first   bool     // just after the opening of an object or list
	key     []byte   // name of the current member, until the next string is read
	scratch []byte   // text of the last rewritten string
	open    bitStack // the nesting of skip: true for an object
	err     error    // a *DecodeError
}

func (s *scanner) start(what string, body []byte) {
	*s = scanner{what: what, buf: body, scratch: s.scratch}
}

// release drops the reference to the body.
func (s *scanner) release() { s.start("", nil) }

// fail records that the next byte is not the expected one.
func (s *scanner) fail(expected string) {
	if s.err != nil {
		return
	}
	found := "the end of the body"
	cut := s.pos >= len(s.buf)
	if !cut {
		found = strconv.QuoteRuneToASCII(rune(s.buf[s.pos]))
		if s.buf[s.pos] >= 0x80 {
			found = fmt.Sprintf("byte 0x%02x", s.buf[s.pos])
		}
	}
	s.failWith(&DecodeError{Offset: s.pos, Problem: "expected " + expected + ", found " + found, Truncated: cut})
}

func (s *scanner) failWith(e *DecodeError) {
	if s.err == nil {
		e.What = s.what
		s.err = e
	}
	s.pos = len(s.buf)
}

// space skips white space and returns the next byte without reading it, or 0 at the
// end. No token starts with a zero byte.
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

// begin reads the opening '{' or '['. After it, call member or element until it
// returns false.
func (s *scanner) begin(open byte) {
	switch {
	case s.space() == open:
		s.pos++
		s.first = true
	case open == '{':
		s.fail("an object")
	default:
		s.fail("a list")
	}
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
	s.first = false
}

// end fails unless only white space is left.
func (s *scanner) end() {
	s.space()
	if s.pos < len(s.buf) {
		s.fail("the end of the body")
	}
}

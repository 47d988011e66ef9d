package transform

import (
	"fmt"
	"strconv"
)

// state is how a field was sent.
type state uint8

const (
	absent state = iota // no such field
	null
	wrong // a value that the field cannot have
	good
)

// field is a field without its value.
type field struct {
	state   state
	problem string // if state is wrong
}

// value is a field with its value, zero unless the state is good.
type value[T any] struct {
	field
	v T
}

// set sets the value of a field. A second value in one object makes the field wrong.
func (v *value[T]) set(x value[T]) {
	if x.field = once(v.field, x.field); x.state != good {
		x.v = *new(T)
	}
	*v = x
}

// once returns f, or a wrong field if an earlier field had the same name.
func once(before, f field) field {
	if before.state != absent {
		return field{wrong, "it is repeated"}
	}
	return f
}

// mismatch returns the wrong field for an unexpected kind of value.
func mismatch(wanted, found string) field {
	return field{wrong, "expected " + wanted + ", found " + found}
}

// any reads a value of any kind and returns the kind in words.
func (s *scanner) any() (kind string) {
	switch s.space() {
	case '{':
		s.skip()
		return "an object"
	case '[':
		s.skip()
		return "a list"
	case '"':
		s.quoted()
		return "a string"
	}
	return kindOf(s.word())
}

// mostQuoted is the most bytes of the vendor's text in a problem.
const mostQuoted = 40

// kindOf returns the kind of a word in words.
func kindOf(word []byte) string {
	switch string(word) {
	case "null":
		return "null"
	case "true", "false":
		return "a boolean"
	}
	switch {
	case isNumber(word):
		return "a number"
	case len(word) > mostQuoted:
		return "a word that begins with " + strconv.Quote(string(word[:mostQuoted]))
	}
	return "the word " + strconv.Quote(string(word))
}

// object begins an object. It reads any other value and returns a problem.
func (s *scanner) object() (problem string) {
	if s.space() == '{' {
		s.begin('{')
		return ""
	}
	return mismatch("an object", s.any()).problem
}

// list begins a list. It reads any other value.
func (s *scanner) list() (ListState, field) {
	if s.space() == '[' {
		s.begin('[')
		return ListPresent, field{state: good}
	}
	found := s.any()
	if found == "null" {
		return ListNull, field{state: null}
	}
	return ListWrong, mismatch("a list", found)
}

// text reads a string, or an integer as its digits. The bytes are valid until the next
// string is read.
func (s *scanner) text() ([]byte, field) {
	var found string
	switch s.space() {
	case '"':
		return s.quoted(), field{state: good}
	case '{', '[':
		found = s.any()
	default:
		word := s.word()
		if isInteger(word) {
			return word, field{state: good}
		}
		found = kindOf(word)
	}
	if found == "null" {
		return nil, field{state: null}
	}
	return nil, mismatch("a string", found)
}

// name reads a string that is likely to be repeated, and shares its memory.
func (d *Decoder) name() value[string] {
	text, f := d.scan.text()
	return value[string]{f, d.names.intern(text)}
}

// number reads a number, quoted or not, and returns its text. For any other value text
// is nil and found is the kind.
func (s *scanner) number() (text []byte, found string) {
	switch s.space() {
	case '{', '[':
		return nil, s.any()
	case '"':
		if text = s.quoted(); isNumber(text) {
			return text, ""
		}
		return nil, "a string"
	}
	rest, ok := cutNumber(s.buf[s.pos:])
	if end := len(s.buf) - len(rest); ok && (end == len(s.buf) || !isWord[s.buf[end]]) {
		text = s.buf[s.pos:end]
		s.pos = end
		return text, ""
	}
	return nil, kindOf(s.word())
}

// integer reads a whole number from lowest to highest.
func (s *scanner) integer(lowest, highest int64) value[int64] {
	text, found := s.number()
	if text != nil {
		if v, ok := parseInteger(text); ok && lowest <= v && v <= highest {
			return value[int64]{field{state: good}, v}
		}
	}
	if found == "null" {
		return value[int64]{field: field{state: null}}
	}
	wanted := fmt.Sprintf("an integer from %d to %d", lowest, highest)
	if found == "" {
		return value[int64]{field: field{wrong, "expected " + wanted}}
	}
	return value[int64]{field: mismatch(wanted, found)}
}

// float reads a number, rounded as strconv.ParseFloat does.
func (s *scanner) float() value[float64] {
	text, found := s.number()
	switch {
	case found == "null":
		return value[float64]{field: field{state: null}}
	case text == nil:
		return value[float64]{field: mismatch("a number", found)}
	}
	v, ok := shortFloat(text)
	if !ok {
		var err error
		if v, err = strconv.ParseFloat(string(text), 64); err != nil {
			return value[float64]{field: field{wrong, "expected a number that fits a float64"}}
		}
	}
	return value[float64]{field{state: good}, v}
}

// boolean reads true or false, quoted or not, or 1 or 0.
func (s *scanner) boolean() value[bool] {
	var text []byte
	var found string
	switch s.space() {
	case '{', '[':
		found = s.any()
	case '"':
		text, found = s.quoted(), "a string"
		if len(text) == 1 {
			text = nil
		}
	default:
		text = s.word()
		found = kindOf(text)
	}
	switch string(text) {
	case "true", "1":
		return value[bool]{field{state: good}, true}
	case "false", "0":
		return value[bool]{field: field{state: good}}
	}
	if found == "null" {
		return value[bool]{field: field{state: null}}
	}
	return value[bool]{field: mismatch("true or false", found)}
}

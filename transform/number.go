package transform

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// number reads a number and returns its text; expected says what else might
// have stood there.
func (s *scanner) number(expected string) []byte {
	s.space()
	start := s.pos
	if s.peek() == '-' {
		s.pos++
		expected = "a digit"
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits(expected) {
		return nil
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits("a digit") {
			return nil
		}
	}
	if s.peek()|0x20 == 'e' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits("a digit") {
			return nil
		}
	}
	return s.buf[start:s.pos]
}

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.buf) {
		return s.buf[s.pos]
	}
	return 0
}

// digits reads one digit or more.
func (s *scanner) digits(expected string) bool {
	start := s.pos
	for s.pos < len(s.buf) && s.buf[s.pos]-'0' <= 9 {
		s.pos++
	}
	if s.pos == start {
		s.fail(expected)
		return false
	}
	return true
}

// integer reads a whole number from lowest to highest, quoted or not. It is
// false for null.
func (s *scanner) integer(lowest, highest int64) (int64, bool) {
	var text []byte
	c := s.space()
	start := s.pos
	switch c {
	case 'n':
		s.literal("null")
		return 0, false
	case '"':
		text = s.quotedNumber()
	default:
		text = s.number("an integer")
	}
	if s.err != nil {
		return 0, false
	}
	v, ok := parseInteger(text)
	if !ok || v < lowest || v > highest {
		s.failAt(start, fmt.Sprintf("expected an integer from %d to %d", lowest, highest))
		return 0, false
	}
	return v, true
}

// quotedNumber reads a string that holds a number and nothing else.
func (s *scanner) quotedNumber() []byte {
	start := s.pos
	inner := scanner{buf: s.quoted()}
	if s.err != nil {
		return nil
	}
	if c := inner.peek(); c != '-' && (c < '0' || c > '9') {
		s.failAt(start, "expected an integer")
		return nil
	}
	text := inner.number("")
	if inner.end(); inner.err != nil || len(text) != len(inner.buf) {
		s.failAt(start, "expected an integer")
		return nil
	}
	return text
}

// parseInteger is the exact value of a JSON number, if that is whole and fits.
func parseInteger(text []byte) (int64, bool) {
	negative := text[0] == '-'
	if negative {
		text = text[1:]
	}
	if len(text) > 18 {
		return parseWhole(text, negative)
	}
	v := int64(0)
	for _, c := range text {
		if c -= '0'; c > 9 {
			return parseWhole(text, negative)
		}
		v = v*10 + int64(c)
	}
	if negative {
		v = -v
	}
	return v, true
}

// parseWhole is parseInteger for numbers that are long or have a fraction or an
// exponent. It takes them as digits·10^exponent, with no zero at either end.
func parseWhole(text []byte, negative bool) (int64, bool) {
	exponent, fits := 0, true
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(string(text[i+1:]))
		exponent, fits = e, err == nil
		text = text[:i]
	}
	whole, fraction, _ := bytes.Cut(text, []byte{'.'})
	var short [32]byte
	digits := bytes.TrimLeft(append(append(short[:0], whole...), fraction...), "0")
	if len(digits) == 0 {
		return 0, true
	}
	exponent += len(digits) - len(fraction)
	digits = bytes.TrimRight(digits, "0")
	exponent -= len(digits)
	if !fits || exponent < 0 || exponent > 19-len(digits) {
		return 0, false
	}
	v := uint64(0)
	for _, c := range digits {
		v = v*10 + uint64(c-'0')
	}
	for range exponent {
		v *= 10
	}
	if negative && v <= 1<<63 {
		return -int64(v), true
	}
	return int64(v), v <= math.MaxInt64
}

// The powers of ten that a float64 holds exactly and that a mantissa of at most
// 15 digits can need.
var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// float reads a number, rounded as strconv.ParseFloat does. It is false for null.
func (s *scanner) float() (float64, bool) {
	if s.null() {
		return 0, false
	}
	start := s.pos
	text := s.number("a number")
	if s.err != nil {
		return 0, false
	}
	if v, ok := shortFloat(text); ok {
		return v, true
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		s.failAt(start, "expected a number that fits a float64")
		return 0, false
	}
	return v, true
}

// shortFloat is the value of a JSON number of at most 15 digits and no exponent:
// mantissa and power are exact then, and one division rounds once.
func shortFloat(text []byte) (float64, bool) {
	digits := text
	if text[0] == '-' {
		digits = text[1:]
	}
	if len(digits) > 16 {
		return 0, false
	}
	mantissa, fraction := int64(0), 0
	for i, c := range digits {
		switch {
		case c == '.':
			fraction = len(digits) - i - 1
		case c > '9':
			return 0, false
		default:
			mantissa = mantissa*10 + int64(c-'0')
		}
	}
	if fraction == 0 && len(digits) > 15 {
		return 0, false
	}
	v := float64(mantissa) / pow10[fraction]
	if text[0] == '-' {
		v = -v
	}
	return v, true
}

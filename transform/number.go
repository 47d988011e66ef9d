package transform

import (
	"bytes"
	"math"
	"strconv"
)

// isNumber reports whether text is a JSON number.
func isNumber(text []byte) bool {
	rest, ok := cutNumber(text)
	return ok && len(rest) == 0
}

// cutNumber cuts a number off the start of text.
func cutNumber(text []byte) (rest []byte, ok bool) {
	rest, ok = cutInteger(text)
	if ok && len(rest) > 0 && rest[0] == '.' {
		rest, ok = cutDigits(rest[1:])
	}
	if ok && len(rest) > 0 && rest[0]|0x20 == 'e' {
		rest = rest[1:]
		if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		rest, ok = cutDigits(rest)
	}
	return rest, ok
}

// isInteger reports whether text is a number without fraction and exponent.
func isInteger(text []byte) bool {
	rest, ok := cutInteger(text)
	return ok && len(rest) == 0
}

// cutInteger cuts an integer off the start of text. After a leading 0 it ends.
func cutInteger(text []byte) (rest []byte, ok bool) {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	if len(text) > 0 && text[0] == '0' {
		return text[1:], true
	}
	return cutDigits(text)
}

// cutDigits cuts one or more digits off the start of text.
func cutDigits(text []byte) (rest []byte, ok bool) {
	n := 0
	for n < len(text) && text[n]-'0' <= 9 {
		n++
	}
	return text[n:], n > 0
}

// parseInteger returns the exact value of a JSON number if it is whole and fits.
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

// parseWhole returns parseInteger for numbers that are long or have a fraction or an
// exponent. It reads them as digits·10^exponent, without zeros at either end.
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

// pow10 are the powers of ten that a mantissa of at most 15 digits needs. A float64
// represents them exactly.
var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// shortFloat returns the value of a JSON number of at most 15 digits without an
// exponent. Its mantissa and power of ten are exact, so one division rounds once.
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

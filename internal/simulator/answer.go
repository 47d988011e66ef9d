package simulator

import (
	"net/http"
	"strconv"
	"unicode/utf8"
)

// flushAt is the size of the pieces of a response, in bytes.
const flushAt = 64 << 10

// answer writes a response of the vendor in pieces: {"Response":{ … ,"RequestId":"…"}}.
type answer struct {
	w     http.ResponseWriter
	id    string
	buf   []byte
	sent  int64
	begun bool
	err   error
}

func newAnswer(w http.ResponseWriter, id string) *answer {
	w.Header().Set("Content-Type", "application/json")
	return &answer{w: w, id: id, buf: make([]byte, 0, 2048)}
}

// key begins a field of Response.
func (a *answer) key(name string) {
	if !a.begun {
		a.buf = append(a.buf, `{"Response":{`...)
		a.begun = true
	}
	a.buf = append(a.buf, '"')
	a.buf = append(a.buf, name...)
	a.buf = append(a.buf, `":`...)
}

// next ends a field of Response.
func (a *answer) next() { a.buf = append(a.buf, ',') }

func (a *answer) integer(name string, n int64) {
	a.key(name)
	a.buf = strconv.AppendInt(a.buf, n, 10)
	a.next()
}

// nothing writes a field without rows: null or []. The vendor uses both.
func (a *answer) nothing(name string, null bool) {
	a.key(name)
	a.buf = appendNothing(a.buf, null)
	a.next()
}

func appendNothing(dst []byte, null bool) []byte {
	if null {
		return append(dst, "null"...)
	}
	return append(dst, "[]"...)
}

// spill sends the buffer once it is large enough.
func (a *answer) spill() {
	if len(a.buf) >= flushAt {
		a.flush()
	}
}

func (a *answer) flush() {
	if a.err == nil && len(a.buf) > 0 {
		var n int
		n, a.err = a.w.Write(a.buf)
		a.sent += int64(n)
	}
	a.buf = a.buf[:0]
}

// gone reports whether the client has closed the connection.
func (a *answer) gone() bool { return a.err != nil }

func (a *answer) fault(f *fault, english bool) {
	a.key("Error")
	a.buf = append(a.buf, `{"Code":`...)
	a.buf = appendString(a.buf, f.code, false)
	a.buf = append(a.buf, `,"Message":`...)
	a.buf = appendString(a.buf, f.message(english), false)
	a.buf = append(a.buf, '}')
	a.next()
}

// finish ends the response and returns the number of bytes sent.
func (a *answer) finish() int64 {
	if a.begun {
		a.key("RequestId")
		a.buf = appendString(a.buf, a.id, false)
		a.buf = append(a.buf, "}}"...)
		a.flush()
	}
	return a.sent
}

// appendString writes a JSON string. With ascii it escapes all other characters, those
// above U+FFFF as two surrogates.
func appendString(dst []byte, s string, ascii bool) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ' || r == '<' || r == '>' || r == '&' || r == '\u2028':
			dst = appendEscape(dst, r)
		case ascii && r > 0xffff:
			r -= 0x10000
			dst = appendEscape(appendEscape(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
		case ascii && r > '~':
			dst = appendEscape(dst, r)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

func appendEscape(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// requestID returns a UUID of version 4, unique over all responses.
func (s *Simulator) requestID() string {
	r := rng{hash3(s.options.Seed, 200, s.requests.Add(1))}
	high, low := r.next()&^0xf000|0x4000, r.next()&^(3<<62)|2<<62
	hex := func(n uint64, digits int) string {
		text := strconv.FormatUint(n, 16)
		for len(text) < digits {
			text = "0" + text
		}
		return text
	}
	return hex(high>>32, 8) + "-" + hex(high>>16&0xffff, 4) + "-" + hex(high&0xffff, 4) + "-" +
		hex(low>>48, 4) + "-" + hex(low&0xffffffffffff, 12)
}

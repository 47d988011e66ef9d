package transform

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/callvault/callvault/internal/call"
)

// usualPoint is the least size of a point in the usual form, in bytes, with its comma.
const usualPoint = 30

// points reads the elements of a "Content" list: points with a value into dst, null
// points into d.nulls, damaged points into d.bad.
func (d *Decoder) points(dst *call.Samples) {
	for d.scan.element() {
		if !d.scan.usualPoints(dst) {
			d.point(dst)
		}
	}
}

// point reads a point in any form.
func (d *Decoder) point(dst *call.Samples) {
	s := &d.scan
	if problem := s.object(); problem != "" {
		d.bad.add(Damage{Problem: problem})
		return
	}
	var at value[int64]
	var v value[float64]
	for s.member() {
		switch string(s.key) {
		case "Time":
			at.set(s.seconds(1))
		case "Value":
			v.set(s.float())
		default:
			s.skip()
		}
	}
	switch {
	case at.state == good && v.state == good:
		dst.Time = append(dst.Time, uint32(at.v))
		dst.Value = append(dst.Value, v.v)
	case at.state == good && v.state == null:
		d.nulls = append(d.nulls, uint32(at.v))
	default:
		var p problems
		p.need("Time", at.field)
		p.allow("Value", v.field)
		d.bad.add(Damage{Problem: string(p)})
	}
}

// Eight bytes of JSON at a time, as a little-endian word.
const (
	wordTime  = uint64('{') | '"'<<8 | 'T'<<16 | 'i'<<24 | 'm'<<32 | 'e'<<40 | '"'<<48 | ':'<<56
	wordValue = uint64(',') | '"'<<8 | 'V'<<16 | 'a'<<24 | 'l'<<32 | 'u'<<40 | 'e'<<48 | '"'<<56
	wordZeros = 0x3030303030303030
)

// The layout of a point in the usual form, {"Time":1590065779,"Value":12.5},
const (
	atTime   = 8           // ten digits
	atColon  = atTime + 18 // after "Value"
	atValue  = atColon + 1 // up to seven digits, and a fraction of up to seven
	maxUsual = atValue + 7 + 1 + 8
)

// usualPoints reads points while they have exactly the usual form, and reports whether
// it read any. It stops before the first other byte.
func (s *scanner) usualPoints(dst *call.Samples) bool {
	times, values := dst.Time[:cap(dst.Time)], dst.Value[:cap(dst.Value)]
	n := len(dst.Time)
	buf := s.buf
	var lastHigh, high uint64 // the first eight digits of Time, as text and times 100: they change every 100 s
	pos, end := s.pos, s.pos  // start of the current point, end of the last one
	for len(buf)-pos >= maxUsual && n < len(times) && n < len(values) {
		p := (*[maxUsual]byte)(buf[pos:])
		if binary.LittleEndian.Uint64(p[:]) != wordTime ||
			binary.LittleEndian.Uint64(p[atTime+10:]) != wordValue || p[atColon] != ':' {
			break
		}
		if text := binary.LittleEndian.Uint64(p[atTime:]); text != lastHigh {
			if !allDigits(text) || text&0xff == '0' {
				break
			}
			lastHigh, high = text, eight(text^wordZeros)*100
		}
		tens, ones := uint64(p[atTime+8]-'0'), uint64(p[atTime+9]-'0')
		t := high + tens*10 + ones
		if tens > 9 || ones > 9 || t > math.MaxUint32 {
			break
		}
		word := binary.LittleEndian.Uint64(p[atValue:]) ^ wordZeros
		digits := countDigits(word)
		if digits-1 > 6 || word&0xff == 0 && digits > 1 {
			break
		}
		v := float64(int64(eight(word << (64 - 8*digits))))
		size := atValue + digits
		if p[size] == '.' {
			word = binary.LittleEndian.Uint64(p[size+1:]) ^ wordZeros
			more := countDigits(word)
			if more-1 > 6 {
				break
			}
			scale := pow10[more]
			v = (v*scale + float64(int64(eight(word<<(64-8*more))))) / scale
			size += 1 + more
		}
		if p[size] != '}' {
			break
		}
		times[n], values[n] = uint32(t), v
		n++
		end = pos + int(size) + 1
		if buf[end] != ',' {
			break
		}
		pos = end + 1
	}
	if end == s.pos {
		return false
	}
	s.pos = end
	dst.Time, dst.Value = times[:n], values[:n]
	return true
}

// allDigits reports whether all bytes of word are ASCII digits.
func allDigits(word uint64) bool {
	return word&0xf0f0f0f0f0f0f0f0|(word+0x0606060606060606)&0xf0f0f0f0f0f0f0f0>>4 == 0x3333333333333333
}

// countDigits counts the digits in word, from the lowest byte. word is text with the
// ASCII zero subtracted from every byte.
func countDigits(word uint64) uint {
	other := (word + 0x7676767676767676 | word) & 0x8080808080808080
	return uint(bits.TrailingZeros64(other)) / 8
}

// eight returns the number whose eight decimal digits are the bytes of word, the
// highest digit in the lowest byte.
func eight(word uint64) uint64 {
	word = word*10 + word>>8
	return (word&0x000000ff000000ff*0x000f424000000064 + word>>16&0x000000ff000000ff*0x0000271000000001) >> 32
}

// Package bodies packs the bodies of raw responses for their table, and unpacks them byte for
// byte. Nearly all of a body are points of series, such as {"Time":1767225600,"Value":12.5}.
// Pack takes runs of them out as columns of times and numbers, which compress to a third of
// what the text does. What is written in another way stays in the text.
package bodies

import (
	"bytes"
	"errors"
	"math"
	"strconv"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/callvault/callvault/load/native"
)

// Packed is a body without its points. A body without points is its text. It is the row
// of the columns Columns.
type Packed struct {
	Text    []byte   // in place of each run of points it has a mark
	Times   []uint32 // of all points, in order
	Numbers []int32  // values without the decimal point
}

// Columns lists the columns of a body in the table of raw responses.
const Columns = "body, times, numbers"

// mark is at both ends of a mark of points. JSON never has this byte. Between them are three
// numbers: of points, and the least and the most digits after the decimal point. A value has as
// many of these as it needs.
const mark = 1

const (
	begin  = `{"Time":`
	middle = `,"Value":`
	// leastRun is the least number of points for which a mark pays off.
	leastRun = 3
	// mostDecimals is the most digits after the decimal point.
	mostDecimals = 9
)

// Pack packs a body, to which the text may refer. It checks that Unpack returns the body.
func Pack(body []byte) Packed {
	whole := Packed{Text: body}
	if bytes.IndexByte(body, mark) >= 0 {
		return whole
	}
	var p packer
	rest := body
	for {
		i := bytes.Index(rest, []byte(begin))
		if i < 0 {
			break
		}
		p.Text = append(p.Text, rest[:i]...)
		rest = rest[i:]
		rest = rest[p.run(rest):]
	}
	p.Text = append(p.Text, rest...)
	if len(p.Numbers) == 0 || !p.is(body) {
		return whole
	}
	return p.Packed
}

// is reports whether the packed body is body.
func (p Packed) is(body []byte) bool {
	same := true
	err := p.each(func(piece []byte) {
		if same = same && bytes.HasPrefix(body, piece); same {
			body = body[len(piece):]
		}
	})
	return err == nil && same && len(body) == 0
}

// packer packs a body.
type packer struct {
	Packed
	points []point // of one run
}

// point is a point as it is written: its value is number / 10^decimals.
type point struct {
	time     uint32
	number   int32
	decimals uint8
	size     int // of the text
}

// run takes the points at the beginning of text, which has begin there, and returns the length
// of what it took.
func (p *packer) run(text []byte) (length int) {
	p.points = p.points[:0]
	for {
		x, ok := parse(text[length:])
		if !ok {
			break
		}
		p.points = append(p.points, x)
		length += x.size
		if !has(text[length:], ","+begin) {
			p.add(p.points, text[:length])
			return length
		}
		length++
	}
	if length == 0 {
		p.Text = append(p.Text, begin...)
		return len(begin)
	}
	p.add(p.points, text[:length-1])
	p.Text = append(p.Text, ","+begin...) // of a point that is written in another way
	return length + len(begin)
}

// add adds points, of which text is the text.
func (p *packer) add(points []point, text []byte) {
	least, most := uint8(mostDecimals), uint8(0)
	for _, x := range points {
		least, most = min(least, x.decimals), max(most, x.decimals)
	}
	if p.mark(points, least, most) {
		return
	}
	for len(points) > 0 { // those with the same number of digits
		n, size := 0, -1
		for n < len(points) && points[n].decimals == points[0].decimals {
			size += points[n].size + 1
			n++
		}
		if !p.mark(points[:n], points[0].decimals, points[0].decimals) {
			p.Text = append(p.Text, text[:size]...)
		}
		if points = points[n:]; len(points) > 0 {
			p.Text = append(p.Text, ',')
			text = text[size+1:]
		}
	}
}

var powers = [...]int64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// mark adds points with a mark, or returns false: not all can be written so, or they are few.
func (p *packer) mark(points []point, least, most uint8) bool {
	if len(points) < leastRun {
		return false
	}
	before := len(p.Numbers)
	for _, x := range points {
		n := int64(x.number) * powers[most-x.decimals]
		if x.decimals > least && x.number%10 == 0 || n != int64(int32(n)) {
			p.Numbers = p.Numbers[:before]
			return false
		}
		p.Numbers = append(p.Numbers, int32(n))
	}
	for _, x := range points {
		p.Times = append(p.Times, x.time)
	}
	p.Text = append(p.Text, mark)
	for i, n := range []int{len(points), int(least), int(most)} {
		if i > 0 {
			p.Text = append(p.Text, ' ')
		}
		p.Text = strconv.AppendInt(p.Text, int64(n), 10)
	}
	p.Text = append(p.Text, mark)
	return true
}

// has reports whether a text begins with a string.
func has(text []byte, s string) bool { return len(text) >= len(s) && string(text[:len(s)]) == s }

// parse reads a point that is written as the vendor writes them, at the beginning of text.
func parse(text []byte) (x point, ok bool) {
	if !has(text, begin) {
		return x, false
	}
	at := len(begin)
	time, n := digits(text[at:], math.MaxUint32)
	at += n
	if n == 0 || !has(text[at:], middle) {
		return x, false
	}
	at += len(middle)
	negative := at < len(text) && text[at] == '-'
	if negative {
		at++
	}
	number, n := digits(text[at:], math.MaxInt32)
	if n == 0 {
		return x, false
	}
	if at += n; at < len(text) && text[at] == '.' {
		for at++; at < len(text) && '0' <= text[at] && text[at] <= '9'; at++ {
			number = number*10 + int64(text[at]-'0')
			if x.decimals++; x.decimals > mostDecimals || number > math.MaxInt32 {
				return x, false
			}
		}
		if x.decimals == 0 {
			return x, false
		}
	}
	if at == len(text) || text[at] != '}' || negative && number == 0 {
		return x, false
	}
	if negative {
		number = -number
	}
	x.time, x.number, x.size = uint32(time), int32(number), at+1
	return x, true
}

// digits reads a whole number up to most, without zeros before it, and returns its length;
// 0: there is none.
func digits(text []byte, most int64) (v int64, n int) {
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		if v = v*10 + int64(text[n]-'0'); v > most || n > 0 && text[0] == '0' {
			return 0, 0
		}
		n++
	}
	return v, n
}

// ErrDamaged is the error of a packed body that Pack has not made.
var ErrDamaged = errors.New("a kept response is damaged: its points do not match its text")

// Unpack returns the body.
func (p Packed) Unpack() ([]byte, error) {
	if len(p.Numbers) == 0 {
		return p.Text, nil
	}
	body := make([]byte, 0, len(p.Text)+34*len(p.Numbers))
	err := p.each(func(piece []byte) { body = append(body, piece...) })
	return body, err
}

// each calls f with the body in pieces, each of which is valid during the call.
func (p Packed) each(f func([]byte)) error {
	text, times, numbers := p.Text, p.Times, p.Numbers
	if len(times) != len(numbers) {
		return ErrDamaged
	}
	var piece []byte
	for len(numbers) > 0 {
		before, rest, found := bytes.Cut(text, []byte{mark})
		inside, after, closed := bytes.Cut(rest, []byte{mark})
		n, least, most, ok := readMark(inside)
		if !found || !closed || !ok || n > len(numbers) {
			return ErrDamaged
		}
		f(before)
		for i := range n {
			if i > 0 {
				piece = append(piece, ',')
			}
			piece = appendPoint(piece, times[i], numbers[i], least, most)
			if len(piece) > 4<<10 {
				f(piece)
				piece = piece[:0]
			}
		}
		f(piece)
		piece, text, times, numbers = piece[:0], after, times[n:], numbers[n:]
	}
	if bytes.IndexByte(text, mark) >= 0 {
		return ErrDamaged
	}
	f(text)
	return nil
}

// readMark reads what is between the ends of a mark.
func readMark(text []byte) (n, least, most int, ok bool) {
	fields := bytes.Split(text, []byte(" "))
	if len(fields) != 3 {
		return 0, 0, 0, false
	}
	for i, to := range []*int{&n, &least, &most} {
		v, err := strconv.ParseUint(string(fields[i]), 10, 31)
		if err != nil {
			return 0, 0, 0, false
		}
		*to = int(v)
	}
	return n, least, most, least <= most && most <= mostDecimals
}

// appendPoint writes a point.
func appendPoint(to []byte, time uint32, number int32, least, most int) []byte {
	to = append(to, begin...)
	to = strconv.AppendUint(to, uint64(time), 10)
	to = append(to, middle...)
	v := int64(number)
	if v < 0 {
		to, v = append(to, '-'), -v
	}
	for most > least && v%10 == 0 {
		v /= 10
		most--
	}
	to = strconv.AppendInt(to, v/powers[most], 10)
	if most > 0 {
		to = append(to, '.')
		fraction := v % powers[most]
		for k := most - 1; k >= 0; k-- {
			to = append(to, byte('0'+fraction/powers[k]%10))
		}
	}
	return append(to, '}')
}

// Add adds the columns of some rows. field returns the body of a row, and why it could not be
// read. What could not be read stays as it came, because people look at it.
func Add[R any](in *native.Columns, rows []R, field func(*R) (body []byte, reason string)) {
	texts := make([][]byte, len(rows))
	var times proto.ColUInt32
	var numbers proto.ColInt32
	var ends proto.ColUInt64
	for i := range rows {
		body, reason := field(&rows[i])
		p := Packed{Text: body}
		if reason == "" {
			p = Pack(body)
		}
		texts[i], times, numbers = p.Text, append(times, p.Times...), append(numbers, p.Numbers...)
		ends = append(ends, uint64(len(numbers)))
	}
	in.Add(texts)
	in.Encoded(&native.Arrays{Ends: ends, Elements: []native.Encodable{&times}})
	in.Encoded(&native.Arrays{Ends: ends, Elements: []native.Encodable{&numbers}})
}

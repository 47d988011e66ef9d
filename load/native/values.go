package native

import (
	"math"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
)

// The samples' table has no doubles, which compress badly, but decimals: a value is
// number / per, where per is a power of ten that a series rarely changes. The quotient of two
// whole doubles is the double nearest to the decimal, so it is the value, bit for bit: each is
// checked. A value that is no such decimal is in odd, and its per is 0.

// pers are the divisors, each ten times the one before.
var pers = [...]float64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000}

// mostOdd is how many values of a run, one in so many, may be odd. If more are, all are.
const mostOdd = 8

// numberOf returns the number nearest to v * per, or any other if that has more than 32 bits.
// The sum has the number in its last bits.
func numberOf(v, per float64) int32 {
	const last = 3 << 51
	return int32(uint32(math.Float64bits(float64(v*per) + last)))
}

// fits reports whether v is a number divided by per.
func fits(v, per float64) bool {
	return math.Float64bits(float64(numberOf(v, per))/per) == math.Float64bits(v)
}

// allWhole reports whether all values are whole numbers of 32 bits.
func allWhole(values []float64) bool {
	for _, v := range values {
		if math.Float64bits(float64(int32(v))) != math.Float64bits(v) {
			return false
		}
	}
	return true
}

// decimals says how the values of some runs are stored. A stretch is consecutive rows that
// have one divisor.
type decimals struct {
	runs    []Run
	rows    int
	perOf   []uint32 // of each stretch
	lengths []uint32 // of each stretch, in rows
	odd     bool     // whether there are odd values
}

// fill finds the divisors of runs, to which it refers until clear.
func (d *decimals) fill(runs []Run, rows int) {
	d.clear()
	d.runs, d.rows = runs, rows
	for i := range runs {
		d.add(runs[i].Value)
	}
}

// clear drops the references to the runs.
func (d *decimals) clear() { *d = decimals{perOf: d.perOf[:0], lengths: d.lengths[:0]} }

// add adds the values of a run.
func (d *decimals) add(values []float64) {
	if allWhole(values) {
		d.append(len(values), 1)
		return
	}
	if per, all := common(values); all {
		d.append(len(values), per)
		return
	}
	for k := finest(values); k >= 0; k-- {
		if oddOnes(values, pers[k]) <= len(values)/mostOdd {
			d.split(values, pers[k])
			return
		}
	}
	d.append(len(values), 0)
}

// common returns the least divisor of all values, and whether there is one.
func common(values []float64) (_ float64, all bool) {
	per, k, checked := pers[0], 0, 0
	for i, v := range values {
		if fits(v, per) {
			continue
		}
		for per = pers[k]; !fits(v, per); per = pers[k] {
			if k++; k == len(pers) {
				return 0, false
			}
		}
		checked = i
	}
	return per, oddOnes(values[:checked], per) == 0
}

// finest returns the place of the greatest divisor that a value needs, -1 if too many are odd.
func finest(values []float64) int {
	k, odd := 0, 0
	for _, v := range values {
		if fits(v, pers[k]) {
			continue
		}
		of := slices.IndexFunc(pers[:], func(per float64) bool { return fits(v, per) })
		if k = max(k, of); of >= 0 {
			continue
		}
		if odd++; odd > len(values)/mostOdd {
			return -1
		}
	}
	return k
}

// oddOnes counts the values that are no number divided by per.
func oddOnes(values []float64, per float64) (n int) {
	for _, v := range values {
		if !fits(v, per) {
			n++
		}
	}
	return n
}

// split adds values divided by per, and those that are odd then.
func (d *decimals) split(values []float64, per float64) {
	from := 0
	for i, v := range values {
		if !fits(v, per) {
			d.append(i-from, per)
			d.append(1, 0)
			from = i + 1
		}
	}
	d.append(len(values)-from, per)
}

func (d *decimals) append(rows int, per float64) {
	if rows == 0 {
		return
	}
	d.odd = d.odd || per == 0
	if n := len(d.perOf); n > 0 && d.perOf[n-1] == uint32(per) {
		d.lengths[n-1] += uint32(rows)
		return
	}
	d.perOf, d.lengths = append(d.perOf, uint32(per)), append(d.lengths, uint32(rows))
}

// each calls f with the values of each run and stretch.
func (d *decimals) each(f func(values []float64, per uint32)) {
	at, left := 0, uint32(0) // the stretch, and its rows to come
	for i := range d.runs {
		for rest := d.runs[i].Value; len(rest) > 0; {
			if left == 0 {
				left = d.lengths[at]
				at++
			}
			n := min(len(rest), int(left))
			f(rest[:n], d.perOf[at-1])
			rest, left = rest[n:], left-uint32(n)
		}
	}
}

// madeColumn is a column that is made from values while it is sent, in pieces of pieceRows.
type madeColumn[T int32 | float64] struct {
	*decimals
	kind   proto.ColumnType
	make   func(to []T, values []float64, per uint32) // to has zeros
	wire   func([]T) proto.ColInput                   // the rows in wire format
	broken func()                                     // called when sending fails: send nothing more
	piece  []T
}

func (c *madeColumn[T]) Type() proto.ColumnType       { return c.kind }
func (c *madeColumn[T]) Rows() int                    { return c.rows }
func (c *madeColumn[T]) EncodeColumn(b *proto.Buffer) { encodePieces(b, c.wire, c.pieces) }
func (c *madeColumn[T]) WriteColumn(w *proto.Writer)  { writePieces(w, c.wire, c.pieces, c.broken) }

// pieces makes the rows as repeatedColumn does.
func (c *madeColumn[T]) pieces(use func([]T)) {
	if room := min(pieceRows, c.rows); cap(c.piece) < room {
		c.piece = make([]T, room)
	}
	n := 0
	c.each(func(values []float64, per uint32) {
		for len(values) > 0 {
			k := min(len(values), pieceRows-n)
			to := c.piece[:n+k][n:]
			clear(to)
			c.make(to, values[:k], per)
			values = values[k:]
			if n += k; n == pieceRows {
				use(c.piece[:n])
				n = 0
			}
		}
	})
	if n > 0 {
		use(c.piece[:n])
	}
}

// newNumbers makes the column of numbers.
func newNumbers(d *decimals, broken func()) *madeColumn[int32] {
	return &madeColumn[int32]{decimals: d, kind: proto.ColumnTypeInt32, make: makeNumbers, broken: broken,
		wire: func(p []int32) proto.ColInput { return proto.ColInt32(p) }}
}

// newOdd makes the column of odd values.
func newOdd(d *decimals, broken func()) *madeColumn[float64] {
	return &madeColumn[float64]{decimals: d, kind: proto.ColumnTypeFloat64, make: makeOdd, broken: broken,
		wire: func(p []float64) proto.ColInput { return proto.ColFloat64(p) }}
}

func makeNumbers(to []int32, values []float64, per uint32) {
	switch per {
	case 0:
	case 1:
		for i, v := range values[:len(to)] {
			to[i] = int32(v)
		}
	default:
		by := float64(per)
		for i, v := range values {
			to[i] = numberOf(v, by)
		}
	}
}

func makeOdd(to []float64, values []float64, per uint32) {
	if per == 0 {
		copy(to, values)
	}
}

package simulator

import (
	"math"
	"strconv"
	"strings"
)

// format is the format of columns.
type format uint8

const (
	asLine format = iota // the line that the checksum hashes
	asTSV                // ClickHouse's TabSeparated
	asJSON               // an object
)

// columns writes the columns of one row into dst. Times are unix numbers.
type columns struct {
	format format
	dst    []byte
	any    bool
}

// row begins a row in an empty buffer.
func (c *columns) row() {
	c.dst, c.any = c.dst[:0], false
	if c.format == asJSON {
		c.dst = append(c.dst, '{')
	}
}

// end ends a row with a line feed, except in lines of the checksum.
func (c *columns) end() {
	switch c.format {
	case asJSON:
		c.dst = append(c.dst, '}', '\n')
	case asTSV:
		c.dst = append(c.dst, '\n')
	}
}

// column begins a column.
func (c *columns) column(name string) {
	separator := byte('\t')
	if c.format == asJSON {
		separator = ','
	}
	if c.any {
		c.dst = append(c.dst, separator)
	}
	c.any = true
	if c.format == asJSON {
		c.dst = append(append(append(c.dst, '"'), name...), '"', ':')
	}
}

func (c *columns) integer(name string, n int64) {
	c.column(name)
	c.dst = strconv.AppendInt(c.dst, n, 10)
}

// nullable writes an instant. 0 is NULL: \N in lines and TSV.
func (c *columns) nullable(name string, n int64) {
	c.column(name)
	switch {
	case n != 0:
		c.dst = strconv.AppendInt(c.dst, n, 10)
	case c.format == asJSON:
		c.dst = append(c.dst, "null"...)
	default:
		c.dst = append(c.dst, '\\', 'N')
	}
}

// boolean writes 0 or 1; in JSON false or true.
func (c *columns) boolean(name string, b bool) {
	c.column(name)
	switch {
	case c.format == asJSON:
		c.dst = strconv.AppendBool(c.dst, b)
	case b:
		c.dst = append(c.dst, '1')
	default:
		c.dst = append(c.dst, '0')
	}
}

// real writes a number that reads back as the same double. In lines it writes the 64
// bits of the double as an unsigned number.
func (c *columns) real(name string, v float64) {
	c.column(name)
	if c.format == asLine {
		c.dst = strconv.AppendUint(c.dst, math.Float64bits(v), 10)
		return
	}
	c.dst = strconv.AppendFloat(c.dst, v, 'g', -1, 64)
}

// text writes a string: unchanged in lines, escaped in TSV and JSON.
func (c *columns) text(name, s string) {
	c.column(name)
	switch {
	case c.format == asJSON:
		c.dst = appendString(c.dst, s, false)
	case c.format == asTSV && strings.ContainsAny(s, "\\\t\n"):
		c.dst = append(c.dst, tsvEscapes.Replace(s)...)
	default:
		c.dst = append(c.dst, s...)
	}
}

var tsvEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`)

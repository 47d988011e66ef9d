package query

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/internal/words"
)

// The rows that decide the widths of a table's columns: at most so many, and at most so
// many bytes. A longer cell than mostWidth makes its own row longer, not all of them.
const (
	TableRows  = 1000
	tableBytes = 1 << 20
	mostWidth  = 400
)

// tableWriter draws a table. Its first rows decide the widths. Later rows are written as
// they come; a longer cell makes its own row longer.
type tableWriter struct {
	to     Sheet
	cols   []column
	head   []string
	first  [][]string // the rows that have not been written yet
	bytes  int
	widths []int        // nil: not decided yet
	narrow resultWriter // takes the rows if they are too wide
}

func (o *tableWriter) columns(cols []column) error {
	o.cols = cols
	for _, c := range cols {
		o.head = append(o.head, words.Printable(c.name))
	}
	return nil
}

func (o *tableWriter) row(values []any) error {
	if o.narrow != nil {
		return o.narrow.row(values)
	}
	r := make([]string, len(values))
	for i, v := range values {
		r[i] = words.Printable(cell(v))
		o.bytes += len(r[i])
	}
	if o.widths != nil {
		return o.write(r)
	}
	o.first = append(o.first, r)
	if len(o.first) < TableRows && o.bytes < tableBytes {
		return nil
	}
	return o.begin()
}

func (o *tableWriter) end() error {
	if o.widths == nil && o.narrow == nil {
		if err := o.begin(); err != nil {
			return err
		}
	}
	if o.narrow != nil {
		return o.narrow.end()
	}
	box := table.StyleRounded.Box
	return o.rule(box.BottomLeft, box.BottomSeparator, box.BottomRight)
}

// begin decides the widths and writes the first rows. If they do not fit, it passes them to
// the vertical format.
func (o *tableWriter) begin() error {
	widths := make([]int, len(o.cols))
	total := 1
	for i := range widths {
		widths[i] = text.LongestLineLen(o.head[i])
		for _, r := range o.first {
			widths[i] = max(widths[i], min(mostWidth, text.LongestLineLen(r[i])))
		}
		total += widths[i] + 3
	}
	if o.to.Width > 0 && total > o.to.Width && len(o.first) > 0 {
		return o.turn(total)
	}
	o.widths = widths
	box := table.StyleRounded.Box
	if err := o.rule(box.TopLeft, box.TopSeparator, box.TopRight); err != nil {
		return err
	}
	if err := o.write(o.head); err != nil {
		return err
	}
	if err := o.rule(box.LeftSeparator, box.MiddleSeparator, box.RightSeparator); err != nil {
		return err
	}
	for _, r := range o.first {
		if err := o.write(r); err != nil {
			return err
		}
	}
	o.first = nil
	return nil
}

// turn passes the rows to the vertical format.
func (o *tableWriter) turn(width int) error {
	o.to.Note(fmt.Sprintf("%d columns do not fit the terminal; | less -S shows them as a table", width))
	v := &verticalWriter{w: o.to.W}
	o.narrow = v
	if err := v.columns(o.cols); err != nil {
		return err
	}
	for _, r := range o.first {
		if err := v.texts(r); err != nil {
			return err
		}
	}
	o.first = nil
	return nil
}

func (o *tableWriter) rule(left, middle, right string) error {
	parts := make([]string, len(o.widths))
	for i, w := range o.widths {
		parts[i] = strings.Repeat(table.StyleRounded.Box.MiddleHorizontal, w+2)
	}
	_, err := fmt.Fprintln(o.to.W, left+strings.Join(parts, middle)+right)
	return err
}

// write writes a row in as many lines as its longest cell needs.
func (o *tableWriter) write(cells []string) error {
	lines := make([][]string, len(cells))
	height := 1
	for i, c := range cells {
		lines[i] = strings.Split(c, "\n")
		height = max(height, len(lines[i]))
	}
	edge := table.StyleRounded.Box.Left
	for n := range height {
		var b strings.Builder
		for i, w := range o.widths {
			line := ""
			if n < len(lines[i]) {
				line = lines[i][n]
			}
			align := text.AlignLeft
			if o.cols[i].numeric() {
				align = text.AlignRight
			}
			b.WriteString(edge + " " + align.Apply(line, w) + " ")
		}
		if _, err := io.WriteString(o.to.W, b.String()+edge+"\n"); err != nil {
			return err
		}
	}
	return nil
}

package transform

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/callvault/callvault/internal/call"
)

// sheet reads a CSV file with a header and a line for each room. It holds one line at a time
// besides the rows.
func (r *statisticsReader) sheet(text []byte) {
	c := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	c.FieldsPerRecord, c.ReuseRecord = -1, true
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		return // no header: there is nothing
	}
	var names []string
	room := -1
	if err == nil {
		names = named(header)
		room = call.RoomColumn(names)
	}
	if room < 0 {
		r.info.List = ListWrong
		return
	}
	for line := uint32(1); ; line++ {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		r.info.Items++
		r.t.received++
		switch e, ok := errors.AsType[*csv.ParseError](err); {
		case ok:
			r.bad(fmt.Sprintf("line %d", line), e.Err.Error())
		case err != nil:
			r.bad(fmt.Sprintf("line %d", line), err.Error())
		case len(record) != len(names):
			r.bad(fmt.Sprintf("line %d", line), fmt.Sprintf("%d values of %d names", len(record), len(names)))
		case r.lines.From <= line && line <= r.lines.To:
			r.lineOfSheet(line, names, room, record)
		}
	}
}

func (r *statisticsReader) lineOfSheet(line uint32, names []string, room int, record []string) {
	for i, cell := range record {
		if cell = strings.TrimSpace(cell); i == room {
			continue
		}
		if cell == "" {
			r.t.nulls++
			continue
		}
		row := call.Statistic{RoomID: strings.ToValidUTF8(record[room], "\ufffd"), Line: line, Name: names[i]}
		row.Value, row.Text = numberIn(cell)
		r.t.append(row)
	}
}

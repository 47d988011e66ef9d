package main

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/internal/words"
)

// write prints for people.
func (s *spaceStatus) write(w io.Writer) {
	fmt.Fprintf(w, "  on disk    %s\n", humanize.IBytes(s.Bytes))
	if s.Free != nil {
		fmt.Fprintf(w, "  free       %s\n", humanize.IBytes(*s.Free))
	}
	for _, f := range s.Forecast {
		fmt.Fprintf(w, "  forecast   %s a day in the last %s; %s in a year%s\n",
			humanize.IBytes(f.PerDay), words.Plural(f.Days, "day"), humanize.IBytes(f.InAYear), f.full())
	}
	s.table(w, "table", s.largest(), "rows")
	if s.NoMetric != "" {
		fmt.Fprintln(w, text.Snip("\nno metrics: "+s.NoMetric, ui.Width, "…"))
	} else {
		s.table(w, "metric", s.Metrics, "rows")
	}
	s.table(w, "month", s.Months, "samples")
}

func (f spaceRates) full() string {
	if f.DiskFull == nil {
		return ""
	}
	return "; full " + f.DiskFull.Format(time.DateOnly)
}

func (s *spaceStatus) table(w io.Writer, name string, uses []spaceUse, rows string) {
	if len(uses) == 0 {
		return
	}
	t := ui.NewTable(name, rows, "on disk", "uncompressed", "bytes/"+rows[:len(rows)-1], "share")
	t.Style().Options.SeparateColumns = false
	total := uint64(0)
	for _, u := range uses {
		total += u.Bytes
	}
	for _, u := range uses {
		share := 0.0
		if total > 0 {
			share = 100 * float64(u.Bytes) / float64(total)
		}
		t.AppendRow(table.Row{u.Name, words.Comma(int(u.Rows)), humanize.IBytes(u.Bytes), humanize.IBytes(u.Uncompressed), fmt.Sprintf("%.2f", u.PerRow), fmt.Sprintf("%.1f %%", share)})
	}
	ui.Numbers(t, 2, 6)
	fmt.Fprintf(w, "\n%s\n", t.Render())
}

// largest are the tables, those that take less than a thousandth as one.
func (s *spaceStatus) largest() []spaceUse {
	var all []spaceUse
	others := spaceUse{Name: "others"}
	for _, t := range s.Tables {
		if 1000*t.Bytes >= s.Bytes {
			all = append(all, t)
			continue
		}
		others.Rows, others.Bytes, others.Uncompressed = others.Rows+t.Rows, others.Bytes+t.Bytes, others.Uncompressed+t.Uncompressed
	}
	if others.Rows > 0 {
		others.PerRow = float64(others.Bytes) / float64(others.Rows)
		all = append(all, others)
	}
	return all
}

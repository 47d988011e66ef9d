package ui

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/status"
)

// Space prints where the bytes are, and how they will grow.
func (c Screen) Space(s *status.Space) {
	if c.Quiet {
		return
	}
	w := c.Out
	fmt.Fprintf(w, "  on disk    %s\n", humanize.IBytes(s.Bytes))
	if s.Free != nil {
		fmt.Fprintf(w, "  free       %s\n", humanize.IBytes(*s.Free))
	}
	for _, f := range s.Forecast {
		fmt.Fprintf(w, "  forecast   %s a day in the last %s; %s in a year%s\n",
			humanize.IBytes(f.PerDay), words.Plural(f.Days, "day"), humanize.IBytes(f.InAYear), fullAt(f))
	}
	spaceTable(w, "table", s.Largest(), "rows")
	if s.NoMetric != "" {
		fmt.Fprintln(w, "\n"+text.Snip(words.Line("no metrics: "+s.NoMetric), Width, "…"))
	} else {
		spaceTable(w, "metric", s.Metrics, "rows")
	}
	spaceTable(w, "month", s.Months, "samples")
}

func fullAt(f status.Rates) string {
	if f.DiskFull == nil {
		return ""
	}
	return "; full " + f.DiskFull.Format(time.DateOnly)
}

func spaceTable(w io.Writer, name string, uses []status.Use, rows string) {
	if len(uses) == 0 {
		return
	}
	t := newTable(name, rows, "on disk", "uncompressed", "bytes/"+rows[:len(rows)-1], "share")
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
		t.AppendRow(table.Row{words.Shown(u.Name), words.Comma(int(u.Rows)), humanize.IBytes(u.Bytes), humanize.IBytes(u.Uncompressed), fmt.Sprintf("%.2f", u.PerRow), fmt.Sprintf("%.1f %%", share)})
	}
	numbers(t, 2, 6)
	fmt.Fprintf(w, "\n%s\n", t.Render())
}

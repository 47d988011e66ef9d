package ui

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/words"
)

// Exported is the report.
type Exported struct {
	Destination string          `json:"destination"`
	Relations   []export.Result `json:"relations"`
	Seconds     float64         `json:"seconds"`
}

// Exported prints what an export has written.
func (c Screen) Exported(e Exported, asJSON bool) {
	if asJSON {
		_ = c.JSON(e) // the files are written in any case
		return
	}
	if c.Quiet {
		return
	}
	for _, r := range e.Relations {
		size := ""
		if r.Bytes > 0 {
			size = ", " + humanize.IBytes(r.Bytes)
		}
		fmt.Fprintf(c.Out, "%-22s %s written (%s%s), %s unchanged\n", r.Relation, words.Plural(r.Written, "file"), words.Plural(int(r.Rows), "row"), size, words.Comma(r.Kept))
	}
}

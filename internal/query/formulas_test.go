package query

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

// TestCellsStayAsTheyAre: CSV has what the archive has, also where a spreadsheet would take it for
// a formula (docs/security.md): another program must read what was stored.
func TestCellsStayAsTheyAre(t *testing.T) {
	cells := []string{"=1+1", "+1", "-1", "@SUM(1)", "\t=1", "=cmd|' /C calc'!A0", "\"=1\"", "'=1", "a,b", "two\nlines", "\x1b[2J", "caf\xe9", "\u202e"}
	var out strings.Builder
	w := formats["csv"](Sheet{W: &out})
	row := make([]any, len(cells))
	for i, c := range cells {
		row[i] = c
	}
	if err := w.row(row); err != nil {
		t.Fatal(err)
	}
	if err := w.end(); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(out.String())).Read()
	if err != nil || !slices.Equal(got, cells) {
		t.Errorf("%v\n got %q\nwant %q", err, got, cells)
	}
}

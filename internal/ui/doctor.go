package ui

import (
	"fmt"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/doctor"
	"github.com/callvault/callvault/internal/words"
)

// Finding prints a finding, in colour if the terminal supports it.
func (c Screen) Finding(f doctor.Finding) {
	mark := fmt.Sprintf("%-4s", f.Verdict)
	if c.coloured() {
		colour := map[string]text.Color{doctor.OK: text.FgGreen, doctor.Warn: text.FgYellow, doctor.Fail: text.FgRed}[f.Verdict]
		mark = colour.Sprint(mark)
	}
	fmt.Fprintf(c.Out, "%s  %-12s %s\n", mark, words.Shown(f.Check), words.Line(f.Found))
	if f.Try != "" {
		fmt.Fprintf(c.Out, "      %-12s → %s\n", "", words.Line(f.Try))
	}
}

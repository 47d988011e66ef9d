// Package ui prints the results of the other packages for people.
package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/callvault/callvault/internal/query"
	"github.com/callvault/callvault/internal/words"
)

// Screen is where a command writes: reports to Out, progress and errors to Err.
type Screen struct {
	Out, Err io.Writer
	Quiet    bool // no progress, no report; errors only
	Colours  bool // if Out is a terminal
}

// JSON prints a report for a script.
func (s Screen) JSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = s.Out.Write(append(words.JSON(text), '\n'))
	return err
}

// Errorf prints a line to Err, even if quiet.
func (s Screen) Errorf(format string, args ...any) {
	fmt.Fprintln(s.Err, "callvault: "+words.Line(fmt.Sprintf(format, args...)))
}

// Warn prints an error that does not affect the work itself.
func (s Screen) Warn(err error) { s.Errorf("%s", words.OneLine(err)) }

// Columns returns the width of the terminal; 0 if Out is not a terminal.
func (s Screen) Columns() int {
	f, ok := s.Out.(*os.File)
	if !ok {
		return 0
	}
	width, _, _ := term.GetSize(int(f.Fd())) // 0 without a terminal
	return width
}

// Note prints a remark in addition to the report, unless quiet.
func (s Screen) Note(text string) {
	if !s.Quiet {
		s.Errorf("%s", text)
	}
}

// coloured reports whether Out shows colours.
func (s Screen) coloured() bool { return s.Colours && IsTerminal(s.Out) }

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Sheet returns where results of queries are written: as they are to a file or a program, and to
// a terminal so that no value can upset it.
func (s Screen) Sheet() query.Sheet {
	sheet := query.Sheet{W: s.Out, Width: s.Columns(), Note: s.Note}
	if IsTerminal(s.Out) {
		sheet.W = words.Terminal(s.Out)
	}
	return sheet
}

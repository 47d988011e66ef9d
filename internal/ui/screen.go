// Package ui prints for people what the other packages find out.
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

// Screen is what a command writes on: reports to Out, progress and errors to Err.
type Screen struct {
	Out, Err io.Writer
	Quiet    bool // no progress, no report; errors only
	Colours  bool // where Out is a terminal
}

// JSON prints a report for a script.
func (s Screen) JSON(v any) error {
	enc := json.NewEncoder(s.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// Errorf prints a line to Err, also if quiet.
func (s Screen) Errorf(format string, args ...any) {
	fmt.Fprintln(s.Err, "callvault: "+words.Line(fmt.Sprintf(format, args...)))
}

// Warn prints what went wrong without harm to the work itself.
func (s Screen) Warn(err error) { s.Errorf("%s", words.OneLine(err)) }

// Columns is how wide the terminal is; 0: Out is none.
func (s Screen) Columns() int {
	f, ok := s.Out.(*os.File)
	if !ok {
		return 0
	}
	width, _, _ := term.GetSize(int(f.Fd())) // 0 where it is no terminal
	return width
}

// Note prints something beside the report, unless quiet.
func (s Screen) Note(text string) {
	if !s.Quiet {
		s.Errorf("%s", text)
	}
}

// coloured says whether Out takes colours.
func (s Screen) coloured() bool { return s.Colours && IsTerminal(s.Out) }

// IsTerminal says whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Sheet is what results of queries are written on.
func (s Screen) Sheet() query.Sheet { return query.Sheet{W: s.Out, Width: s.Columns(), Note: s.Note} }

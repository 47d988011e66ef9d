package ui

import (
	"fmt"
	"time"
)

// Bytes shows the progress of steps that are measured in bytes, until it is closed: a bar
// for each on a terminal, lines elsewhere.
type Bytes struct {
	screen  Screen
	what    string
	show    func(done, total int64)
	finish  func()
	printed time.Time
}

// Bytes shows the progress of steps on Err, as Watch does.
func (s Screen) Bytes() *Bytes { return &Bytes{screen: s, finish: func() {}} }

// At shows how much of a step is done; of is 0 while the total is not known.
func (w *Bytes) At(what string, done, of uint64) {
	if what != w.what {
		w.finish()
		w.what, w.printed = what, time.Now()
		w.show, w.finish = w.screen.Download(what)
		if of == 0 && !w.screen.Quiet && IsTerminal(w.screen.Err) {
			fmt.Fprintln(w.screen.Err, what)
		}
	}
	if w.show != nil && of > 0 && (IsTerminal(w.screen.Err) || time.Since(w.printed) > plainEvery) {
		w.printed = time.Now()
		w.show(int64(min(done, of)), int64(of))
	}
}

func (w *Bytes) Close() { w.finish() }

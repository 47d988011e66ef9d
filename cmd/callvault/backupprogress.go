package main

import (
	"fmt"
	"time"
)

// byteWatch shows how far steps are that are measured in bytes, until it is
// closed: a bar for each on a terminal, lines elsewhere.
type byteWatch struct {
	c      *cli
	what   string
	show   func(done, total int64)
	finish func()
	told   time.Time
}

func (c *cli) watchBytes() *byteWatch { return &byteWatch{c: c, finish: func() {}} }

// at is told of each step how much is done; of is 0 while that is not known.
func (w *byteWatch) at(what string, done, of uint64) {
	if what != w.what {
		w.finish()
		w.what, w.told = what, time.Now()
		w.show, w.finish = w.c.download(what)
		if of == 0 && !w.c.quiet && isTerminal(w.c.stderr) {
			fmt.Fprintln(w.c.stderr, what)
		}
	}
	if w.show != nil && of > 0 && (isTerminal(w.c.stderr) || time.Since(w.told) > plainEvery) {
		w.told = time.Now()
		w.show(int64(min(done, of)), int64(of))
	}
}

func (w *byteWatch) close() { w.finish() }

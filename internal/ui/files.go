package ui

import (
	"fmt"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/words"
)

// fileWatcher shows the progress of an export until it is closed.
type fileWatcher interface {
	export.Progress
	Close()
}

// Files shows the progress of an export on Err, as Watch does.
func (s Screen) Files() fileWatcher {
	switch {
	case s.Quiet:
		return silentFiles{}
	case IsTerminal(s.Err):
		p := mpb.New(mpb.WithOutput(s.Err), mpb.WithWidth(64))
		b := &fileBar{p: p}
		b.bar = p.AddBar(0, mpb.PrependDecorators(decor.Name("files ")),
			mpb.AppendDecorators(decor.CountersNoUnit("%d/%d "), decor.Any(func(decor.Statistics) string { return words.Comma(int(b.rows)) + " rows" })))
		return b
	default:
		return &fileLines{w: s.Err, next: time.Now().Add(plainEvery)}
	}
}

type silentFiles struct{}

func (silentFiles) Add(int)                        {}
func (silentFiles) Done(string, export.Done, bool) {}
func (silentFiles) Close()                         {}

// fileBar is a bar on a terminal.
type fileBar struct {
	p     *mpb.Progress
	bar   *mpb.Bar
	files int64
	rows  uint64
}

func (b *fileBar) Add(n int) {
	b.files += int64(n)
	b.bar.SetTotal(b.files, false)
}

func (b *fileBar) Done(_ string, d export.Done, written bool) {
	if written {
		b.rows += d.Rows
	}
	b.bar.Increment()
}

func (b *fileBar) Close() {
	b.bar.SetTotal(-1, true)
	b.p.Wait()
}

// fileLines prints a line now and then.
type fileLines struct {
	w           io.Writer
	files, done int
	next        time.Time
}

func (l *fileLines) Add(n int) { l.files += n }

func (l *fileLines) Done(file string, _ export.Done, _ bool) {
	l.done++
	if time.Now().After(l.next) {
		fmt.Fprintf(l.w, "files %d/%d, %s\n", l.done, l.files, file)
		l.next = time.Now().Add(plainEvery)
	}
}

func (l *fileLines) Close() {}

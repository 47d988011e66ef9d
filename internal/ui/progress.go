package ui

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/callvault/callvault/extract"
)

// plainEvery is the time between lines of progress without a terminal.
const plainEvery = 5 * time.Second

// Watcher shows the progress of a pass until it is closed.
type Watcher interface {
	extract.Progress
	Say(line string) // prints a line above the progress
	Close()
}

// work lists the watched stages, in order.
type work struct {
	stages []extract.Stage
	slow   []extract.Stage // stages that take time because of their requests; the others are done when these are
	main   extract.Stage   // the stage whose bar also shows the amount of yield and the time left
	yield  extract.Stage   // counted only when done
}

func (s Screen) watch(of work) Watcher {
	switch {
	case s.Quiet:
		return silent{}
	case IsTerminal(s.Err):
		return newBars(s.Err, of)
	default:
		return newPlain(s.Err, of)
	}
}

// Watch shows the progress of a pass on Err: bars on a terminal, a line now and
// then elsewhere, nothing if quiet.
func (s Screen) Watch() Watcher {
	return s.watch(work{
		stages: []extract.Stage{extract.StageRooms, extract.StageCalls, extract.StageSeries, extract.StageEvents, extract.StageUnusual},
		slow:   []extract.Stage{extract.StageRooms, extract.StageSeries, extract.StageEvents, extract.StageUnusual},
		main:   extract.StageSeries, yield: extract.StageSamples,
	})
}

type silent struct{ extract.NoProgress }

func (silent) Say(string) {}
func (silent) Close()     {}

// tally counts work by stage.
type tally struct {
	work
	mu            sync.Mutex
	started       time.Time
	known, worked map[extract.Stage]int64
}

func newTally(of work) tally {
	return tally{work: of, started: time.Now(), known: map[extract.Stage]int64{}, worked: map[extract.Stage]int64{}}
}

// left returns how long the slowest stage needs for the work that is known, at its pace so
// far. It returns zero while that is not known. The caller holds mu.
func (t *tally) left(now time.Time) time.Duration {
	longest := 0.0
	for _, s := range t.slow {
		if done := t.worked[s]; done > 0 {
			longest = max(longest, float64(t.known[s]-done)/float64(done))
		}
	}
	return time.Duration(longest * float64(now.Sub(t.started))).Round(time.Second)
}

// extra returns the text after the main stage. The caller holds mu.
func (t *tally) extra(about string) string {
	text := humanize.Comma(t.worked[t.yield]) + " " + string(t.yield)
	if left := t.left(time.Now()); left > 0 {
		text += ", " + about + left.String() + " left"
	}
	return text
}

// add notes known work, and returns all known work of the stage.
func (t *tally) add(s extract.Stage, n int) (known int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[s] += int64(n)
	return t.known[s]
}

func (t *tally) done(s extract.Stage, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.worked[s] += int64(n)
}

// bars draws a bar for each stage.
type bars struct {
	tally
	p    *mpb.Progress
	bars map[extract.Stage]*mpb.Bar
}

func newBars(w io.Writer, of work) *bars {
	b := &bars{tally: newTally(of), bars: map[extract.Stage]*mpb.Bar{}}
	b.p = mpb.New(mpb.WithOutput(w), mpb.WithWidth(64))
	for i, s := range of.stages {
		b.bars[s] = b.p.New(0, mpb.BarStyle().Rbound("|").Lbound("|"),
			mpb.BarPriority(i),
			mpb.PrependDecorators(decor.Name(string(s), decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.CountersNoUnit("%d/%d", decor.WCSyncSpace), decor.Name(" "), decor.Any(b.behind(s))))
	}
	return b
}

// behind returns the text after the bar of a stage.
func (b *bars) behind(s extract.Stage) decor.DecorFunc {
	return func(decor.Statistics) string {
		if s != b.main {
			return ""
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.extra("")
	}
}

func (b *bars) Add(s extract.Stage, n int) {
	known := b.add(s, n)
	if bar := b.bars[s]; bar != nil {
		bar.SetTotal(known, false)
	}
}

func (b *bars) Done(s extract.Stage, n int) {
	b.done(s, n)
	if bar := b.bars[s]; bar != nil {
		bar.IncrBy(n)
	}
}

func (b *bars) Say(line string) { fmt.Fprintln(b.p, line) }

func (b *bars) Close() {
	for _, bar := range b.bars {
		bar.SetTotal(-1, true)
	}
	b.p.Wait()
}

// plain prints a line about all stages now and then.
type plain struct {
	tally
	w     io.Writer
	stop  chan struct{}
	ended sync.WaitGroup
}

func newPlain(w io.Writer, of work) *plain {
	p := &plain{tally: newTally(of), w: w, stop: make(chan struct{})}
	p.ended.Go(p.loop)
	return p
}

func (p *plain) loop() {
	tick := time.NewTicker(plainEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if line := p.line(); line != "" {
				fmt.Fprintln(p.w, line)
			}
		case <-p.stop:
			return
		}
	}
}

// line returns a line, or "" if there is no progress yet.
func (p *plain) line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) == 0 {
		return ""
	}
	var parts []string
	for _, s := range p.stages {
		if p.known[s] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d/%d", s, p.worked[s], p.known[s]))
		}
	}
	return strings.Join(append(parts, p.extra("about ")), ", ")
}

func (p *plain) Add(s extract.Stage, n int)  { p.add(s, n) }
func (p *plain) Done(s extract.Stage, n int) { p.done(s, n) }

func (p *plain) Say(line string) { fmt.Fprintln(p.w, line) }

func (p *plain) Close() {
	close(p.stop)
	p.ended.Wait()
}

// Download shows the progress of one download on Err. finish must be called.
func (s Screen) Download(what string) (progress func(done, total int64), finish func()) {
	switch {
	case s.Quiet:
		return nil, func() {}
	case IsTerminal(s.Err):
		return downloadBar(s.Err, what)
	default:
		return downloadLines(s.Err, what), func() {}
	}
}

func downloadBar(w io.Writer, what string) (func(done, total int64), func()) {
	var p *mpb.Progress
	var bar *mpb.Bar
	progress := func(done, total int64) {
		if p == nil {
			p = mpb.New(mpb.WithOutput(w), mpb.WithWidth(64))
			bar = p.AddBar(total, mpb.PrependDecorators(decor.Name(what+" ")),
				mpb.AppendDecorators(decor.CountersKibiByte("% .0f / % .0f"), decor.Name(" "), decor.AverageSpeed(decor.SizeB1024(0), "% .0f")))
		}
		bar.SetCurrent(done)
	}
	return progress, func() {
		if p != nil {
			bar.SetTotal(-1, true)
			p.Wait()
		}
	}
}

func downloadLines(w io.Writer, what string) func(done, total int64) {
	next := int64(0)
	return func(done, total int64) {
		if total > 0 && done*100/total >= next {
			fmt.Fprintf(w, "%s: %s of %s\n", what, humanize.IBytes(uint64(done)), humanize.IBytes(uint64(total)))
			next = done*100/total + 20
		}
	}
}

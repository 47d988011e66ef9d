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

// plainEvery is how often progress is told where there is no terminal.
const plainEvery = 5 * time.Second

// Watcher shows the progress of a pass until it is closed.
type Watcher interface {
	extract.Progress
	Say(line string) // above what is shown
	Close()
}

// Watch shows the progress of a pass on Err: bars on a terminal, a line now and
// then elsewhere, nothing if quiet.
func (s Screen) Watch() Watcher {
	switch {
	case s.Quiet:
		return silent{}
	case IsTerminal(s.Err):
		return newBars(s.Err)
	default:
		return newPlain(s.Err)
	}
}

type silent struct{ extract.NoProgress }

func (silent) Say(string) {}
func (silent) Close()     {}

// tally counts work by stage.
type tally struct {
	mu          sync.Mutex
	started     time.Time
	known, done map[extract.Stage]int64
}

func newTally() tally {
	return tally{started: time.Now(), known: map[extract.Stage]int64{}, done: map[extract.Stage]int64{}}
}

// asking are the stages that take their time by requests; a call is done when
// the others are done with it.
var asking = []extract.Stage{extract.StageRooms, extract.StageSeries, extract.StageEvents, extract.StageUnusual}

// left is how long the slowest stage needs for what is known of it, at the pace
// it has had so far; zero: that cannot be said yet. The caller holds mu.
func (t *tally) left(now time.Time) time.Duration {
	longest := 0.0
	for _, s := range asking {
		if done := t.done[s]; done > 0 {
			longest = max(longest, float64(t.known[s]-done)/float64(done))
		}
	}
	return time.Duration(longest * float64(now.Sub(t.started))).Round(time.Second)
}

// shown are the stages with a bar of their own, in the order of the work.
var shown = []extract.Stage{extract.StageRooms, extract.StageCalls, extract.StageSeries, extract.StageEvents, extract.StageUnusual}

// bars draws a bar for each stage.
type bars struct {
	tally
	p    *mpb.Progress
	bars map[extract.Stage]*mpb.Bar
}

func newBars(w io.Writer) *bars {
	b := &bars{tally: newTally(), bars: map[extract.Stage]*mpb.Bar{}}
	b.p = mpb.New(mpb.WithOutput(w), mpb.WithWidth(64))
	for i, s := range shown {
		b.bars[s] = b.p.New(0, mpb.BarStyle().Rbound("|").Lbound("|"),
			mpb.BarPriority(i),
			mpb.PrependDecorators(decor.Name(string(s), decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.CountersNoUnit("%d/%d", decor.WCSyncSpace), decor.Name(" "), decor.Any(b.extra(s))))
	}
	return b
}

// extra is what stands behind a stage's bar.
func (b *bars) extra(s extract.Stage) decor.DecorFunc {
	return func(decor.Statistics) string {
		if s != extract.StageSeries {
			return ""
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		text := humanize.Comma(b.done[extract.StageSamples]) + " samples"
		if left := b.left(time.Now()); left > 0 {
			text += ", " + left.String() + " left"
		}
		return text
	}
}

func (b *bars) Add(s extract.Stage, n int) {
	b.mu.Lock()
	b.known[s] += int64(n)
	known := b.known[s]
	b.mu.Unlock()
	if bar := b.bars[s]; bar != nil {
		bar.SetTotal(known, false)
	}
}

func (b *bars) Done(s extract.Stage, n int) {
	b.mu.Lock()
	b.done[s] += int64(n)
	b.mu.Unlock()
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
	w    io.Writer
	stop chan struct{}
	done sync.WaitGroup
}

func newPlain(w io.Writer) *plain {
	p := &plain{tally: newTally(), w: w, stop: make(chan struct{})}
	p.done.Go(p.loop)
	return p
}

func (p *plain) loop() {
	tick := time.NewTicker(plainEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if p.begun() {
				fmt.Fprintln(p.w, p.line())
			}
		case <-p.stop:
			return
		}
	}
}

// begun says whether there is anything to tell.
func (p *plain) begun() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.known) > 0
}

func (p *plain) line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts []string
	for _, s := range shown {
		if p.known[s] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d/%d", s, p.tally.done[s], p.known[s]))
		}
	}
	parts = append(parts, humanize.Comma(p.tally.done[extract.StageSamples])+" samples")
	if left := p.left(time.Now()); left > 0 {
		parts = append(parts, "about "+left.String()+" left")
	}
	return strings.Join(parts, ", ")
}

func (p *plain) Add(s extract.Stage, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[s] += int64(n)
}

func (p *plain) Done(s extract.Stage, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.done[s] += int64(n)
}

func (p *plain) Say(line string) { fmt.Fprintln(p.w, line) }

func (p *plain) Close() {
	close(p.stop)
	p.done.Wait()
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

package quota

import (
	"math"
	"time"
)

const (
	// guard is the largest difference between two requests' delays on their way to the
	// vendor: jitter of the network and of schedulers on both sides. It costs 1.5 % of the
	// quota; with slack it leaves 1 % above the aim of 97 %. A server that is itself
	// delayed for longer than this may count one request too many.
	guard = 15 * time.Millisecond

	// slack is added to each window of the even pace: 20 requests in 1.020 s are 98 % of
	// the quota. A window can make up for the difference between slack and guard: timers
	// that are up to 5 ms late cost nothing.
	slack = 20 * time.Millisecond

	// credit is how far departures may be behind the even pace and still catch up. It is
	// longer than a pause of the scheduler or the garbage collector. After a longer pause
	// the even pace begins again.
	credit = 500 * time.Millisecond

	// marks bounds how many departure times are remembered. At higher rates several
	// neighbours share one.
	marks = 1024
)

// window allows n requests in any span of its length. The length is a second or a little
// more, so that no second has more than n.
type window struct {
	n      int64
	length time.Duration
}

// windowOf returns the shortest window of at least a second with a whole number of
// requests, such as 20 in 1 s, 3 in 1.2 s for 2.5 a second, 1 in 10 s for 0.1.
func windowOf(perSecond float64) window {
	n := max(1, math.Ceil(perSecond-1e-6))
	return window{int64(n), time.Duration(n / perSecond * float64(time.Second))}
}

// spacing returns the time between two departures at the even pace.
func (w window) spacing() time.Duration { return (w.length + slack) / time.Duration(w.n) }

// gap returns the least time between two departures while catching up. It is zero if it
// would be too short to sleep.
func (w window) gap() time.Duration {
	if g := w.spacing() / 4; g >= tick {
		return g
	}
	return 0
}

// pace decides when departures are due. It has no clock: its times are durations since one
// moment that the caller chooses. The times of calls must not decrease.
type pace struct {
	left  int64           // departures so far; also the number of the next one
	next  time.Duration   // when the next departure is due at the even pace
	share int64           // departures that share one mark
	marks []time.Duration // a ring; the mark of number i is at i/share
}

// newPace returns the pace of windows that are w or smaller.
func newPace(w window) pace {
	share := (w.n + marks - 1) / marks
	return pace{share: share, marks: make([]time.Duration, (w.n+share-1)/share+1)}
}

// mark returns the time when the departure, or the last of those that share its mark, was
// on its way.
func (p *pace) mark(number int64) *time.Duration {
	return &p.marks[number/p.share%int64(len(p.marks))]
}

// due returns when the next departure may happen.
func (p *pace) due(now time.Duration, w window) time.Duration {
	due := max(p.next, now-credit)
	if p.left > 0 {
		due = max(due, *p.mark(p.left - 1)+w.gap())
	}
	if p.left >= w.n {
		due = max(due, *p.mark(p.left - w.n)+w.length+guard)
	}
	return due
}

// pass notes a departure if one is due, and returns its number.
func (p *pace) pass(now time.Duration, w window) (int64, bool) {
	if p.due(now, w) > now {
		return 0, false
	}
	number := p.left
	*p.mark(number) = now
	p.next = max(p.next, now-credit) + w.spacing()
	p.left++
	return number, true
}

// sent notes that a departure has only now been on its way.
func (p *pace) sent(number int64, now time.Duration) {
	if (p.left-1)/p.share-number/p.share < int64(len(p.marks)) {
		*p.mark(number) = now
	}
}

// slower starts the even pace again, so that departures which are late by the old pace are
// not caught up.
func (p *pace) slower(now time.Duration, w window) {
	p.next = max(p.next, now+w.spacing())
}

// since returns the number of departures after a moment of the last window.
func (p *pace) since(moment time.Duration) int64 {
	var n int64
	for number := p.left - 1; number >= 0 && number/p.share > (p.left-1)/p.share-int64(len(p.marks)); {
		first := number / p.share * p.share
		if *p.mark(number) > moment {
			n += number - first + 1
		}
		number = first - 1
	}
	return n
}

package extract

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/transform"
)

// listing is what a pass has read of the room lists, day by day. A UTC day need not be
// listed again if its list cannot change and each of its calls is final or still running; a
// later day lists the running ones. A listing keeps only calls that reach into a later
// slice, and those that are not final.
type listing struct {
	mu     sync.Mutex
	days   map[time.Time]*listedDay
	across map[string]time.Time  // calls that reach beyond the last slice, with their end
	hours  map[time.Time]float64 // hours in which a call was alive, with the seconds of all calls
	until  time.Time             // the list has been read up to here
	moved  chan struct{}         // closed, and replaced, when until moves
}

type listedDay struct {
	until      time.Time           // the list has been read up to here
	incomplete bool                // a call that ended is not final
	failed     []ledger.FailedPart // the parts of the list that failed
}

// miss notes a window that could not be listed in full.
func (l *listing) miss(g ask.Gap[call.Window]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, w := l.on(g.Of.Start), g.Of
	key := w.Start.Format(time.RFC3339) + "/" + w.End.Format(time.RFC3339)
	d.failed = append(d.failed, ledger.FailedPart{Kind: call.PartList, Key: key, Reason: g.Err.Error(), Attempts: 1})
	l.maybeAlive(w)
}

// maybeAlive notes a window in which calls may have been alive. The caller holds mu.
func (l *listing) maybeAlive(w call.Window) {
	for h := w.Start.Truncate(time.Hour); h.Before(w.End); h = h.Add(time.Hour) {
		l.hours[h] += 0 // how long is not known
	}
}

// damaged notes a row of a slice that names no call.
func (l *listing) damaged(s slice, damage transform.Damage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.on(s.Start)
	d.failed = append(d.failed, ledger.FailedPart{Kind: call.PartRoom, Key: damage.Key, Reason: decide.DamageText(damage), Attempts: 1})
}

func newListing() *listing {
	return &listing{
		days: map[time.Time]*listedDay{}, across: map[string]time.Time{},
		hours: map[time.Time]float64{}, moved: make(chan struct{}),
	}
}

// day returns the UTC day of t.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// add notes the calls of a slice and returns those that no earlier slice had. Slices must
// come in the order of time.
func (l *listing) add(s slice, rooms []decide.Listed) []decide.Listed {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.moveTo(s.End)
	l.on(s.Start).until = s.End
	maps.DeleteFunc(l.across, func(_ string, end time.Time) bool { return end.Before(s.Start) })
	var fresh []decide.Listed
	for _, r := range rooms {
		last := decide.Earlier(endOf(r.Room, s.End), s.End)
		for h := decide.Later(r.CreatedAt, s.Start).Truncate(time.Hour); !h.After(last); h = h.Add(time.Hour) {
			l.hours[h] += max(0, decide.Earlier(last, h.Add(time.Hour)).Sub(decide.Later(decide.Later(r.CreatedAt, s.Start), h)).Seconds())
		}
		if _, seen := l.across[r.CommID]; !seen {
			fresh = append(fresh, r)
		}
		if end := endOf(r.Room, s.End); !end.Before(s.End) {
			l.across[r.CommID] = end
		}
	}
	return fresh
}

// skip notes a slice that is not listed. Calls may have been alive in it.
func (l *listing) skip(s slice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.maybeAlive(s.Window)
	l.moveTo(s.End)
}

// endOf returns the end of a call. A running call ends after every slice.
func endOf(r call.Room, at time.Time) time.Time {
	if !r.Finished {
		return at.Add(365 * 24 * time.Hour)
	}
	return decide.Destroyed(r)
}

// on returns the listed day that holds t. The caller holds mu.
func (l *listing) on(t time.Time) *listedDay {
	d := l.days[day(t)]
	if d == nil {
		d = &listedDay{}
		l.days[day(t)] = d
	}
	return d
}

// unfinished notes that a call is not final. If it has ended, its days must be listed
// again.
func (l *listing) unfinished(r call.Room) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !r.Finished {
		return
	}
	for start, d := range l.days {
		d.incomplete = d.incomplete || !decide.Destroyed(r).Before(start) && r.CreatedAt.Before(start.Add(24*time.Hour))
	}
}

// moveTo notes that the calls until t are listed. The caller holds mu.
func (l *listing) moveTo(t time.Time) {
	l.until = t
	close(l.moved)
	l.moved = make(chan struct{})
}

// end notes that nothing more will be listed.
func (l *listing) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moveTo(time.Unix(call.Forever, 0))
}

// alive reports whether a call was alive in an hour, and for how many seconds all calls were
// together, as far as it is known. It waits until the hour has been listed.
func (l *listing) alive(ctx context.Context, hour time.Time) (alive bool, seconds float64, err error) {
	for {
		l.mu.Lock()
		listed, moved := !l.until.Before(hour.Add(time.Hour)), l.moved
		seconds, alive = l.hours[hour]
		l.mu.Unlock()
		if alive || listed {
			return alive, seconds, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false, 0, ask.Ended(ctx)
		}
	}
}

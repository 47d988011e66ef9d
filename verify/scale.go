package verify

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/visible"
)

// Warning is a day whose counts differ between vendor and archive.
type Warning struct {
	App     call.AppID `json:"sdk_app_id"`
	Day     time.Time  `json:"day_start"`
	Vendor  Counts     `json:"vendor"`
	Archive Counts     `json:"archive"`
	// Beyond says that they differ by more than the vendor's counts do by
	// themselves: something is missing, or too much.
	Beyond  bool `json:"beyond_noise"`
	InReach bool `json:"in_reach"` // the vendor still has the day in full
}

// Counts are those of the daily scale.
type Counts struct {
	Rooms   uint64 `json:"room_numbers"`
	Entries uint64 `json:"user_count"`
	Users   uint64 `json:"user_number"`
}

func countsOf(d call.DailyScale) Counts { return Counts{d.RoomNumber, d.UserCount, d.UserNumber} }

// noises is how much the vendor's counts of a day may differ from the archive's while
// nothing is missing: the greater of a number and a share of the vendor's count in
// thousandths. The vendor calls its counts approximate, and entries and users near midnight
// may count on either day.
var noises = [...]struct {
	of       func(Counts) uint64
	most     uint64
	perMille uint64
}{
	{func(c Counts) uint64 { return c.Rooms }, 1, 5},
	{func(c Counts) uint64 { return c.Entries }, 2, 10},
	{func(c Counts) uint64 { return c.Users }, 2, 20},
}

// beyondNoise reports whether counts of a day differ by more than the vendor's noise.
func beyondNoise(vendor, archive Counts) bool {
	for _, n := range noises {
		v, a := n.of(vendor), n.of(archive)
		if by := max(v, a) - min(v, a); by > n.most && by*1000 > v*n.perMille {
			return true
		}
	}
	return false
}

// expected returns the vendor's counts as the archive's may be. The vendor counts those who
// were erased, and nobody knows how many they were on a day: then fewer are no difference.
func (c *Check) expected(vendor, archive Counts) Counts {
	if !c.Gone.Any(c.App) {
		return vendor
	}
	return Counts{min(vendor.Rooms, archive.Rooms), min(vendor.Entries, archive.Entries), min(vendor.Users, archive.Users)}
}

const dayLength = 24 * time.Hour

// Scale compares the archived counts of each day in the window with the archive's rows, for
// days that the archive has in full. It sends no request to the vendor. whole is how many
// days were compared. Call Look first.
func (c *Check) Scale(ctx context.Context) (warnings []Warning, whole int, err error) {
	days, err := visible.CountsOfDays(ctx, c.Store, c.App)
	if err != nil {
		return nil, 0, err
	}
	gaps, err := c.gaps(ctx)
	if err != nil {
		return nil, 0, err
	}
	p := c.Pass()
	for _, d := range days {
		start := d.Vendor.Start
		if start.Before(p.From) || !p.To.IsZero() && !start.Before(p.To) || gaps.touch(start) {
			continue
		}
		whole++
		if v, a := countsOf(d.Vendor), countsOf(d.Archive); v != a {
			warnings = append(warnings, Warning{c.App, start, v, a, beyondNoise(c.expected(v, a), a) && !gaps.uncounted[start.Unix()], c.mendable(start)})
		}
	}
	return warnings, whole, nil
}

// gaps says where the archive may lack calls.
type gaps struct {
	first, last time.Time   // the archive has listed all calls in between
	unlisted    []time.Time // UTC days that could not be listed in full
	open        []ledger.Row
	ends        map[string]time.Time // of calls, as the vendor lists them
	uncounted   map[int64]bool       // days whose counts may still change
}

// reaches is the assumed duration of a call that is not whole in the archive and whose
// duration is not known.
const reaches = 2 * dayLength

func (c *Check) gaps(ctx context.Context) (g gaps, err error) {
	known, app := ledger.Of(c.Store), c.App
	g.ends, g.uncounted = map[string]time.Time{}, map[int64]bool{}
	for _, r := range c.rooms {
		if r.Finished && !r.DestroyedAt.IsZero() {
			g.ends[r.CommID] = r.DestroyedAt
		}
	}
	err = known.Rows(ctx, ledger.Filter{App: app, Kind: call.UnitList}, func(e ledger.Row) {
		if g.first.IsZero() {
			g.first = e.StartsAt.Add(dayLength) // the first day was listed from the vendor's edge on
		}
		if e.State == ledger.Lost {
			g.first = e.StartsAt.Add(dayLength)
		}
		if e.State == ledger.Failed {
			g.unlisted = append(g.unlisted, e.StartsAt)
		}
		if e.HeldUntil.After(g.last) {
			g.last = e.HeldUntil
		}
	})
	if err != nil {
		return g, err
	}
	expired, err := known.ExpiredUntil(ctx)
	if err != nil {
		return g, err
	}
	if until, ok := expired[app]; ok && !until.Before(g.first) {
		g.first = until.Add(time.Second)
	}
	f := ledger.Filter{App: app, Kind: call.UnitCall, States: []ledger.State{ledger.Pending, ledger.Provisional, ledger.Failed, ledger.Lost}}
	if err := known.Rows(ctx, f, func(e ledger.Row) { g.open = append(g.open, e) }); err != nil {
		return g, err
	}
	f = ledger.Filter{App: app, Kind: call.UnitScale, States: []ledger.State{ledger.Provisional}}
	err = known.Rows(ctx, f, func(e ledger.Row) { g.uncounted[e.StartsAt.Unix()] = true })
	return g, err
}

// touch reports whether the archive may lack data of a day.
func (g *gaps) touch(start time.Time) bool {
	end := start.Add(dayLength)
	if g.first.IsZero() || start.Before(g.first) || g.last.Before(end) {
		return true
	}
	for _, day := range g.unlisted {
		if day.Before(end) && day.Add(dayLength).After(start) {
			return true
		}
	}
	return slices.ContainsFunc(g.open, func(e ledger.Row) bool {
		return e.StartsAt.Before(end) && e.HeldUntil.Before(end) && g.reach(e, start)
	})
}

// reach reports whether an open call may have had entries after a moment that the archive
// lacks.
func (g *gaps) reach(e ledger.Row, from time.Time) bool {
	if e.State == ledger.Lost {
		return e.StartsAt.Add(reaches).After(from)
	}
	end, ended := g.ends[e.Unit.Key]
	if !ended {
		return true
	}
	counted := e.Lacks() && !lacks(e.Entry, func(f ledger.FailedPart) bool { return f.Kind == call.PartRoom || f.Kind == call.PartUsers })
	return !counted && !end.Before(from)
}

package verify

import (
	"context"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load"
)

// Warning is a day on which the vendor's own counts are not the archive's.
type Warning struct {
	App     call.AppID `json:"sdk_app_id"`
	Day     time.Time  `json:"day_start"`
	Vendor  Counts     `json:"vendor"`
	Archive Counts     `json:"archive"`
}

// Counts are those of the daily scale.
type Counts struct {
	Rooms   uint64 `json:"room_numbers"`
	Entries uint64 `json:"user_count"`
	Users   uint64 `json:"user_number"`
}

func countsOf(d call.DailyScale) Counts { return Counts{d.RoomNumber, d.UserCount, d.UserNumber} }

const dayLength = 24 * time.Hour

// Scale holds the vendor's counts of each day that began between two moments
// against the archive's rows, as far as the archive has the day in full. It
// asks the vendor nothing. Zero times do not narrow it. whole is how many days
// were compared.
func Scale(ctx context.Context, s *load.Store, app call.AppID, from, to time.Time) (warnings []Warning, whole int, err error) {
	days, err := s.DayCounts(ctx, app)
	if err != nil {
		return nil, 0, err
	}
	gaps, err := gapsOf(ctx, s, app)
	if err != nil {
		return nil, 0, err
	}
	for _, d := range days {
		start := d.Vendor.Start
		if start.Before(from) || !to.IsZero() && !start.Before(to) || gaps.touch(start) {
			continue
		}
		whole++
		if v, a := countsOf(d.Vendor), countsOf(d.Archive); v != a {
			warnings = append(warnings, Warning{app, start, v, a})
		}
	}
	return warnings, whole, nil
}

// gaps are where the archive may lack calls.
type gaps struct {
	first, last time.Time // it has listed all calls in between
	open        []load.Entry
}

// reaches is how long a call that is not whole in the archive is taken to have
// lasted, where that is not known.
const reaches = 2 * dayLength

func gapsOf(ctx context.Context, s *load.Store, app call.AppID) (g gaps, err error) {
	err = s.Ledger(ctx, load.LedgerFilter{App: app, Kind: call.UnitList}, func(e load.Entry) {
		if g.first.IsZero() {
			g.first = e.StartsAt.Add(dayLength) // the first day was listed from the vendor's edge on
		}
		if e.State == call.Lost {
			g.first = e.StartsAt.Add(dayLength)
		}
		if e.HeldUntil.After(g.last) {
			g.last = e.HeldUntil
		}
	})
	if err != nil {
		return g, err
	}
	expired, err := s.ExpiredUntil(ctx)
	if err != nil {
		return g, err
	}
	if until, ok := expired[app]; ok && !until.Before(g.first) {
		g.first = until.Add(time.Second)
	}
	f := load.LedgerFilter{App: app, Kind: call.UnitCall, States: []call.State{call.Pending, call.Provisional, call.Failed, call.Lost}}
	err = s.Ledger(ctx, f, func(e load.Entry) { g.open = append(g.open, e) })
	return g, err
}

// touch says whether the archive may lack something of a day.
func (g *gaps) touch(start time.Time) bool {
	end := start.Add(dayLength)
	if g.first.IsZero() || start.Before(g.first) || g.last.Before(end) {
		return true
	}
	for _, e := range g.open {
		if e.StartsAt.Before(end) && e.HeldUntil.Before(end) && (e.State != call.Lost || e.StartsAt.Add(reaches).After(start)) {
			return true
		}
	}
	return false
}

package verify

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/visible"
)

// compareHours compares the hours of unusual events that were asked for.
func (c *Check) compareHours(ctx context.Context, r *Result) error {
	bad, compared, err := c.compareUnits(ctx, r, call.UnitUnusual, digest.UnusualEvents, time.Hour)
	for _, start := range bad {
		if c.mendable(start) {
			r.targets.Hours = append(r.targets.Hours, start)
		}
	}
	r.Hours = compared
	return err
}

// dayChanges is how long after the beginning of a day the vendor may change its counts.
const dayChanges = 48 * time.Hour

// compareDays compares the days of the daily scale.
func (c *Check) compareDays(ctx context.Context, r *Result) error {
	bad, compared, err := c.compareUnits(ctx, r, call.UnitScale, digest.Days, dayChanges)
	r.targets.Days = slices.ContainsFunc(bad, c.mendable)
	r.Days = compared
	return err
}

// statisticsDue is how long after the beginning of a day its statistics must be archived: the
// pass after they are settled.
const statisticsDue = 4 * dayLength

// compareStatistics compares the settled days of the vendor's statistics.
func (c *Check) compareStatistics(ctx context.Context, r *Result) error {
	for _, kind := range []call.UnitKind{call.UnitUsage, call.UnitRoomUsage, call.UnitMarket} {
		relation, _ := digest.StatisticsOf(kind)
		bad, compared, err := c.compareUnits(ctx, r, kind, relation, statisticsDue)
		if err != nil {
			return err
		}
		r.targets.Statistics = r.targets.Statistics || len(bad) > 0
		r.Statistics += compared
	}
	return nil
}

// compareUnits compares the units of a kind that has one relation. It returns the starts of
// the units that differ, and how many were compared. The archive must have a unit when due
// has passed since its beginning.
func (c *Check) compareUnits(ctx context.Context, r *Result, kind call.UnitKind, relation int, due time.Duration) (bad []time.Time, compared int, err error) {
	asked := c.col.asked(kind)
	keys := slices.Sorted(maps.Keys(asked))
	held, err := c.Ledger.Entries(ctx, c.App, kind, keys)
	if err != nil {
		return nil, 0, err
	}
	rel := digest.Relations()[relation]
	var spans []visible.Span
	for _, key := range keys {
		u, h := asked[key], held[key]
		d := Difference{Kind: kind, Key: key, Mendable: c.mendable(u.starts) || kind.IsStatistics()}
		switch {
		case u.gone || u.span.Until < u.span.Since || u.starts.Before(c.since) && kind == call.UnitScale:
		case h.State == ledger.Expired:
		case h.State == ledger.Archived, h.State == ledger.Empty:
			spans = append(spans, u.span)
		case h.State == ledger.Failed, h.State == "" && c.ripe(u.starts.Add(due)):
			r.missing(d, h)
			bad = append(bad, u.starts)
		case h.Lacks(): // Lacking reports it
		default:
			r.Waiting++
		}
	}
	have, err := visible.Digests(ctx, c.Store, c.App, rel, spans)
	for _, span := range spans {
		u := asked[span.Key]
		d := Difference{Kind: kind, Key: span.Key, Relation: rel.Name, Mendable: c.mendable(u.starts) || kind.IsStatistics()}
		if err == nil && r.differ(d, u.sums[relation], have[span.Key]) {
			bad = append(bad, u.starts)
		}
	}
	return bad, len(spans), err
}

// asked returns the units of a kind that have been asked for in full, by key.
func (c *collector) asked(kind call.UnitKind) map[string]*unit {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]*unit{}
	for u, x := range c.units {
		if u.Kind == kind && x.ended {
			all[u.Key] = x
		}
	}
	return all
}

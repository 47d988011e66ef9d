package status

import (
	"context"
	"math"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// Space lists where the bytes are, and how they will grow.
type Space struct {
	Tables   []Use   `json:"tables"`
	Metrics  []Use   `json:"metrics"`         // bytes are estimated; see docs/operations.md
	NoMetric string  `json:"metrics_problem"` // why there are none
	Months   []Use   `json:"months"`          // rows are those of quality_samples
	Bytes    uint64  `json:"bytes"`
	Free     *uint64 `json:"free_bytes"` // null: not known
	Forecast []Rates `json:"forecast"`
}

type Use struct {
	Name         string  `json:"name"`
	Rows         uint64  `json:"rows"`
	Bytes        uint64  `json:"bytes"`
	Uncompressed uint64  `json:"uncompressed_bytes"`
	PerRow       float64 `json:"bytes_per_row"`
}

// Rates is the forecast at the rate of some days.
type Rates struct {
	Days     int        `json:"of_days"`
	PerDay   uint64     `json:"bytes_per_day"`
	InAYear  uint64     `json:"bytes_in_a_year"`
	DiskFull *time.Time `json:"disk_full"` // null: not within a century, or not known
}

// ReadSpace reads where the bytes are. keep is how long calls are kept; zero: for ever.
func ReadSpace(ctx context.Context, store *store.Store, keep time.Duration, now time.Time) (*Space, error) {
	s := &Space{}
	tables, err := upkeep.DiskUsage(ctx, store)
	if err != nil {
		return nil, err
	}
	months, err := upkeep.Months(ctx, store)
	if err != nil {
		return nil, err
	}
	metrics, err := upkeep.Metrics(ctx, store)
	if err != nil {
		s.NoMetric = words.OneLine(err)
	}
	s.Tables, s.Months, s.Metrics = []Use{}, usesOf(months), usesOf(metrics)
	for _, t := range tables {
		s.Bytes += t.Bytes
		s.Tables = append(s.Tables, useOf(upkeep.Space{Name: t.Relation, Rows: t.Rows, Bytes: t.Bytes, Uncompressed: t.Uncompressed}))
	}
	if free, err := upkeep.FreeSpace(ctx, store); err == nil { // the user may have no right to read system.disks
		s.Free = &free
	}
	for _, days := range []int{14, 30} {
		g, err := upkeep.RecentGrowth(ctx, store, now, days)
		if err != nil {
			return nil, err
		}
		if n := len(s.Forecast); n > 0 && s.Forecast[n-1].Days == g.Days {
			continue
		}
		s.Forecast = append(s.Forecast, s.forecast(tables, g, keep, now))
	}
	return s, nil
}

func usesOf(all []upkeep.Space) []Use {
	out := []Use{}
	for _, x := range all {
		out = append(out, useOf(x))
	}
	return out
}

func useOf(x upkeep.Space) Use {
	u := Use{Name: x.Name, Rows: x.Rows, Bytes: x.Bytes, Uncompressed: x.Uncompressed}
	if x.Rows > 0 {
		u.PerRow = math.Round(1000*float64(x.Bytes)/float64(x.Rows)) / 1000
	}
	return u
}

// forecast assumes that each table grows as its rows did, or the rows that it is made from.
// The vendor's responses do not count, because they are deleted after some time. If calls
// are deleted after keep (zero: never), the archive never has more than comes within keep.
func (s *Space) forecast(tables []upkeep.Usage, g upkeep.Growth, keep time.Duration, now time.Time) Rates {
	const day, year, century = 24 * time.Hour, 365, 36500
	perDay := growthADay(tables, g)
	most := math.Inf(1)
	if keep > 0 {
		most = perDay * float64(keep) / float64(day)
	}
	f := Rates{Days: g.Days, PerDay: uint64(perDay), InAYear: uint64(min(float64(s.Bytes)+year*perDay, most))}
	if s.Free == nil || perDay == 0 || most <= float64(s.Bytes+*s.Free) {
		return f
	}
	if days := float64(*s.Free) / perDay; days < century {
		full := now.Add(time.Duration(days * float64(day))).Truncate(day)
		f.DiskFull = &full
	}
	return f
}

// growthADay returns the bytes that came with a day's rows.
func growthADay(tables []upkeep.Usage, g upkeep.Growth) (bytes float64) {
	for _, t := range tables {
		bytes += float64(t.Bytes) * g.Shares[catalogue.Growth(t.Relation)] / float64(g.Days)
	}
	return bytes
}

// Largest returns the tables. Tables that take less than a thousandth count as one.
func (s *Space) Largest() []Use {
	var all []Use
	others := Use{Name: "others"}
	for _, t := range s.Tables {
		if 1000*t.Bytes >= s.Bytes {
			all = append(all, t)
			continue
		}
		others.Rows, others.Bytes, others.Uncompressed = others.Rows+t.Rows, others.Bytes+t.Bytes, others.Uncompressed+t.Uncompressed
	}
	if others.Rows > 0 {
		others.PerRow = float64(others.Bytes) / float64(others.Rows)
		all = append(all, others)
	}
	return all
}

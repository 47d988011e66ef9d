package analyst

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

// costs holds the rooms of an application that cost most in May, and the minutes without a price.
func (c *recipes) costs(usage []simulator.UsageRoom) (all []row) {
	prices := map[string]float64{"Audio": 0.99, "SD": 3.99, "hd": 3.99, "FullHD": 8.99}
	type sums struct{ seconds, cost, unpriced float64 }
	of := map[string]*sums{}
	for _, x := range usage {
		if x.SdkAppID != simulator.DefaultApp || x.Day < "2026-05-01" || x.Day > "2026-05-31" {
			continue
		}
		s := of[x.RoomID]
		if s == nil {
			s = &sums{}
			of[x.RoomID] = s
		}
		price := prices[x.UsageKey]
		s.seconds += x.Value
		s.cost += x.Value * price
		if price == 0 {
			s.unpriced += x.Value
		}
	}
	for room, s := range of {
		all = append(all, row{room, rounded(s.seconds/60, 0), rounded(s.cost/60000, 2), rounded(s.unpriced/60, 0)})
	}
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(b[2].(float64), a[2].(float64)), cmp.Compare(a[0].(string), b[0].(string)))
	})
	return all[:min(5, len(all))]
}

// billed holds the vendor's minutes of Beijing's days and those of the sessions.
func (c *recipes) billed(usage []simulator.UsageDay) (all []row) {
	type key struct {
		app uint32
		day string
	}
	vendor := map[key]float64{}
	for _, x := range usage {
		if x.Product == "trtc" && x.Day >= "2026-05-26" && x.Day <= "2026-05-29" {
			vendor[key{x.SdkAppID, x.Day}] += x.Value
		}
	}
	for k, minutes := range vendor {
		begins, _ := time.Parse(time.DateOnly, k.day)
		from := begins.Unix() - 8*3600
		seconds := int64(0)
		for _, s := range c.sessions {
			left := cmp.Or(s.LeftAt, time.Date(2026, 5, 31, 16, 0, 0, 0, time.UTC).Unix())
			if s.SdkAppID == k.app {
				seconds += max(0, min(left, from+86400)-max(s.JoinedAt, from))
			}
		}
		all = append(all, row{k.app, k.day, minutes, rounded(float64(seconds)/60, 0)})
	}
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(a[0].(uint32), b[0].(uint32)), cmp.Compare(a[1].(string), b[1].(string)))
	})
	return all
}

// caused holds the rooms and days with the most usage, and their calls.
func (c *recipes) caused(usage []simulator.UsageRoom) (all []row) {
	type key struct {
		app       uint32
		day, room string
	}
	of := map[key]float64{}
	for _, x := range usage {
		if x.Day >= "2026-05-20" && x.Day <= "2026-05-29" && x.Value > 0 {
			of[key{x.SdkAppID, x.Day, x.RoomID}] += x.Value
		}
	}
	keys := slices.SortedFunc(maps.Keys(of), func(a, b key) int { return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a.room, b.room)) })
	for _, k := range keys[:5] {
		begins, _ := time.Parse(time.DateOnly, k.day)
		from, n, first := begins.Unix()-8*3600, 0, ""
		for _, r := range c.rooms {
			if r.SdkAppID == k.app && r.RoomID == k.room && r.CreatedAt < from+86400 && (r.DestroyedAt == 0 || r.DestroyedAt >= from) {
				if n++; first == "" || r.CommID < first {
					first = r.CommID
				}
			}
		}
		all = append(all, row{k.app, k.day, k.room, rounded(of[k]/60, 0), n, first})
	}
	slices.SortStableFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(b[3].(float64), a[3].(float64)), cmp.Compare(a[2].(string), b[2].(string)))
	})
	return all
}

// stalls holds the share of stalled sound as the vendor sees it, and as the samples say.
func (c *recipes) stalls(hours []simulator.MarketHour) (all []row) {
	vendor := map[string]some{}
	for _, x := range hours {
		if x.Statement == "quality" && x.Metric == "audioFreezeRate" {
			vendor[dayOf(x.TS)] = append(vendor[dayOf(x.TS)], x.Value)
		}
	}
	for _, day := range daysFrom(weekFrom, weekTo) {
		if len(vendor[day]) > 0 && c.days[day] != nil {
			all = append(all, row{day, rounded(vendor[day].avg(), 2), rounded(c.days[day]["aBlock down"].avg()/20, 3)})
		}
	}
	return all
}

// usagePanels returns what the panels of usage must show. $__timeInterval is an hour for the
// vendor's dashboard.
func (b *boardTruth) usagePanels() map[string][]row {
	truth := b.sim.Truth(at)
	first, last := dayOf(b.from), dayOf(b.to)
	products, kinds, totals := map[string]float64{}, map[string]float64{}, map[string]float64{}
	units := map[string]string{}
	for _, x := range truth.UsageDays() {
		if !b.mine(x.SdkAppID) || x.Day < first || x.Day > last {
			continue
		}
		if x.Unit == "minutes" {
			products[join(x.Day+" 00:00:00", x.Product)] += x.Value
		}
		if x.Product == "trtc" {
			kinds[join(x.Day+" 00:00:00", x.UsageKey)] += x.Value
		}
		totals[join(x.Product, x.UsageKey)] += x.Value
		units[join(x.Product, x.UsageKey)] = x.Unit
	}
	cells := func(of map[string]float64) (all []row) {
		for _, k := range slices.Sorted(maps.Keys(of)) {
			a, b, _ := strings.Cut(k, "\t")
			all = append(all, row{a, b, of[k]})
		}
		return all
	}
	var sums []row
	for _, r := range cells(totals) {
		sums = append(sums, append(r, units[join(r[0], r[1])]))
	}
	type room struct {
		app uint32
		id  string
	}
	seconds, days := map[room]float64{}, map[room]set{}
	for _, x := range truth.UsageRooms() {
		if k := (room{x.SdkAppID, x.RoomID}); b.mine(x.SdkAppID) && x.Day >= first && x.Day <= last && x.Text == "" {
			if days[k] == nil {
				days[k] = set{}
			}
			seconds[k] += x.Value
			days[k][x.Day] = true
		}
	}
	var rooms []row
	for k, s := range seconds {
		rooms = append(rooms, row{k.app, k.id, math.Ceil(s / 60), len(days[k])})
	}
	slices.SortFunc(rooms, func(x, y row) int {
		return cmp.Or(cmp.Compare(y[2].(float64), x[2].(float64)), cmp.Compare(x[0].(uint32), y[0].(uint32)), cmp.Compare(x[1].(string), y[1].(string)))
	})
	scale, quality := map[string]float64{}, map[string]some{}
	for _, x := range truth.MarketHours() {
		k := join(secondOf(x.TS), x.Metric)
		switch {
		case !b.mine(x.SdkAppID) || x.TS < b.from || x.TS > b.to:
		case x.Statement == "scale" && x.Metric != "joins":
			scale[k] = max(scale[k], x.Value)
		case x.Statement == "quality":
			quality[k] = append(quality[k], x.Value)
		}
	}
	means := map[string]float64{}
	for k, s := range quality {
		means[k] = s.avg()
	}
	return map[string][]row{
		"Minutes by product": cells(products), "Calls by kind": cells(kinds), "All usage": sums, "Rooms with the most usage": rooms[:min(50, len(rooms))],
		"Users and rooms": cells(scale), "Quality": cells(means),
	}
}

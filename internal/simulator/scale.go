package simulator

import "strconv"

// scaleDay is the counts of an app on a day that is over. A day is a Beijing day: it
// starts at 16:00 UTC of the date before.
type scaleDay struct {
	start                 int64 // unix seconds
	users, entries, rooms int64
}

// scaleDays returns the whole days of an app that start in a window, both ends
// included, and are over at an instant. A room counts on the day of its creation, an
// entry on the day of joining. A user counts once for each room and day, as the legacy
// page says, which here is the same as once for each day.
func (s *Simulator) scaleDays(app uint32, from, to, at int64) []scaleDay {
	var days []scaleDay
	from = max(from, s.oldest)
	start := beijingDay(from)
	if start < from {
		start += day
	}
	for ; start <= to && start+day <= at; start += day {
		days = append(days, s.scaleOf(app, start, at))
	}
	return days
}

func (s *Simulator) scaleOf(app uint32, start, at int64) scaleDay {
	d := scaleDay{start: start}
	for _, c := range s.overlapping(app, start, start+day-1, at) {
		if c.start >= start {
			d.rooms++
		}
		entered := map[int]bool{}
		for _, session := range layout(c) {
			if session.joined >= start && session.joined < start+day && session.joined <= at {
				entered[session.user] = true
				d.entries++
			}
		}
		d.users += int64(len(entered))
	}
	return d
}

// scale answers DescribeScaleInfo and DescribeHistoryScale. The counters of a day
// without calls are 0 or null.
func (s *Simulator) scale(q *query, out *answer) {
	days := s.scaleDays(q.app, q.from, q.to, q.now)
	out.integer("Total", q.total(len(days)))
	if !q.due(len(days)) {
		out.nothing("ScaleList", q.withheld || hash2(s.options.Seed, uint64(q.from))&1 == 0)
		return
	}
	out.key("ScaleList")
	for i, d := range days {
		out.buf = append(out.buf, "[,"[min(i, 1)])
		out.buf = d.appendTo(out.buf)
	}
	out.buf = append(out.buf, ']')
	out.next()
}

// appendTo writes a ScaleInfomation (the vendor's spelling).
func (d scaleDay) appendTo(dst []byte) []byte {
	dst = append(dst, `{"Time":`...)
	dst = strconv.AppendInt(dst, d.start, 10)
	null := d.entries == 0 && d.rooms == 0 && d.start/day%2 == 0
	for _, field := range [...]struct {
		name string
		n    int64
	}{{`,"UserNumber":`, d.users}, {`,"UserCount":`, d.entries}, {`,"RoomNumbers":`, d.rooms}} {
		dst = append(dst, field.name...)
		if null {
			dst = append(dst, "null"...)
			continue
		}
		dst = strconv.AppendInt(dst, field.n, 10)
	}
	return append(dst, '}')
}

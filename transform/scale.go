package transform

import (
	"math"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// DailyScale reads the counts of days (DescribeScaleInfo, DescribeHistoryScale) and
// appends them to dst. A day can have several rows. After an error dst is returned
// unchanged.
func (d *Decoder) DailyScale(body []byte, dst []call.DailyScale) ([]call.DailyScale, Info, error) {
	t := newTable("day", mostRows, dst)
	return rows(d, "daily scale", "ScaleList", body, t, func() { d.day(t) })
}

// day reads an element of "ScaleList".
func (d *Decoder) day(t *table[call.DailyScale]) {
	t.received++
	s := &d.scan
	if problem := s.object(); problem != "" {
		t.damage.add(Damage{What: "day", Problem: problem})
		return
	}
	var at, number, count, rooms value[int64]
	for s.member() {
		switch string(s.key) {
		case "Time":
			at.set(s.seconds(1))
		case "UserNumber":
			number.set(s.integer(0, math.MaxInt64))
		case "UserCount":
			count.set(s.integer(0, math.MaxInt64))
		case "RoomNumbers":
			rooms.set(s.integer(0, math.MaxInt64))
		default:
			s.skip()
		}
	}
	var p problems
	p.need("Time", at.field)
	if number.state != null || count.state != null || rooms.state != null { // all null: a day with nothing
		p.need("UserNumber", number.field)
		p.need("UserCount", count.field)
		p.need("RoomNumbers", rooms.field)
	}
	if start := moment(at.v); p != "" {
		t.damage.add(Damage{What: "day", Key: clockText(start), Problem: string(p)})
	} else {
		t.add(call.DailyScale{Start: start,
			UserNumber: uint64(number.v), UserCount: uint64(count.v), RoomNumber: uint64(rooms.v)})
	}
}

// clockText formats a time. The zero time is "".
func clockText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

package transform

import (
	"math"

	"github.com/callvault/callvault/internal/call"
)

// DailyScale reads the counts of days (DescribeScaleInfo, DescribeHistoryScale)
// and appends them to dst. On error dst is returned as it came.
func (d *Decoder) DailyScale(body []byte, dst []call.DailyScale) ([]call.DailyScale, Info, error) {
	return rows(d, "daily scale", "ScaleList", body, dst, func(dst []call.DailyScale) []call.DailyScale {
		return append(dst, d.scan.scale())
	})
}

// scale reads the counts of one day. A count that is null, as the vendor sends
// it where it has none, or missing is 0.
func (s *scanner) scale() call.DailyScale {
	var day call.DailyScale
	var number, count, rooms int64
	start := s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "Time":
			day.Start = s.seconds(1)
		case "UserNumber":
			number, _ = s.integer(0, math.MaxInt64)
		case "UserCount":
			count, _ = s.integer(0, math.MaxInt64)
		case "RoomNumbers":
			rooms, _ = s.integer(0, math.MaxInt64)
		default:
			s.skip()
		}
	}
	s.need(!day.Start.IsZero(), start, "Time")
	day.UserNumber, day.UserCount, day.RoomNumber = uint64(number), uint64(count), uint64(rooms)
	return day
}

package digest

import (
	"math"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/callvault/callvault/internal/call"
)

// row builds the canonical form of a row.
type row []byte

func (r row) text(s string) row {
	r = append(strconv.AppendInt(r, int64(len(s)), 10), ':')
	return append(r, s...)
}

func (r row) number(n int64) row { return append(strconv.AppendInt(r, n, 10), ',') }

// seconds returns 0 for the zero time.
func (r row) seconds(t time.Time) row {
	if t.IsZero() {
		return r.number(0)
	}
	return r.number(t.Unix())
}

func (r row) truth(b bool) row {
	if b {
		return r.number(1)
	}
	return r.number(0)
}

func (r row) hash() uint64 { return xxhash.Sum64(r) }

// enough is the size of a buffer for most rows. Longer rows are allocated.
const enough = 512

// Room returns the hash of a row of rooms. over includes the end of the call. For a call
// that was running it is left out: the archive may have it by now.
func Room(x call.Room, over bool) uint64 {
	var b [enough]byte
	r := row(b[:0]).text(x.RoomID).seconds(x.CreatedAt)
	if over {
		r = r.seconds(x.DestroyedAt).truth(x.Finished)
	}
	return r.text(x.Creator).hash()
}

// Session returns the hash of a row of user_sessions.
func Session(x call.Session) uint64 {
	var b [enough]byte
	return row(b[:0]).text(x.RoomID).text(x.UserID).seconds(x.JoinedAt).seconds(x.LeftAt).truth(x.Finished).
		text(x.DeviceType).text(x.SDKVersion).text(x.ClientIP).hash()
}

// Event returns the hash of a row of user_events.
func Event(x call.Event) uint64 {
	var b [enough]byte
	return row(b[:0]).text(x.RoomID).text(x.UserID).text(x.PeerID).number(int64(x.EventID)).number(x.Time.UnixMilli()).
		number(int64(x.StreamType)).number(x.ParamOne).number(x.ParamTwo).hash()
}

// Unusual returns the hash of a row of unusual_events.
func Unusual(x call.UnusualEvent) uint64 {
	var b [enough]byte
	return row(b[:0]).text(x.RoomID).text(x.UserID).number(int64(x.ExperienceID)).seconds(x.Time).
		number(int64(x.AbnormalEventID)).text(x.PeerID).hash()
}

// Day returns the hash of a row of daily_scale.
func Day(x call.DailyScale) uint64 {
	var b [enough]byte
	return row(b[:0]).seconds(x.Start).number(int64(x.UserNumber)).number(int64(x.UserCount)).number(int64(x.RoomNumber)).hash()
}

// Statistic returns the hash of a row of usage_days, usage_rooms, market_hours or
// realtime_figures.
func Statistic(x call.Statistic) uint64 {
	var b [enough]byte
	r := row(b[:0]).text(x.TimeKey).seconds(x.At).text(x.RoomID).number(int64(x.Line)).text(x.Name)
	r = append(strconv.AppendUint(r, math.Float64bits(x.Value), 10), ',')
	return r.text(x.Text).hash()
}

// StatisticsOf returns the relation of a kind of statistics.
func StatisticsOf(k call.UnitKind) (relation int, ok bool) {
	switch k {
	case call.UnitUsage:
		return UsageDays, true
	case call.UnitRoomUsage:
		return UsageRooms, true
	case call.UnitMarket:
		return MarketHours, true
	case call.UnitRealtime:
		return RealtimeFigures, true
	}
	return 0, false
}

// Statistics returns the digests of numbers of a unit of that kind.
func Statistics(k call.UnitKind, rows []call.Statistic) (s Sums) {
	relation, _ := StatisticsOf(k)
	for _, x := range rows {
		s[relation].Add(Statistic(x))
	}
	return s
}

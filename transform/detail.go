package transform

import "github.com/callvault/callvault/internal/call"

// Detail is what a response with metric series holds.
type Detail struct {
	Sessions []call.Session
	Samples  call.Samples
}

// Reset empties d and keeps its memory for reuse.
func (d *Detail) Reset() {
	clear(d.Sessions)
	d.Sessions = d.Sessions[:0]
	d.Samples.Reset()
}

// DetailInfo is what a response with metric series tells beside its rows. Info
// is about "Data", the list of series; its Items counts all of them. Its
// Received, Repeated and Nulls are about the sessions.
type DetailInfo struct {
	Info
	Users       ListState // of "UserList"
	EmptySeries int       // series whose Content is []

	// NullSeries are those without any value: Content is null, or every point of
	// it that is not damaged has none, and there is one. Rows is 0. Those after
	// the first 100,000 are left out.
	NullSeries []call.Series
	Dropped    int // points, with a value or without, that keep left out
}

// Room is how many samples a body can hold in its usual form: with room for so
// many, decoding it allocates none for them.
func Room(body []byte) int { return len(body)/usualPoint + 1 }

// Keep tells which seconds of a user's series to keep, both ends included. None
// are if from is after to.
type Keep func(userID string) (from, to uint32)

// Detail reads metric series (DescribeCallDetailInfo, DescribeCallDetail) with
// the users sent beside them and appends both to dst: series that have samples
// after keep, in the order received. A nil keep keeps all; sessions are not
// subject to it. Points more than a minute outside the window asked for are
// damaged; a zero time of it is not known. On error dst is as it was.
func (d *Decoder) Detail(body []byte, asked call.Window, keep Keep, dst *Detail) (DetailInfo, error) {
	s := &d.scan
	base := dst.Mark()
	sessions := newTable("session", mostRows, dst.Sessions)
	series := seriesReader{d: d, asked: secondsAround(asked), keep: keep, dst: &dst.Samples}
	var info DetailInfo
	var total value[int64]
	id, err := d.decode("call detail", body, func() {
		info, total = DetailInfo{}, value[int64]{}
		sessions.reset()
		series.reset(dst, base)
	}, func(key []byte) bool {
		switch string(key) {
		case "Total":
			total.set(s.total())
		case "UserList":
			again := info.Users != ListAbsent
			sessions.reset()
			info.Users, _ = s.list()
			for info.Users == ListPresent && s.element() {
				d.session(sessions)
			}
			if again {
				info.Users = ListWrong
				sessions.reset()
			}
		case "Data":
			again := info.List != ListAbsent
			series.reset(dst, base)
			if info.List = series.read(); again {
				info.List = ListWrong
				series.reset(dst, base)
			}
		default:
			return false
		}
		return true
	})
	if err != nil {
		sessions.reset()
		dst.Cut(base)
		return DetailInfo{}, err
	}
	dst.Sessions = sessions.rows
	info.RequestID, info.Items, info.Dropped = id, series.items, series.dropped
	info.EmptySeries, info.NullSeries = series.empty, series.null
	info.setTotal(total)
	sessions.tell(&info.Info)
	info.addDamage(&series.damage)
	return info, nil
}

// Mark is how much a Detail holds.
type Mark struct{ sessions, series, rows, nulls int }

// Mark is how much d holds now.
func (d *Detail) Mark() Mark {
	return Mark{len(d.Sessions), len(d.Samples.Series), len(d.Samples.Time), d.Samples.Nulls}
}

// Cut drops what was added since m.
func (d *Detail) Cut(m Mark) {
	clear(d.Sessions[m.sessions:])
	d.Sessions = d.Sessions[:m.sessions]
	clear(d.Samples.Series[m.series:])
	d.Samples.Series = d.Samples.Series[:m.series]
	d.Samples.Time = d.Samples.Time[:m.rows]
	d.Samples.Value = d.Samples.Value[:m.rows]
	d.Samples.Nulls = m.nulls
}

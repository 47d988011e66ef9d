package transform

import "github.com/callvault/callvault/internal/call"

// Detail has the rows of a response with metric series.
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

// DetailInfo is the information of a response with metric series besides its rows. Info.List,
// Items and Damage are about "Data", the list of series. Info.Received, Repeated and
// Nulls are about the sessions.
type DetailInfo struct {
	Info
	Users       ListState // of "UserList"
	EmptySeries int       // series whose Content is []

	// NullSeries lists the series without any value: Content is null, or has points
	// and every undamaged one is null. Rows is 0. The list ends after 100,000 series.
	NullSeries []call.Series
	Dropped    int // points, with or without a value, dropped because of Keep
}

// Room returns the number of samples that a body in the usual form can have. Decoding into
// a Detail with that capacity does not allocate for them.
func Room(body []byte) int { return len(body)/usualPoint + 1 }

// Keep returns the seconds of a user's series to keep, both ends included; none if
// from is after to.
type Keep func(userID string) (from, to uint32)

// Detail reads metric series (DescribeCallDetailInfo, DescribeCallDetail) and the
// users in the same response, and appends both to dst. Series come in the order
// received, without those that have no samples to keep. A nil keep keeps all; keep
// does not apply to sessions. Points more than a minute outside the window asked for
// are damaged; a zero time leaves the window open. After an error dst is unchanged.
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
	sessions.report(&info.Info)
	info.addDamage(&series.damage)
	return info, nil
}

// Mark is a length of a Detail.
type Mark struct{ sessions, series, rows, nulls int }

// Mark returns the current length of d.
func (d *Detail) Mark() Mark {
	return Mark{len(d.Sessions), len(d.Samples.Series), len(d.Samples.Time), d.Samples.Nulls}
}

// Cut drops everything added since m.
func (d *Detail) Cut(m Mark) {
	clear(d.Sessions[m.sessions:])
	d.Sessions = d.Sessions[:m.sessions]
	clear(d.Samples.Series[m.series:])
	d.Samples.Series = d.Samples.Series[:m.series]
	d.Samples.Time = d.Samples.Time[:m.rows]
	d.Samples.Value = d.Samples.Value[:m.rows]
	d.Samples.Nulls = m.nulls
}

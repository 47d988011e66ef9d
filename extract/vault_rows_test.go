package extract_test

import (
	"cmp"
	"hash/maphash"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
)

// Relations, as indices of sums.
const (
	rooms = iota
	sessions
	samples
	events
	unusual
	days
	relations
)

var relationNames = [relations]string{"rooms", "user_sessions", "quality_samples", "user_events", "unusual_events", "daily_scale"}

// content is a multiset of rows, in any order.
type content struct {
	rows int
	sum  uint64
}

func (c *content) add(o content) { c.rows += o.rows; c.sum += o.sum }

// sums is the content of each relation.
type sums [relations]content

func (s *sums) add(o sums) {
	for i := range s {
		s[i].add(o[i])
	}
}

var hashSeed = maphash.MakeSeed()

func one[R comparable](row R) content { return content{1, maphash.Comparable(hashSeed, row)} }

// seriesKey is a sample without its time and value.
type seriesKey struct {
	app                                uint32
	commID, roomID, user, peer, metric string
}

// hasher remembers the series that it hashed last.
type hasher struct {
	key  seriesKey
	hash uint64
}

func (h *hasher) sample(s simulator.QualitySample) content {
	key := seriesKey{s.SdkAppID, s.CommID, s.RoomID, s.UserID, s.PeerID, s.Metric}
	if key != h.key {
		h.key, h.hash = key, maphash.Comparable(hashSeed, key)
	}
	x := h.hash ^ uint64(s.TS)*0x9e3779b97f4a7c15 ^ math.Float64bits(s.Value)*0xbf58476d1ce4e5b9
	x = (x ^ x>>31) * 0x94d049bb133111eb
	return content{1, x ^ x>>29}
}

func newPart(u call.Unit, p call.Part, r call.Rows) part {
	p.Owned, p.Responses = slices.Clone(p.Owned), slices.Clone(p.Responses)
	r.Sessions, r.Events, r.Unusual = slices.Clone(r.Sessions), slices.Clone(r.Events), slices.Clone(r.Unusual)
	if r.Room != nil {
		room := *r.Room
		r.Room = &room
	}
	if r.Day != nil {
		day := *r.Day
		r.Day = &day
	}
	if r.Samples != nil {
		r.Samples = &call.Samples{Series: slices.Clone(r.Samples.Series), Time: slices.Clone(r.Samples.Time), Value: slices.Clone(r.Samples.Value)}
	}
	out := part{Part: p, rows: r}
	for relation, rows := range out.tell(u) {
		out.sums[relation].add(rows)
	}
	return out
}

// tell yields the content of each row except samples, whose content it yields as one.
func (p *part) tell(u call.Unit) iter.Seq2[int, content] {
	return func(yield func(int, content) bool) {
		if p.rows.Samples != nil {
			var h hasher
			var all content
			for s := range p.samples(u) {
				all.add(h.sample(s))
			}
			yield(samples, all)
		}
		for relation, row := range p.each(u) {
			switch r := row.(type) {
			case simulator.Room:
				yield(relation, one(r))
			case simulator.UserSession:
				yield(relation, one(r))
			case simulator.UserEvent:
				yield(relation, one(r))
			case simulator.UnusualEvent:
				yield(relation, one(r))
			case simulator.DayScale:
				yield(relation, one(r))
			}
		}
	}
}

// each yields the rows except samples, in the simulator's form.
func (p *part) each(u call.Unit) iter.Seq2[int, any] {
	app, r := uint32(u.App), p.rows
	return func(yield func(int, any) bool) {
		if x := r.Room; x != nil {
			yield(rooms, simulator.Room{SdkAppID: app, CommID: x.CommID, RoomID: x.RoomID, CreatedAt: unix(x.CreatedAt), DestroyedAt: unix(x.DestroyedAt), IsFinished: x.Finished, CreatorUserID: x.Creator})
		}
		for _, x := range r.Sessions {
			yield(sessions, simulator.UserSession{SdkAppID: app, CommID: u.Key, RoomID: cmp.Or(x.RoomID, r.RoomID), UserID: x.UserID, JoinedAt: unix(x.JoinedAt), LeftAt: unix(x.LeftAt),
				IsFinished: x.Finished, DeviceType: x.DeviceType, SdkVersion: x.SDKVersion, ClientIP: x.ClientIP})
		}
		for _, x := range r.Events {
			yield(events, simulator.UserEvent{SdkAppID: app, CommID: u.Key, RoomID: cmp.Or(x.RoomID, r.RoomID), UserID: x.UserID, PeerID: x.PeerID, EventID: int64(x.EventID), TS: x.Time.UnixMilli(),
				StreamType: int64(x.StreamType), ParamOne: x.ParamOne, ParamTwo: x.ParamTwo})
		}
		for _, x := range r.Unusual {
			yield(unusual, simulator.UnusualEvent{SdkAppID: app, RoomID: x.RoomID, UserID: x.UserID, ExperienceID: int64(x.ExperienceID), TS: unix(x.Time), AbnormalEventID: int64(x.AbnormalEventID), PeerID: x.PeerID})
		}
		if x := r.Day; x != nil {
			yield(days, simulator.DayScale{SdkAppID: app, Day: x.Start.Add(8 * time.Hour).UTC().Format(time.DateOnly), DayStart: unix(x.Start),
				UserNumber: int64(x.UserNumber), UserCount: int64(x.UserCount), RoomNumbers: int64(x.RoomNumber)})
		}
	}
}

// samples yields the samples in the simulator's form.
func (p *part) samples(u call.Unit) iter.Seq[simulator.QualitySample] {
	return func(yield func(simulator.QualitySample) bool) {
		at := 0
		for _, s := range p.rows.Samples.Series {
			for range s.Rows {
				row := simulator.QualitySample{SdkAppID: uint32(u.App), CommID: u.Key, RoomID: p.rows.RoomID, UserID: s.UserID, PeerID: s.PeerID, Metric: s.Metric,
					TS: int64(p.rows.Samples.Time[at]), Value: p.rows.Samples.Value[at]}
				if !yield(row) {
					return
				}
				at++
			}
		}
	}
}

// unix returns 0 for the zero time.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

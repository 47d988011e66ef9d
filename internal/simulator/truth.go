package simulator

import (
	"iter"
	"slices"
	"time"
)

// Truth is what an ideal archiver has at an instant: everything that has happened until
// then, with all samples settled. It is computed while it is read, and can be read
// repeatedly.
type Truth struct {
	s       *Simulator
	at      int64
	dialect dialect
	reach   reach
	asked   []int64 // instants of the archiver's requests; nil: at all times
	except  map[string]bool
}

// Truth returns the truth at an instant, with the metrics of the current dialect if the
// account has it. Rooms and users still there at the instant have no end. The archiver
// has watched all along: it has whole calls, even if the vendor has forgotten them.
// Since and Asked narrow it.
func (s *Simulator) Truth(at time.Time) *Truth {
	d := current
	if !s.options.Current {
		d = legacy
	}
	return &Truth{s: s, at: at.Unix(), dialect: d, reach: always(at.Unix())}
}

// Legacy returns the truth in the legacy dialect, which has fewer metrics and no other
// difference.
func (t *Truth) Legacy() *Truth {
	narrowed := *t
	narrowed.dialect = legacy
	return &narrowed
}

// At returns the instant of the truth in unix seconds.
func (t *Truth) At() int64 { return t.at }

// Dialect returns "current" or "legacy".
func (t *Truth) Dialect() string { return t.dialect.String() }

// begun yields the calls that the archiver has seen, app by app, oldest first.
func (t *Truth) begun(yield func(*call) bool) {
	for _, app := range t.s.options.Apps {
		calls := t.s.calls[app]
		for i := range calls {
			if calls[i].start > t.at {
				break
			}
			if _, seen := t.reach.last(calls[i].start, calls[i].end); seen && !yield(&calls[i]) {
				return
			}
		}
	}
}

// kept yields the calls of begun without excepted ones.
func (t *Truth) kept(yield func(*call) bool) {
	t.begun(func(c *call) bool { return len(t.except) > 0 && t.except[c.commID()] || yield(c) })
}

// Rooms yields the calls, app by app, oldest first.
func (t *Truth) Rooms() iter.Seq[Room] {
	return func(yield func(Room) bool) {
		t.kept(func(c *call) bool {
			at, _ := t.reach.last(c.start, c.end)
			row := Room{
				SdkAppID: c.app, CommID: c.commID(), RoomID: c.roomID(), CreatedAt: c.start,
				IsFinished: c.finished(at), CreatorUserID: c.creator(),
			}
			if row.IsFinished {
				row.DestroyedAt = c.end
			}
			return yield(row)
		})
	}
}

// UserSessions yields the sessions, call by call, in order of joining.
func (t *Truth) UserSessions() iter.Seq[UserSession] {
	return func(yield func(UserSession) bool) {
		t.kept(func(c *call) bool {
			v := t.open(c)
			for _, session := range v.sessions {
				u := v.reported(session)
				row := UserSession{
					SdkAppID: c.app, CommID: v.id, RoomID: v.room, UserID: u.id, JoinedAt: session.joined,
					IsFinished: session.finished, DeviceType: u.device, SdkVersion: u.version, ClientIP: u.address(),
				}
				if session.finished {
					row.LeftAt = session.left
				}
				if !yield(row) {
					return false
				}
			}
			return true
		})
	}
}

// QualitySamples yields the samples, call by call and series by series.
func (t *Truth) QualitySamples() iter.Seq[QualitySample] {
	return func(yield func(QualitySample) bool) {
		t.kept(func(c *call) bool { return t.samplesOf(c, yield) })
	}
}

func (t *Truth) samplesOf(c *call, yield func(QualitySample) bool) bool {
	v, listening := t.open(c), true
	var spans []span
	v.streams(v.everyone(), allMetrics(t.dialect, c), func(st stream) bool {
		row := QualitySample{SdkAppID: c.app, CommID: v.id, RoomID: v.room, UserID: st.user.id, Metric: metrics[st.metric].name}
		if st.peer != nil {
			row.PeerID = st.peer.id
		}
		values := v.series(st)
		spans = spans[:0]
		for _, stretch := range t.reach {
			spans = st.user.spans(st.peer, max(c.start, stretch.first), min(v.at, stretch.last), spans)
		}
		for _, run := range spans {
			for row.TS = run.first; row.TS <= run.last && listening; row.TS += step {
				row.Value = values.at(row.TS).number()
				listening = yield(row)
			}
		}
		return listening
	})
	return listening
}

// everyone returns the indices of all users.
func (v *view) everyone() []int {
	all := make([]int, len(v.users))
	for n := range all {
		all[n] = n
	}
	return all
}

// UserEvents yields the events, call by call and user by user, in order of time.
func (t *Truth) UserEvents() iter.Seq[UserEvent] {
	return func(yield func(UserEvent) bool) {
		t.kept(func(c *call) bool {
			v := t.open(c)
			for n := range v.users {
				for _, e := range v.events(n) {
					if !t.reach.has(e.ms / 1000) {
						continue
					}
					row := UserEvent{
						SdkAppID: c.app, CommID: v.id, RoomID: v.room, UserID: v.users[n].id, EventID: e.id,
						TS: e.ms, StreamType: e.streamType, ParamOne: e.one, ParamTwo: e.two,
					}
					if e.peer != noPeer {
						row.PeerID = v.users[e.peer].id
					}
					if !yield(row) {
						return false
					}
				}
			}
			return true
		})
	}
}

// UnusualEvents yields the experiences, call by call, in order of time.
func (t *Truth) UnusualEvents() iter.Seq[UnusualEvent] {
	return func(yield func(UnusualEvent) bool) {
		t.begun(func(c *call) bool {
			for _, x := range t.open(c).experiences() {
				if !t.reach.has(x.at) {
					continue
				}
				causes := x.causes
				if len(causes) == 0 {
					causes = []cause{{0, noPeer}}
				}
				for _, cause := range causes {
					row := UnusualEvent{
						SdkAppID: c.app, RoomID: x.v.room, UserID: x.v.users[x.user].id, ExperienceID: x.id, TS: x.at, AbnormalEventID: cause.id,
					}
					if peer := x.peerOf(cause); peer != nil {
						row.PeerID = peer.id
					}
					if !yield(row) {
						return false
					}
				}
			}
			return true
		})
	}
}

// DailyScale yields the days that are over, app by app.
func (t *Truth) DailyScale() iter.Seq[DayScale] {
	return func(yield func(DayScale) bool) {
		for _, app := range t.s.options.Apps {
			days := t.days(app)
			if !slices.ContainsFunc(days, func(d scaleDay) bool { return !yield(d.row(app)) }) {
				continue
			}
			return
		}
	}
}

func (d scaleDay) row(app uint32) DayScale {
	return DayScale{
		SdkAppID: app, Day: time.Unix(d.start+8*hour, 0).UTC().Format(time.DateOnly), DayStart: d.start,
		UserNumber: d.users, UserCount: d.entries, RoomNumbers: d.rooms,
	}
}

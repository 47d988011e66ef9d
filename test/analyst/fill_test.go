package analyst

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
)

// filler writes a simulated account's truth through a load.Writer. The result is the same as
// after an archive pass, but the vendor's quota does not slow it down. Every call is one unit
// of four parts. The parts of running calls are open.
type filler struct {
	w     *load.Writer
	truth *simulator.Truth
	at    time.Time

	rooms    *group[simulator.Room]
	sessions *group[simulator.UserSession]
	events   *group[simulator.UserEvent]
}

// group reads rows that come call by call.
type group[R any] struct {
	next   func() (R, bool)
	commID func(*R) string
	row    R
	more   bool
}

func newGroup[R any](rows iter.Seq[R], commID func(*R) string) (*group[R], func()) {
	next, stop := iter.Pull(rows)
	g := &group[R]{next: next, commID: commID}
	g.row, g.more = next()
	return g, stop
}

// of returns the rows of a call. Call it in the order of the truth.
func (g *group[R]) of(commID string) []R {
	var all []R
	for g.more && g.commID(&g.row) == commID {
		all = append(all, g.row)
		g.row, g.more = g.next()
	}
	return all
}

// fill writes calls until there are no more, or until it has written enough samples. It
// returns the number of samples.
func fill(ctx context.Context, w *load.Writer, truth *simulator.Truth, samples int64) (int64, error) {
	f := &filler{w: w, truth: truth, at: time.Unix(truth.At(), 0).UTC()}
	var stop [3]func()
	f.rooms, stop[0] = newGroup(truth.Rooms(), func(r *simulator.Room) string { return r.CommID })
	f.sessions, stop[1] = newGroup(truth.UserSessions(), func(r *simulator.UserSession) string { return r.CommID })
	f.events, stop[2] = newGroup(truth.UserEvents(), func(r *simulator.UserEvent) string { return r.CommID })
	for _, end := range stop {
		defer end()
	}
	var (
		x    = &call.Samples{} // the Writer's, once it is added
		last simulator.QualitySample
		done int64
		err  error
	)
	for r := range truth.QualitySamples() {
		if r.CommID != last.CommID && x.Rows() > 0 {
			if err = f.upTo(ctx, last.CommID, x); err != nil || done >= samples {
				return done, err
			}
			x = &call.Samples{}
		}
		if n := len(x.Series); n == 0 || r.Metric != last.Metric || r.PeerID != last.PeerID || r.UserID != last.UserID {
			x.Series = append(x.Series, call.Series{UserID: r.UserID, PeerID: r.PeerID, Metric: r.Metric})
		}
		x.Series[len(x.Series)-1].Rows++
		x.Time = append(x.Time, uint32(r.TS))
		x.Value = append(x.Value, r.Value)
		last = r
		done++
	}
	if err := f.upTo(ctx, last.CommID, x); err != nil {
		return done, err
	}
	return done, f.upTo(ctx, "", &call.Samples{})
}

// upTo writes the calls up to the named one, whose samples are in x. Without a name it
// writes all remaining calls.
func (f *filler) upTo(ctx context.Context, commID string, x *call.Samples) error {
	for f.rooms.more {
		room := f.rooms.row
		f.rooms.row, f.rooms.more = f.rooms.next()
		var own *call.Samples
		if room.CommID == commID {
			own = x
		}
		if err := f.write(ctx, &room, own); err != nil {
			return err
		}
		if own != nil {
			return nil
		}
	}
	return nil
}

// write writes one call.
func (f *filler) write(ctx context.Context, r *simulator.Room, x *call.Samples) error {
	unit := call.Unit{App: call.AppID(r.SdkAppID), Kind: call.UnitCall, Key: r.CommID}
	created := time.Unix(r.CreatedAt, 0).UTC()
	room := &call.Room{App: unit.App, CommID: r.CommID, RoomID: r.RoomID, CreatedAt: created, Finished: r.IsFinished, Creator: r.CreatorUserID}
	state := ledger.Provisional
	if r.IsFinished {
		room.DestroyedAt, state = time.Unix(r.DestroyedAt, 0).UTC(), ledger.Archived
	}
	stays := map[string][]call.Session{}
	sessions := f.sessionsOf(r.CommID)
	for _, s := range sessions {
		stays[s.UserID] = append(stays[s.UserID], s)
	}
	for _, part := range []struct {
		kind call.PartKind
		rows call.Rows
	}{
		{call.PartRoom, call.Rows{Room: room}},
		{call.PartUsers, call.Rows{Sessions: sessions}},
		{call.PartSeries, call.Rows{Samples: x}},
		{call.PartEvents, call.Rows{Events: f.eventsOf(r.CommID)}},
	} {
		part.rows.RoomID, part.rows.CreatedAt, part.rows.SessionsOf = r.RoomID, created, stays
		p := call.Part{
			Kind: part.kind, RoomID: r.RoomID, Settled: r.IsFinished, Asked: f.at, Deadline: f.at.Add(14 * 24 * time.Hour),
			Window: call.Window{Start: created, End: f.at}, Owned: []call.Owned{{To: call.Forever}},
		}
		if err := f.w.Add(ctx, unit, p, part.rows); err != nil {
			return err
		}
	}
	return f.w.End(ctx, ledger.Entry{Unit: unit, State: state, StartsAt: created, HeldUntil: room.DestroyedAt})
}

func (f *filler) sessionsOf(commID string) []call.Session {
	var all []call.Session
	for _, r := range f.sessions.of(commID) {
		s := call.Session{UserID: r.UserID, RoomID: r.RoomID, JoinedAt: time.Unix(r.JoinedAt, 0).UTC(), Finished: r.IsFinished, DeviceType: r.DeviceType, SDKVersion: r.SdkVersion, ClientIP: r.ClientIP}
		if r.LeftAt != 0 {
			s.LeftAt = time.Unix(r.LeftAt, 0).UTC()
		}
		all = append(all, s)
	}
	return all
}

func (f *filler) eventsOf(commID string) []call.Event {
	var all []call.Event
	for _, r := range f.events.of(commID) {
		all = append(all, call.Event{
			UserID: r.UserID, RoomID: r.RoomID, PeerID: r.PeerID, EventID: uint32(r.EventID), Time: time.UnixMilli(r.TS).UTC(),
			StreamType: uint8(r.StreamType), ParamOne: r.ParamOne, ParamTwo: r.ParamTwo,
		})
	}
	return all
}

// fillRest writes the units that are not calls: hours of unusual events and the daily
// scale.
func fillRest(ctx context.Context, w *load.Writer, truth *simulator.Truth) error {
	hours := map[call.Unit][]call.UnusualEvent{}
	for r := range truth.UnusualEvents() {
		at := time.Unix(r.TS, 0).UTC()
		u := call.Unit{App: call.AppID(r.SdkAppID), Kind: call.UnitUnusual, Key: at.Truncate(time.Hour).Format(time.RFC3339)}
		hours[u] = append(hours[u], call.UnusualEvent{
			RoomID: r.RoomID, UserID: r.UserID, ExperienceID: uint32(r.ExperienceID), Time: at,
			AbnormalEventID: uint32(r.AbnormalEventID), PeerID: r.PeerID,
		})
	}
	for u, events := range hours {
		if err := putUnit(ctx, w, u, call.PartUnusual, call.Rows{Unusual: events}); err != nil {
			return err
		}
	}
	for r := range truth.DailyScale() {
		start := time.Unix(r.DayStart, 0).UTC()
		u := call.Unit{App: call.AppID(r.SdkAppID), Kind: call.UnitScale, Key: start.Format(time.RFC3339)}
		day := &call.DailyScale{Start: start, UserNumber: uint64(r.UserNumber), UserCount: uint64(r.UserCount), RoomNumber: uint64(r.RoomNumbers)}
		if err := putUnit(ctx, w, u, call.PartScale, call.Rows{Day: day}); err != nil {
			return err
		}
	}
	return fillStatistics(ctx, w, truth)
}

// fillStatistics writes the units of the vendor's statistics.
func fillStatistics(ctx context.Context, w *load.Writer, truth *simulator.Truth) error {
	units := map[call.Unit][]call.Statistic{}
	add := func(app uint32, kind call.UnitKind, key string, x call.Statistic) {
		u := call.Unit{App: call.AppID(app), Kind: kind, Key: key}
		units[u] = append(units[u], x)
	}
	for _, r := range truth.UsageDays() {
		x := call.Statistic{TimeKey: r.TimeKey, Name: r.UsageKey, Value: r.Value}
		if r.StartsAt != 0 {
			x.At = time.Unix(r.StartsAt, 0).UTC()
		}
		add(r.SdkAppID, call.UnitUsage, r.Product+" "+r.Day, x)
	}
	for _, r := range truth.UsageRooms() {
		add(r.SdkAppID, call.UnitRoomUsage, "rooms "+r.Day, call.Statistic{RoomID: r.RoomID, Line: uint32(r.Line), Name: r.UsageKey, Value: r.Value, Text: r.Text})
	}
	for _, r := range truth.MarketHours() {
		hour := time.Unix(r.TS, 0).UTC()
		add(r.SdkAppID, call.UnitMarket, r.Statement+" "+call.Day(hour), call.Statistic{At: hour, Name: r.Metric, Value: r.Value})
	}
	for u, rows := range units {
		if err := putUnit(ctx, w, u, call.PartStatistics, call.Rows{Statistics: rows}); err != nil {
			return err
		}
	}
	return nil
}

// putUnit writes a unit of one part.
func putUnit(ctx context.Context, w *load.Writer, u call.Unit, kind call.PartKind, r call.Rows) error {
	at, _, ok := call.SpanOf(u)
	if !u.Kind.IsStatistics() {
		var err error
		at, err = time.Parse(time.RFC3339, u.Key)
		ok = err == nil
	}
	if !ok {
		return fmt.Errorf("unit %s %s has no time", u.Kind, u.Key)
	}
	p := call.Part{Kind: kind, Settled: true, Asked: at, Deadline: at, Window: call.Window{Start: at, End: at}, Owned: []call.Owned{{To: call.Forever}}}
	if err := w.Add(ctx, u, p, r); err != nil {
		return err
	}
	return w.End(ctx, ledger.Entry{Unit: u, State: ledger.Archived, StartsAt: at})
}

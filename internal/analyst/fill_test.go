package analyst

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load"
)

// filler writes a simulated account's truth through a load.Writer: what an
// archive pass would leave behind, without the vendor's quota in between. Every
// call is one unit of four parts; those of running calls are open.
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

// of are the rows of a call, which must be asked for in the order of the truth.
func (g *group[R]) of(commID string) []R {
	var all []R
	for g.more && g.commID(&g.row) == commID {
		all = append(all, g.row)
		g.row, g.more = g.next()
	}
	return all
}

// fill writes calls until there are no more or as many samples as wanted, and
// returns how many there were.
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
		x    call.Samples
		last simulator.QualitySample
		done int64
		err  error
	)
	for r := range truth.QualitySamples() {
		if r.CommID != last.CommID && x.Rows() > 0 {
			if err = f.upTo(ctx, last.CommID, &x); err != nil || done >= samples {
				return done, err
			}
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
	if err := f.upTo(ctx, last.CommID, &x); err != nil {
		return done, err
	}
	return done, f.upTo(ctx, "", &x)
}

// upTo writes the calls up to the one named, whose samples x are; without a
// name all that are left.
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
			x.Reset()
			return nil
		}
	}
	return nil
}

// write is one call.
func (f *filler) write(ctx context.Context, r *simulator.Room, x *call.Samples) error {
	unit := call.Unit{App: call.AppID(r.SdkAppID), Kind: call.UnitCall, Key: r.CommID}
	created := time.Unix(r.CreatedAt, 0).UTC()
	room := &call.Room{App: unit.App, CommID: r.CommID, RoomID: r.RoomID, CreatedAt: created, Finished: r.IsFinished, Creator: r.CreatorUserID}
	state := call.Provisional
	if r.IsFinished {
		room.DestroyedAt, state = time.Unix(r.DestroyedAt, 0).UTC(), call.Archived
	}
	for kind, rows := range map[call.PartKind]call.Rows{
		call.PartRoom:   {Room: room},
		call.PartUsers:  {Sessions: f.sessionsOf(r.CommID)},
		call.PartSeries: {Samples: x},
		call.PartEvents: {Events: f.eventsOf(r.CommID)},
	} {
		rows.RoomID = r.RoomID
		p := call.Part{
			Kind: kind, RoomID: r.RoomID, Settled: r.IsFinished, Asked: f.at, Deadline: f.at.Add(14 * 24 * time.Hour),
			Window: call.Window{Start: created, End: f.at}, Owned: []call.Owned{{To: call.Forever}},
		}
		if err := f.w.Add(ctx, unit, p, rows); err != nil {
			return err
		}
	}
	return f.w.End(ctx, call.Entry{Unit: unit, State: state, StartsAt: created, HeldUntil: room.DestroyedAt})
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

var _ = testing.Verbose

package ask

import (
	"context"
	"errors"
	"time"

	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// Prober asks single, harmless questions to find out what an account may do.
type Prober struct {
	Vendor Vendor
	Limits *quota.Limits
	App    call.AppID
	Now    func() time.Time
}

// ActionProbe is what the vendor says to an action.
type ActionProbe struct {
	Relation string // what the action is for
	Action   string
	Region   string // that serves it, where not the account's
	Err      error  // nil: the account has it
}

// probeAttempts outlast a passing fault and no more.
var probeAttempts = Attempts{Faults: 3, Quota: 5, Least: 500 * time.Millisecond, Most: 2 * time.Second}

// Actions asks each action of a dialect once, about the last hour.
func (p *Prober) Actions(ctx context.Context, d trtc.Dialect) []ActionProbe {
	a := NewAsker(p.Vendor, d, p.Limits, probeAttempts)
	now := p.Now().UTC().Truncate(time.Second)
	w := call.Window{Start: now.Add(-time.Hour), End: now}
	room, err := p.anyRoom(ctx, a, w)
	probes := []ActionProbe{{Relation: "rooms", Action: d.RoomList, Err: err}}
	for _, q := range []struct {
		relation string
		request  trtc.Request
	}{
		{"user_sessions", d.UserList(p.App, room.CommID, w, nil, 0, trtc.MaxPageSize)},
		{"quality_samples", d.SeriesOf(p.App, room.CommID, w, nil, 0)},
		{"user_events", d.EventsOf(p.App, room.CommID, room.RoomID, "nobody", w)},
		{"unusual_events", d.UnusualEvents(p.App, w, "")},
		{"daily_scale", d.DailyScale(p.App, call.Window{Start: now.Add(-3 * 24 * time.Hour), End: now})},
	} {
		probe := ActionProbe{Relation: q.relation, Action: q.request.Action}
		answer, err := a.Ask(ctx, q.request, 100, vendorErrorIn)
		discard(&answer, err)
		if !refusesOnlyThis(err) {
			probe.Err = err
		}
		probe.Region = a.region(probe.Action)
		probes = append(probes, probe)
	}
	return probes
}

// refusesOnlyThis reports whether the vendor knows the action and finds fault with what was
// asked of it, such as a call that does not exist.
func refusesOnlyThis(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.Permanent && e.Code != trtc.CodeHTTP
}

// anyRoom returns some call of the window, or one that does not exist.
func (p *Prober) anyRoom(ctx context.Context, a *Asker, w call.Window) (call.Room, error) {
	rooms, err := a.anyRooms(ctx, p.App, w)
	return append(rooms, call.Room{CommID: "0_0_0", RoomID: "0"})[0], err
}

// anyRooms asks for a page of a room list, of which no response is kept.
func (a *Asker) anyRooms(ctx context.Context, app call.AppID, w call.Window) (rooms []call.Room, err error) {
	answer, err := a.Ask(ctx, a.dialect.Rooms(app, w, "", 0, trtc.MaxPageSize), 100, func(body []byte) (err error) {
		var d transform.Decoder
		rooms, _, err = d.Rooms(body, app, nil)
		return err
	})
	discard(&answer, err)
	return rooms, err
}

// vendorErrorIn finds the vendor's error in a body and reads nothing else.
func vendorErrorIn(body []byte) error {
	var d transform.Decoder
	_, _, err := d.Users(body, nil)
	if _, ok := errors.AsType[*transform.VendorError](err); ok {
		return err
	}
	return nil
}

// WidestMargin is the most that is left unasked at the retention's edge.
const WidestMargin = 10 * time.Minute

// retentions are how long the vendor's plans keep data.
var retentions = []time.Duration{14 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour}

// Retention finds out how far back the account's plan goes: the longest of the
// vendor's that it answers about; 0 if it answers about none.
func (p *Prober) Retention(ctx context.Context, d trtc.Dialect) (time.Duration, error) {
	a := NewAsker(p.Vendor, d, p.Limits, probeAttempts)
	for _, r := range retentions {
		kept, err := a.keeps(ctx, p.App, p.Now(), r)
		if err != nil || kept {
			return r, err
		}
	}
	return 0, nil
}

// keeps asks whether the vendor still has what is nearly as old as r.
func (a *Asker) keeps(ctx context.Context, app call.AppID, now time.Time, r time.Duration) (bool, error) {
	start := now.UTC().Truncate(time.Second).Add(WidestMargin - r)
	_, err := a.anyRooms(ctx, app, call.Window{Start: start, End: start.Add(time.Minute)})
	if Expired(err) {
		return false, nil
	}
	return err == nil, err
}

// Fit returns how far back the vendor keeps data of an application: r, or less if the
// account's plan has less. It is r where that cannot be known.
func (a *Asker) Fit(ctx context.Context, app call.AppID, now time.Time, r time.Duration) (time.Duration, error) {
	kept, err := a.keeps(ctx, app, now, r)
	if kept || err != nil && !Fatal(err) {
		return r, nil // what is wrong will be told where it is asked for
	}
	if err != nil {
		return r, err
	}
	for _, shorter := range retentions {
		if shorter >= r {
			continue
		}
		if kept, err := a.keeps(ctx, app, now, shorter); err == nil && kept {
			return shorter, nil
		}
	}
	return r, nil
}

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

// ActionProbe is the vendor's answer to an action.
type ActionProbe struct {
	Relation string // the relation that needs the action
	Action   string
	Region   string // the region that serves it, if it is not the account's
	Err      error  // nil: the account has it
}

// probeAttempts outlast a passing fault.
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

// refusesOnlyThis reports whether the vendor knows the action and refuses only this
// question, for example about a call that does not exist.
func refusesOnlyThis(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.Permanent && e.Code != trtc.CodeHTTP
}

// anyRoom returns a call of the window, or one that does not exist.
func (p *Prober) anyRoom(ctx context.Context, a *Asker, w call.Window) (call.Room, error) {
	rooms, err := a.anyRooms(ctx, p.App, w)
	return append(rooms, call.Room{CommID: "0_0_0", RoomID: "0"})[0], err
}

// anyRooms asks for a page of a room list. The response is not kept.
func (a *Asker) anyRooms(ctx context.Context, app call.AppID, w call.Window) (rooms []call.Room, err error) {
	answer, err := a.Ask(ctx, a.dialect.Rooms(app, w, "", 0, trtc.MaxPageSize), 100, func(body []byte) (err error) {
		var d transform.Decoder
		rooms, _, err = d.Rooms(body, app, nil)
		return err
	})
	discard(&answer, err)
	return rooms, err
}

// vendorErrorIn returns the vendor's error in a body. It reads nothing else.
func vendorErrorIn(body []byte) error {
	var d transform.Decoder
	_, _, err := d.Users(body, nil)
	if _, ok := errors.AsType[*transform.VendorError](err); ok {
		return err
	}
	return nil
}

// WidestMargin is the largest time at the retention's edge that is not asked for.
const WidestMargin = 10 * time.Minute

// retentions are how long the vendor's plans keep data.
var retentions = []time.Duration{14 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour}

// Retention finds out how far back the account's plan goes: the longest of the vendor's
// retentions that it answers about, or 0 if it answers about none.
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

// keeps reports whether the vendor still has data that is nearly as old as r.
func (a *Asker) keeps(ctx context.Context, app call.AppID, now time.Time, r time.Duration) (bool, error) {
	start := now.UTC().Truncate(time.Second).Add(WidestMargin - r)
	_, err := a.anyRooms(ctx, app, call.Window{Start: start, End: start.Add(time.Minute)})
	if Expired(err) {
		return false, nil
	}
	return err == nil, err
}

// Fit returns how far back the vendor keeps data of an application: r, or less if the
// account's plan has less. If that cannot be found out, it returns r.
func (a *Asker) Fit(ctx context.Context, app call.AppID, now time.Time, r time.Duration) (time.Duration, error) {
	kept, err := a.keeps(ctx, app, now, r)
	if kept || err != nil && !Fatal(err) {
		return r, nil // later questions will report what is wrong
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

// Package replay makes units again from the responses that they were made from, without
// asking the vendor.
package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// Source is what a Replayer reads.
type Source interface {
	// VisibleParts returns the visible parts of a unit, in the order they were added.
	VisibleParts(ctx context.Context, u call.Unit) ([]call.Part, error)
	// Bodies returns those of the responses with these ids that are kept.
	Bodies(ctx context.Context, ids []uint64) (map[uint64][]byte, error)
}

// Target is where a Replayer writes: see extract.Archive.
type Target interface {
	Add(ctx context.Context, u call.Unit, p call.Part, r call.Rows) error
	End(ctx context.Context, e ledger.Entry) error
	Abandon(u call.Unit)
	Resume(ctx context.Context, u call.Unit) (call.Known, error)
	OpenParts(ctx context.Context, u call.Unit) ([]call.Part, error)
	OpenRows(ctx context.Context, u call.Unit, kind call.PartKind, owned []call.Owned) (call.Rows, error)
}

// Replayer makes units again. It is safe for concurrent use.
type Replayer struct {
	From   Source
	To     Target
	Settle time.Duration // how long after a moment the vendor's data about it may have changed
	pages  roomPages
}

// ErrNotKept is returned if a response of a unit is not kept. The unit stays as it is.
var ErrNotKept = errors.New("the responses it was made from are not kept")

// ErrErased is returned for a unit of which some response went when somebody was erased. The
// unit stays as it is.
var ErrErased = fmt.Errorf("%w: some named somebody who was erased", ErrNotKept)

// Done is the result for a unit.
type Done struct {
	Samples int
	Mended  int // parts that were missing and are whole now
	Lacks   int // parts that are still missing
}

// Unit makes a unit again and replaces what was there. Its entry in the ledger loses the
// parts that can now be read.
func (r *Replayer) Unit(ctx context.Context, e ledger.Entry) (Done, error) {
	parts, err := r.From.VisibleParts(ctx, e.Unit)
	if err != nil {
		return Done{}, err
	}
	if len(parts) == 0 {
		return Done{}, ErrNotKept
	}
	u := unit{Replayer: r, entry: e}
	if err = u.decode(ctx, parts); err == nil {
		err = u.add(ctx)
	}
	gone := errors.Is(err, ErrErased)
	if errors.Is(err, ErrNotKept) && slices.ContainsFunc(parts, func(p call.Part) bool { return p.Reason != "" }) {
		u = unit{Replayer: r, entry: e}
		err = u.mend(ctx)
	}
	if gone && errors.Is(err, ErrNotKept) {
		err = ErrErased
	}
	if err != nil {
		r.To.Abandon(e.Unit)
		return Done{}, err
	}
	return u.done, r.To.End(ctx, u.entry)
}

// unit is a unit that is being made again.
type unit struct {
	*Replayer
	entry   ledger.Entry
	parts   []call.Part
	rows    []call.Rows
	reasons []string // reasons of the parts before
	room    *call.Room
	all     decide.SessionSet
	done    Done

	mending bool // only missing parts are made again
	over    bool // the room is settled: the call had ended
}

// read reads the rows of a part: rowsOf or its replacement.
func (u *unit) read(ctx context.Context, p *call.Part, known *decide.SessionSet) (call.Rows, error) {
	if u.mending {
		return u.mendedRows(ctx, p, known)
	}
	return u.rowsOf(ctx, u.entry, p, known)
}

// decode decodes the responses of all parts except series, which may be large, and decides
// the new state of the unit.
func (u *unit) decode(ctx context.Context, parts []call.Part) error {
	var known decide.SessionSet
	known.Add(u.all.List())
	usersFirst(parts)
	for _, p := range parts {
		var rows call.Rows
		var err error
		before := p.Reason
		if p.Kind != call.PartSeries {
			rows, err = u.read(ctx, &p, &known)
		} else if p.Reason != "" {
			_, err = u.read(ctx, &p, &known)
		}
		if err != nil {
			return err
		}
		u.all.Add(rows.Sessions)
		if rows.Room != nil {
			u.room = rows.Room
		}
		u.parts, u.rows, u.reasons = append(u.parts, p), append(u.rows, rows), append(u.reasons, before)
	}
	u.judge(parts)
	return nil
}

// judge removes the parts that can now be read from the entry. A unit that lacks nothing
// becomes archived if its answers were final when they came, or if it was lost because of
// what it lacked.
func (u *unit) judge(before []call.Part) {
	e := &u.entry
	still := func(f ledger.FailedPart) bool {
		return !f.Kept || slices.ContainsFunc(u.parts, func(p call.Part) bool { return p.Kind == f.Kind && p.Reason != "" })
	}
	for i, p := range u.parts {
		if p.Reason == "" && before[i].Reason != "" {
			u.done.Mended++
		}
	}
	e.Failed = slices.DeleteFunc(slices.Clone(e.Failed), func(f ledger.FailedPart) bool { return !still(f) })
	open := slices.DeleteFunc(slices.Clone(e.Failed), ledger.FailedPart.Gone)
	for _, f := range open {
		if !f.Null() { // only the vendor can complete a part that waits
			u.done.Lacks++
		}
	}
	if u.done.Mended == 0 || len(open) > 0 {
		return
	}
	if end, ended := u.ended(); e.State == ledger.Lost || ended {
		e.State, e.Reason, e.HeldUntil = ledger.Archived, "", decide.Later(e.HeldUntil, end)
		for i := range u.parts {
			u.parts[i].Settled = true
		}
	}
}

// ended reports whether the unit's time had ended, and settled, when the oldest of its
// parts was asked for. end is the end of that time.
func (u *unit) ended() (end time.Time, ok bool) {
	switch u.entry.Unit.Kind {
	case call.UnitUnusual:
		end = u.entry.StartsAt.Add(time.Hour)
	case call.UnitScale:
		end = u.entry.StartsAt.Add(24*time.Hour + decide.ScaleSettles)
	case call.UnitUsage, call.UnitRoomUsage, call.UnitMarket, call.UnitRealtime:
		end = decide.StatisticsSettled(u.entry.Unit).Add(-u.Settle)
	default:
		sessions := u.all.List()
		for _, s := range sessions {
			end = decide.Later(end, s.LeftAt)
		}
		if u.over {
			return decide.Later(end, u.entry.StartsAt), true
		}
		if u.room == nil || !u.room.Finished || u.room.DestroyedAt.IsZero() || !decide.AllLeft(sessions) {
			return end, false
		}
		end = decide.Later(end, u.room.DestroyedAt)
	}
	for _, p := range u.parts {
		if !end.Before(p.Asked.Add(-u.Settle)) {
			return end, false
		}
	}
	return end, true
}

// add adds the parts with their rows.
func (u *unit) add(ctx context.Context) error {
	sessions := decide.PresenceOf(u.all.List())
	for i, p := range u.parts {
		rows := u.rows[i]
		if p.Kind == call.PartSeries {
			var err error
			again := p
			again.Reason = u.reasons[i]
			if rows, err = u.read(ctx, &again, nil); err != nil {
				return err
			}
			u.done.Samples += rows.Samples.Rows()
		}
		if rows.SessionsOf = sessions; p.RoomID == "" && u.room != nil { // it was unknown
			p.RoomID, rows.RoomID = u.room.RoomID, u.room.RoomID
		}
		if err := u.To.Add(ctx, u.entry.Unit, p, rows); err != nil {
			return err
		}
	}
	return nil
}

// usersFirst moves the parts with sessions before those whose sums need the sessions'
// devices. It preserves the order within both groups.
func usersFirst(parts []call.Part) {
	slices.SortStableFunc(parts, func(x, y call.Part) int {
		first := func(p call.Part) int {
			if p.Kind == call.PartUsers {
				return 0
			}
			return 1
		}
		return first(x) - first(y)
	})
}

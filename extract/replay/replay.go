// Package replay makes units anew from the responses that they were made from, and asks the
// vendor nothing.
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
	// VisibleParts are the visible parts of a unit, in the order they were added.
	VisibleParts(ctx context.Context, u call.Unit) ([]call.Part, error)
	// Bodies are the responses with these ids, as far as they are kept.
	Bodies(ctx context.Context, ids []uint64) (map[uint64][]byte, error)
}

// Target is what a Replayer writes to: see extract.Archive.
type Target interface {
	Add(ctx context.Context, u call.Unit, p call.Part, r call.Rows) error
	End(ctx context.Context, e ledger.Entry) error
	Abandon(u call.Unit)
	Resume(ctx context.Context, u call.Unit) (call.Known, error)
	OpenParts(ctx context.Context, u call.Unit) ([]call.Part, error)
	OpenRows(ctx context.Context, u call.Unit, kind call.PartKind, owned []call.Owned) (call.Rows, error)
}

// Replayer makes units anew. It is safe for concurrent use.
type Replayer struct {
	From   Source
	To     Target
	Settle time.Duration // how long after a moment the vendor's data about it may have changed
	pages  roomPages
}

// ErrNotKept is returned for a unit of which some response is not kept. The unit stays as
// it is.
var ErrNotKept = errors.New("the responses it was made from are not kept")

// ErrErased is returned for a unit of which some response went when somebody was erased. The
// unit stays as it is.
var ErrErased = fmt.Errorf("%w: some named somebody who was erased", ErrNotKept)

// Done is what came of a unit.
type Done struct {
	Samples int
	Mended  int // parts that were missing and are whole now
	Lacks   int // parts that are still missing
}

// Unit makes a unit anew; it takes the place of what was there. Its entry in the
// ledger loses the parts that can be read now.
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

// unit is a unit being made anew.
type unit struct {
	*Replayer
	entry   ledger.Entry
	parts   []call.Part
	rows    []call.Rows
	reasons []string // of the parts before
	room    *call.Room
	all     decide.SessionSet
	done    Done

	mending bool // only what is missing is made anew
	over    bool // the archive holds the room for good: the call had ended
}

// read is rowsOf, or what is to take its place.
func (u *unit) read(ctx context.Context, p *call.Part, known *decide.SessionSet) (call.Rows, error) {
	if u.mending {
		return u.mendedRows(ctx, p, known)
	}
	return u.rowsOf(ctx, u.entry, p, known)
}

// decode decodes the responses of all parts but those of series, which may be
// large, and decides what the unit is then.
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

// judge takes the parts that can be read now out of the entry. A unit that lacks
// nothing any more is archived if the vendor's answers could not change when they
// came, or if it was lost for what it lacked.
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
		if !f.Null() { // what waits is the vendor's to tell
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

// ended says whether what the unit is about had ended, and settled, when the
// oldest of its parts was asked for; end is when.
func (u *unit) ended() (end time.Time, ok bool) {
	switch u.entry.Unit.Kind {
	case call.UnitUnusual:
		end = u.entry.StartsAt.Add(time.Hour)
	case call.UnitScale:
		end = u.entry.StartsAt.Add(24*time.Hour + decide.ScaleSettles)
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
		if rows.SessionsOf = sessions; p.RoomID == "" && u.room != nil { // it was not known
			p.RoomID, rows.RoomID = u.room.RoomID, u.room.RoomID
		}
		if err := u.To.Add(ctx, u.entry.Unit, p, rows); err != nil {
			return err
		}
	}
	return nil
}

// usersFirst puts the parts that bring the sessions before those whose sums name
// the devices of these, and keeps the order within both.
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

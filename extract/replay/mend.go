package replay

import (
	"context"
	"slices"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// mend makes only the missing parts of a unit again. The responses of its other parts are
// no longer kept, so their visible rows stay.
func (u *unit) mend(ctx context.Context) error {
	known, err := u.To.Resume(ctx, u.entry.Unit)
	if err != nil {
		return err
	}
	open, err := u.To.OpenParts(ctx, u.entry.Unit)
	if err != nil {
		return err
	}
	u.mending = true
	u.over = slices.ContainsFunc(known.Parts, func(p call.Part) bool { return p.Kind == call.PartRoom })
	u.all.Add(known.Sessions)
	if err := u.decode(ctx, open); err != nil {
		return err
	}
	if u.done.Mended == 0 {
		return ErrNotKept
	}
	return u.add(ctx)
}

// mendedRows returns the visible rows of a part, together with those that can now be read
// from its responses.
func (u *unit) mendedRows(ctx context.Context, p *call.Part, known *decide.SessionSet) (call.Rows, error) {
	visible, err := u.To.OpenRows(ctx, u.entry.Unit, p.Kind, p.Owned)
	if visible.RoomID = p.RoomID; u.entry.Unit.Kind == call.UnitCall {
		visible.CreatedAt = u.entry.StartsAt
	}
	if visible.Samples == nil && p.Kind == call.PartSeries {
		visible.Samples = &call.Samples{}
	}
	if err != nil || p.Reason == "" {
		return visible, err
	}
	reason := p.Reason
	read, err := u.rowsOf(ctx, u.entry, p, known)
	if err != nil { // the part stays as it is
		p.Reason = reason
		return visible, nil
	}
	return bothRows(visible, read), nil
}

// bothRows returns the rows of two readings of a part. Where they contradict each other,
// the second counts.
func bothRows(a, b call.Rows) call.Rows {
	if b.Room == nil {
		b.Room = a.Room
	}
	if b.Samples != nil && a.Samples != nil && a.Samples.Rows() > 0 {
		b.Samples.Series = slices.Concat(a.Samples.Series, b.Samples.Series)
		b.Samples.Time, b.Samples.Value = slices.Concat(a.Samples.Time, b.Samples.Time), slices.Concat(a.Samples.Value, b.Samples.Value)
		var norm transform.Normaliser
		norm.Normalise(b.Samples)
	}
	b.Sessions = decide.WithOthers(b.Sessions, a.Sessions)
	b.Events = decide.Distinct(append(b.Events, a.Events...))
	b.Unusual = decide.Distinct(append(b.Unusual, a.Unusual...))
	if len(b.Statistics) == 0 {
		b.Statistics = a.Statistics
	}
	return b
}

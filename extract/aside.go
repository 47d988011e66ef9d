package extract

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// partial says that something of the call could not be had.
func (c *callPass) partial() bool { return len(c.failed)+len(c.wanting) > 0 }

// showing is what the archive shows of seconds of a kind of part and does not hold
// for good, and the responses it is of: it must not give way to an answer that has
// less.
func (c *callPass) showing(ctx context.Context, kind call.PartKind, owned []call.Owned) (rows call.Rows, responses []uint64, err error) {
	open, err := c.openParts(ctx)
	if err != nil {
		return rows, nil, err
	}
	found := false
	for _, p := range open {
		if p.Kind == kind && slices.ContainsFunc(p.Owned, func(o call.Owned) bool { return touches(o, owned) }) {
			found, responses = true, append(responses, p.Responses...)
		}
	}
	if found {
		rows, err = c.Archive.OpenRows(ctx, c.unit, kind, owned)
	}
	return rows, responses, archived(err)
}

// touches says whether some second of o is among others.
func touches(o call.Owned, others []call.Owned) bool {
	return slices.ContainsFunc(others, func(x call.Owned) bool { return x.User == o.User && o.From <= x.To && x.From <= o.To })
}

// openParts are read once, when something is lacking.
func (c *callPass) openParts(ctx context.Context) ([]call.Part, error) {
	if !c.visible {
		return nil, nil
	}
	c.openOnce.Do(func() { c.openOf, c.openErr = c.Archive.OpenParts(ctx, c.unit) })
	return c.openOf, archived(c.openErr)
}

// setAside notes a part that could not be had, or not whole, and from when on it is
// wanting. The other parts go on.
func (c *callPass) setAside(kind call.PartKind, key string, from time.Time, err error) {
	c.holdBack(from)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.failed) == 0 {
		c.cause = string(kind) + ": " + causeOf(err)
	}
	c.failed = withPart(c.failed, kind, key, err)
}

// holdBack notes from when on something is to be asked for again: it was null, or
// was set aside.
func (c *callPass) holdBack(from time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.back.IsZero() || from.Before(c.back) {
		c.back = from
	}
}

// want notes a part that was null where data is due for certain, from a second on.
func (c *callPass) want(kind call.PartKind, key string, from time.Time) {
	c.holdBack(from)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanting = withPart(c.wanting, kind, key, errWanting)
}

// withPart adds a part to those that are named, each once, no more than a ledger's
// row is to hold.
func withPart(parts []call.FailedPart, kind call.PartKind, key string, err error) []call.FailedPart {
	const most = 50
	same := func(f call.FailedPart) bool { return f.Kind == kind && f.Key == key }
	if len(parts) < most && !slices.ContainsFunc(parts, same) {
		parts = append(parts, call.FailedPart{Kind: kind, Key: key, Reason: err.Error(), Attempts: 1, Kept: answered(err)})
	}
	return parts
}

// answered says that something is set aside because of what the vendor answered,
// which is kept.
func answered(err error) bool {
	_, unreadable := errors.AsType[*UnreadableError](err)
	return unreadable || isOdd(err)
}

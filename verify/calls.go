package verify

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/visible"
)

// verdict is what to do with a call, decided from its entry in the ledger.
type verdict int

const (
	comparable verdict = iota
	missing            // the archive should have it
	waiting            // the next pass archives it
	expired            // the archive has deleted it because of its age
	lacking            // the archive has no settled data of it
	unlike             // its rows name persons otherwise than passes do now
)

func (c *Check) verdict(r call.Room) verdict {
	h, known := c.held[r.CommID]
	switch {
	case known && h.State == ledger.Expired:
		return expired
	case known && h.State != ledger.Pending && h.State != ledger.Failed && h.Privacy != c.privacy:
		return unlike
	case !known && !c.listedTo.IsZero() && !r.CreatedAt.Before(c.listedTo.Add(-c.Settle)),
		!known && c.Running && c.listedTo.IsZero(),
		known && h.State == ledger.Pending && c.Running:
		return waiting
	case known && h.Lacks() && h.HeldUntil.IsZero():
		return lacking
	case known && h.State == ledger.Failed:
		return missing
	case !known, h.State == ledger.Pending:
		if !r.Finished || !r.DestroyedAt.Before(c.until.Add(-c.Settle)) {
			return waiting
		}
		return missing
	case h.State == ledger.Lost && h.HeldUntil.IsZero():
		return missing
	case !r.Finished && heldUntil(h) == call.Forever:
		return waiting // it has ended since it was listed
	}
	return comparable
}

// callsToCompare has the spans of the calls to compare with the room list, and of those
// to compare in all relations.
type callsToCompare struct {
	listed, asked []visible.Span
	rooms         map[string]call.Room
}

// compareCalls compares the room of each call, and all relations of the calls that were
// asked for.
func (c *Check) compareCalls(ctx context.Context, r *Result) error {
	bad := map[string]bool{}
	calls := c.sort(r, bad)
	r.Calls = len(calls.asked)
	for i, rel := range digest.Relations() {
		if !rel.ByCall() || i == digest.Events && c.noEvents {
			continue
		}
		spans := calls.asked
		if i == digest.Rooms {
			spans = calls.listed
		}
		have, err := visible.Digests(ctx, c.Store, c.App, rel, spans)
		if err != nil {
			return err
		}
		for _, span := range spans {
			room := calls.rooms[span.Key]
			vendor, archive := c.vendor(room, i, span), have[span.Key]
			if setAside(c.held[span.Key].Entry, i) && (archive.Rows < vendor.Rows || archive.Rows == vendor.Rows && i == digest.Rooms) {
				r.Rows[rel.Name] += archive.Rows
				continue // that is known
			}
			if r.differ(c.difference(room, rel.Name), vendor, archive) {
				bad[span.Key] = true
			}
		}
	}
	for _, room := range c.rooms {
		if bad[room.CommID] && c.mendable(room.CreatedAt) {
			r.targets.Calls = append(r.targets.Calls, room)
		}
	}
	return nil
}

// partKinds maps the relations of calls to the kind of part that has their rows.
var partKinds = map[int]call.PartKind{digest.Rooms: call.PartRoom, digest.Sessions: call.PartUsers, digest.SampleRows: call.PartSeries, digest.Events: call.PartEvents}

// setAside reports whether the ledger names rows of a relation as missing from a call, for
// another reason than null: parts that are null are compared.
func setAside(e ledger.Entry, relation int) bool {
	return lacks(e, func(f ledger.FailedPart) bool { return f.Kind == partKinds[relation] && !f.Null() })
}

// lacks reports whether a pass must ask for some part again.
func lacks(e ledger.Entry, some func(ledger.FailedPart) bool) bool {
	return e.Lacks() && slices.ContainsFunc(e.Failed, func(f ledger.FailedPart) bool { return !f.Gone() && some(f) })
}

// sort returns the calls that can be compared, and leaves out the others. It reports
// missing ones as differences.
func (c *Check) sort(r *Result, bad map[string]bool) callsToCompare {
	calls := callsToCompare{rooms: map[string]call.Room{}}
	for _, room := range c.rooms {
		switch c.verdict(room) {
		case expired, lacking:
			continue
		case unlike:
			r.Unlike++
			continue
		case waiting:
			r.Waiting++
			continue
		case missing:
			r.missing(c.difference(room, ""), c.held[room.CommID])
			bad[room.CommID] = true
			continue
		}
		if c.col.partly(c.unit(call.UnitCall, room.CommID)) {
			continue // the report names it as not verified
		}
		span := visible.Span{Key: room.CommID, Since: uint32(c.since.Unix()), Until: heldUntil(c.held[room.CommID])}
		seen := c.col.seen(c.unit(call.UnitCall, room.CommID))
		if seen != nil && seen.gone {
			r.Expired++
			continue
		}
		if seen != nil && seen.span.Until <= span.Until { // otherwise it was replaced in the meantime
			span = seen.span
			calls.asked = append(calls.asked, span)
		}
		calls.rooms[room.CommID] = room
		calls.listed = append(calls.listed, span)
	}
	return calls
}

// vendor returns the vendor's side of a relation of a call.
func (c *Check) vendor(room call.Room, relation int, span visible.Span) digest.Digest {
	if relation != digest.Rooms {
		return c.col.seen(c.unit(call.UnitCall, room.CommID)).sums[relation]
	}
	var d digest.Digest
	d.Add(digest.Room(room, span.Until == call.Forever))
	return d
}

func (c *Check) difference(room call.Room, relation string) Difference {
	return Difference{Kind: call.UnitCall, Key: room.CommID, RoomID: room.RoomID, Relation: relation, Mendable: c.mendable(room.CreatedAt)}
}

// mendable reports whether a unit that began at t can be asked for again in full. A unit
// that began before the vendor's edge cannot: the answer would replace the beginning that
// the archive has kept.
func (c *Check) mendable(t time.Time) bool { return !t.Before(c.since) }

func (c *Check) unit(kind call.UnitKind, key string) call.Unit {
	return call.Unit{App: c.App, Kind: kind, Key: key}
}

// compareUnlisted names the calls of the archive that the vendor does not list. They remain
// in the archive: nothing is deleted on the vendor's word.
func (c *Check) compareUnlisted(ctx context.Context, r *Result) error {
	if !c.looked {
		return nil
	}
	p := c.Pass()
	start, end := c.since, c.until.Add(-c.Settle)
	if p.From.After(start) {
		start = p.From
	}
	if !p.To.IsZero() && p.To.Before(end) {
		end = p.To
	}
	have, err := visible.CallsAlive(ctx, c.Store, c.App, p.RoomID, start, end)
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, room := range c.rooms {
		listed[room.CommID] = true
	}
	for _, room := range have {
		if !listed[room.CommID] {
			d := c.difference(room, "rooms")
			d.App, d.Archive, d.What, d.Mendable = c.App, 1, "the vendor does not list it", false
			r.Differences = append(r.Differences, d)
		}
	}
	return nil
}

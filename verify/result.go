package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/ledger"
)

// Result is the result of a check of one application.
type Result struct {
	App         call.AppID        `json:"sdk_app_id"`
	Listed      int               `json:"calls_listed"`        // listed by the vendor, within reach
	Calls       int               `json:"calls_compared"`      // compared row by row; the others only with the room list
	Hours       int               `json:"hours_compared"`      // of unusual events
	Days        int               `json:"days_compared"`       // of the daily scale
	Statistics  int               `json:"statistics_compared"` // days of the vendor's statistics
	Waiting     int               `json:"waiting"`             // calls, hours and days that the next pass archives
	Expired     int               `json:"expired"`             // calls that the vendor began to drop during the check
	Unlike      int               `json:"named_otherwise"`     // calls whose rows name persons otherwise than passes do now
	Rows        map[string]uint64 `json:"rows_compared"`       // of the archive, by relation
	Differences []Difference      `json:"differences"`
	Unverified  []extract.Failure `json:"unverified"` // what the vendor could not be asked for

	targets Targets
}

// Difference is a relation of a unit that differs between vendor and archive.
type Difference struct {
	App      call.AppID    `json:"sdk_app_id"`
	Kind     call.UnitKind `json:"kind"` // call, unusual (an hour of it) or scale (a day)
	Key      string        `json:"key"`  // CommID, or start of the hour or day
	RoomID   string        `json:"room_id"`
	Relation string        `json:"relation"` // "": the unit is not in the archive at all
	Vendor   uint64        `json:"vendor_rows"`
	Archive  uint64        `json:"archive_rows"`
	What     string        `json:"what"`
	Mendable bool          `json:"mendable"` // whether asking for the unit again may repair it
}

// Targets returns the units to ask for again to repair the differences.
func (r *Result) Targets() Targets { return r.targets }

// Result compares what was asked for.
func (c *Check) Result(ctx context.Context) (*Result, error) {
	r := &Result{
		App: c.App, Listed: len(c.rooms), Rows: map[string]uint64{},
		Differences: []Difference{}, Unverified: append([]extract.Failure{}, c.failures...),
	}
	for _, compare := range []func(context.Context, *Result) error{c.compareCalls, c.compareUnlisted, c.compareHours, c.compareDays, c.compareStatistics} {
		if err := compare(ctx, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// missing notes a unit that the archive lacks.
func (r *Result) missing(d Difference, held ledger.Row) {
	d.App, d.Vendor, d.What = r.App, 1, "missing from the archive"
	switch held.State {
	case ledger.Failed, ledger.Lost, ledger.Pending:
		d.What = string(held.State)
		if held.Reason != "" {
			d.What += ": " + held.Reason
		}
	}
	r.Differences = append(r.Differences, d)
}

// differ compares one relation of a unit.
func (r *Result) differ(d Difference, vendor, archive digest.Digest) bool {
	r.Rows[d.Relation] += archive.Rows
	if vendor == archive {
		return false
	}
	d.App, d.Vendor, d.Archive, d.What = r.App, vendor.Rows, archive.Rows, whatDiffers(vendor, archive)
	r.Differences = append(r.Differences, d)
	return true
}

func whatDiffers(vendor, archive digest.Digest) string {
	switch {
	case vendor.Rows > archive.Rows:
		return fmt.Sprintf("%d of %d rows missing", vendor.Rows-archive.Rows, vendor.Rows)
	case vendor.Rows < archive.Rows && archive.Xor == vendor.Xor:
		return fmt.Sprintf("%d rows too many, in pairs", archive.Rows-vendor.Rows)
	case vendor.Rows < archive.Rows:
		return fmt.Sprintf("%d rows too many", archive.Rows-vendor.Rows)
	}
	return "values differ"
}

// ripe reports whether a pass should have archived a unit that ended at t: it had settled
// when the archive last listed calls, or no listing was ever completed.
func (c *Check) ripe(t time.Time) bool {
	if c.listedTo.IsZero() {
		return t.Before(c.until.Add(-c.Settle))
	}
	return t.Before(c.listedTo.Add(-c.Settle))
}

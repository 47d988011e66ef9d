// Package status reads only from the ledger what the archive has, what is at risk and what
// is lost, and where the bytes on disk are.
package status

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// Status sums up the ledger.
type Status struct {
	LastSuccess  *time.Time     `json:"last_success"`  // null: an application has never been listed in full
	LastArchived *time.Time     `json:"last_archived"` // null: nothing yet
	Apps         []App          `json:"apps"`
	Days         []Day          `json:"days"`
	AtRisk       Units          `json:"at_risk"`
	Waiting      Units          `json:"waiting"` // of those at risk: visible, and waiting because the vendor answers null
	Failed       Units          `json:"failed"`  // of those at risk: parts are set aside
	Lost         Units          `json:"lost"`
	Bytes        map[string]int `json:"bytes"` // on disk, by relation
	Runs         []Command      `json:"runs"`  // by command
	// Privacy counts calls by what their rows have of persons; "": all that the vendor
	// sends.
	Privacy map[string]uint64 `json:"privacy"`
	// EventsOf counts archived calls by whose events were asked for.
	EventsOf map[ledger.EventsOf]uint64 `json:"events_of"`

	Now time.Time `json:"-"` // of the reading, UTC
}

type App struct {
	App         call.AppID `json:"sdk_app_id"`
	WindowStart time.Time  `json:"window_start"` // the vendor has no older data
	LastListed  *time.Time `json:"last_listed"`
}

// Day is what the ledger holds of the calls that began on one UTC day.
type Day struct {
	App         call.AppID `json:"sdk_app_id"`
	Day         string     `json:"day"`
	Calls       uint64     `json:"calls"` // known
	Archived    uint64     `json:"archived"`
	Provisional uint64     `json:"provisional"`
	Incomplete  uint64     `json:"incomplete"` // provisional, with parts set aside
	Pending     uint64     `json:"pending"`
	Failed      uint64     `json:"failed"`
	Lost        uint64     `json:"lost"`
	Expired     uint64     `json:"expired"`      // archived, then deleted because of their age
	List        string     `json:"list"`         // final, partial, failed (a part could not be fetched), lost or none
	ListedUntil *time.Time `json:"listed_until"` // of a partial list
	Sessions    uint64     `json:"sessions"`
	Samples     uint64     `json:"samples"`
	Events      uint64     `json:"events"`
}

// Units counts units, and has the first of them.
type Units struct {
	Count        int        `json:"count"`
	NextDeadline *time.Time `json:"next_deadline,omitempty"`
	Units        []Unit     `json:"units"`
}

type Unit struct {
	App      call.AppID    `json:"sdk_app_id"`
	Kind     call.UnitKind `json:"kind"`
	Key      string        `json:"key"`
	State    ledger.State  `json:"state"`
	Reason   string        `json:"reason"`
	StartsAt time.Time     `json:"starts_at"`
	Deadline time.Time     `json:"deadline"`
	Attempts int           `json:"attempts"`
	Parts    []Part        `json:"parts,omitempty"` // that are set aside
}

// Part is a part that is set aside.
type Part struct {
	Kind     call.PartKind `json:"kind"`
	Key      string        `json:"key"`
	Reason   string        `json:"reason"`
	Attempts int           `json:"attempts"`
	Kept     bool          `json:"kept"` // whether raw_responses has the vendor's answer
}

// firstUnits is how many units a list names.
const firstUnits = 10

// New returns an empty status. now is in UTC.
func New(accounts []config.Account, now time.Time) *Status {
	empty := Units{Units: []Unit{}}
	st := &Status{Days: []Day{}, AtRisk: empty, Waiting: empty, Failed: empty, Lost: empty, Apps: []App{}, Bytes: map[string]int{}, Runs: []Command{}, Privacy: map[string]uint64{}, EventsOf: map[ledger.EventsOf]uint64{}, Now: now}
	for _, a := range accounts {
		for _, app := range a.Apps {
			st.Apps = append(st.Apps, App{App: call.AppID(app), WindowStart: now.Add(-time.Duration(a.Retention)).Truncate(time.Second)})
		}
	}
	return st
}

// app returns an application. An application that is in the ledger and not in the settings
// has a window that begins now.
func (st *Status) app(app call.AppID) *App {
	i := slices.IndexFunc(st.Apps, func(a App) bool { return a.App == app })
	if i < 0 {
		i = len(st.Apps)
		st.Apps = append(st.Apps, App{App: app, WindowStart: st.Now.Truncate(time.Second)})
	}
	return &st.Apps[i]
}

// readDays reads the coverage, and adds the days of the window that the ledger does not
// have.
func (st *Status) readDays(ctx context.Context, l ledger.Ledger) error {
	all, err := l.Coverage(ctx)
	if err != nil {
		return err
	}
	known := map[call.AppID]map[string]bool{}
	for _, c := range all {
		st.app(c.App)
		if known[c.App] == nil {
			known[c.App] = map[string]bool{}
		}
		d := dayOf(c)
		known[c.App][d.Day] = true
		st.Days = append(st.Days, d)
	}
	for _, a := range st.Apps {
		for t := a.WindowStart.Truncate(24 * time.Hour); t.Before(st.Now); t = t.Add(24 * time.Hour) {
			if day := t.Format(time.DateOnly); known[a.App] != nil && !known[a.App][day] {
				st.Days = append(st.Days, Day{App: a.App, Day: day, List: "none"})
			}
		}
	}
	slices.SortFunc(st.Days, func(a, b Day) int { return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Day, b.Day)) })
	return nil
}

func dayOf(c ledger.Coverage) Day {
	d := Day{
		App: c.App, Day: c.Day.UTC().Format(time.DateOnly), List: "none",
		Archived: c.Calls[ledger.Archived] + c.Calls[ledger.Empty], Provisional: c.Calls[ledger.Provisional],
		Incomplete: c.Calls[ledger.Incomplete], Pending: c.Calls[ledger.Pending], Failed: c.Calls[ledger.Failed], Lost: c.Calls[ledger.Lost], Expired: c.Calls[ledger.Expired],
		Sessions: c.Counts.Sessions, Samples: c.Counts.Samples, Events: c.Counts.Events,
	}
	d.Calls = d.Archived + d.Provisional + d.Incomplete + d.Pending + d.Failed + d.Lost + d.Expired
	switch c.Listed {
	case ledger.Archived:
		d.List = "final"
	case ledger.Lost, ledger.Failed:
		d.List = string(c.Listed)
	case ledger.Provisional:
		until := c.Until.UTC()
		d.List, d.ListedUntil = "partial", &until
	}
	return d
}

// readTimes reads when the archive was last complete.
func (st *Status) readTimes(ctx context.Context, l ledger.Ledger) error {
	listed, err := l.LastListed(ctx)
	if err != nil {
		return err
	}
	archived, err := l.LastArchived(ctx)
	if err != nil {
		return err
	}
	for _, t := range archived {
		if st.LastArchived == nil || t.After(*st.LastArchived) {
			st.LastArchived = &t
		}
	}
	never := false
	for i := range st.Apps {
		a := &st.Apps[i]
		t, ok := listed[a.App]
		if never = never || !ok; !ok {
			continue
		}
		a.LastListed = &t
		if st.LastSuccess == nil || t.Before(*st.LastSuccess) {
			st.LastSuccess = &t
		}
	}
	if never {
		st.LastSuccess = nil
	}
	return nil
}

// readUnits reads the units that are at risk, waiting, failed or lost.
func (st *Status) readUnits(ctx context.Context, l ledger.Ledger) error {
	var open, waiting, failed, lost []Unit
	f := ledger.Filter{States: ledger.Unfinished()}
	err := l.Rows(ctx, f, func(e ledger.Row) {
		if e.Unit.Kind != call.UnitList || e.State == ledger.Failed { // any other list goes on with the next pass
			open = append(open, unitOf(e))
		}
		switch {
		case e.Waits():
			waiting = append(waiting, unitOf(e))
		case e.State == ledger.Failed || e.Lacks():
			failed = append(failed, unitOf(e))
		}
	})
	if err != nil {
		return err
	}
	add := func(e ledger.Row) { lost = append(lost, unitOf(e)) }
	if err := l.Rows(ctx, ledger.Filter{States: []ledger.State{ledger.Lost}}, add); err != nil {
		return err
	}
	partly := ledger.Filter{States: []ledger.State{ledger.Provisional, ledger.Archived, ledger.Empty}, Damaged: true}
	if err := l.Rows(ctx, partly, add); err != nil {
		return err
	}
	urgency := func(a, b Unit) int { return a.Deadline.Compare(b.Deadline) }
	slices.SortStableFunc(open, urgency)
	slices.SortStableFunc(waiting, urgency)
	slices.SortStableFunc(lost, func(a, b Unit) int { return b.StartsAt.Compare(a.StartsAt) })
	slices.SortStableFunc(failed, urgency)
	st.AtRisk, st.Waiting, st.Failed, st.Lost = listOf(open), listOf(waiting), listOf(failed), listOf(lost)
	if len(open) > 0 {
		st.AtRisk.NextDeadline = &open[0].Deadline
	}
	return nil
}

func (st *Status) readPrivacy(ctx context.Context, l ledger.Ledger) (err error) {
	st.Privacy, err = l.Privacy(ctx)
	return err
}

func (st *Status) readEventsOf(ctx context.Context, l ledger.Ledger) (err error) {
	st.EventsOf, err = l.EventsOf(ctx)
	return err
}

func unitOf(e ledger.Row) Unit {
	u := Unit{
		App: e.Unit.App, Kind: e.Unit.Kind, Key: e.Unit.Key, State: e.State, Reason: e.Reason,
		StartsAt: e.StartsAt.UTC(), Deadline: e.Deadline.UTC(), Attempts: e.Attempts,
	}
	for _, f := range e.Failed {
		u.Parts = append(u.Parts, Part{f.Kind, f.Key, f.Reason, f.Attempts, f.Kept})
	}
	if u.Reason == "" && len(e.Failed) > 0 {
		u.Reason = e.Failed[0].Reason + " (" + e.Failed[0].Key + ")"
	}
	return u
}

func listOf(all []Unit) Units {
	return Units{Count: len(all), Units: append([]Unit{}, all[:min(len(all), firstUnits)]...)}
}

// Read reads everything from the ledger.
func (st *Status) Read(ctx context.Context, store *store.Store) error {
	for _, part := range []func(context.Context, ledger.Ledger) error{st.readDays, st.readTimes, st.readUnits, st.readPrivacy, st.readEventsOf} {
		if err := part(ctx, ledger.Of(store)); err != nil {
			return err
		}
	}
	usage, err := upkeep.DiskUsage(ctx, store)
	for _, u := range usage {
		st.Bytes[u.Relation] = int(u.Bytes)
	}
	return err
}

// Expired returns how many calls were archived and then deleted because of their age.
func (st *Status) Expired() (n uint64) {
	for _, d := range st.Days {
		n += d.Expired
	}
	return n
}

func (d *Day) Add(o Day) {
	d.Calls += o.Calls
	d.Archived += o.Archived
	d.Provisional += o.Provisional
	d.Pending += o.Pending
	d.Failed += o.Failed
	d.Incomplete += o.Incomplete
	d.Lost += o.Lost
}

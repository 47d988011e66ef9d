package daemon

import (
	"context"
	"errors"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/schedules"
)

// lastRun returns when a schedule last ran, or now if it is running. Full passes of other
// processes count as well; the ledger shows them.
func (d *daemon) lastRun(ctx context.Context, e schedules.Entry) (time.Time, error) {
	d.mu.Lock()
	began, running := d.underway[e.Name]
	d.mu.Unlock()
	if running {
		return began, nil
	}
	runs, err := d.runs.read()
	last := runs[e.Name].Began
	switch {
	case e.Job != archive.Command && last.IsZero():
		since, serr := d.archivedSince(ctx)
		return since, errors.Join(err, serr)
	case e.Job != archive.Command, len(e.Args) > 0:
		return last, err
	}
	listed, lerr := d.listedUntil(ctx)
	if listed.After(last) {
		last = listed
	}
	return last, errors.Join(err, lerr)
}

// archivedSince returns the time of the first run in the history, or now if there is none.
// An archive that was never verified or backed up is due from then on.
func (d *daemon) archivedSince(ctx context.Context) (time.Time, error) {
	store := d.store.Load()
	err := connect.Migrated(ctx, store)
	if errors.Is(err, connect.ErrNoArchive) {
		return time.Now(), nil
	}
	if err != nil {
		return time.Time{}, err
	}
	first, err := runs.HistoryOf(store).First(ctx)
	if err == nil && first.IsZero() {
		first = time.Now()
	}
	return first, err
}

// listedUntil returns the time of the last full pass, or zero if an application has had
// none.
func (d *daemon) listedUntil(ctx context.Context) (until time.Time, err error) {
	store, cfg := d.store.Load(), d.set.Load().cfg
	sch, err := connect.Schema(store)
	if err != nil {
		return until, err
	}
	version, err := sch.Status(ctx)
	if err != nil || version.Current <= 0 || version.Pending() > 0 {
		return until, err
	}
	for _, a := range cfg.Accounts {
		for _, app := range a.Apps {
			t, err := ledger.Of(store).HeldUntil(ctx, call.AppID(app), call.UnitList)
			if err != nil || t.IsZero() {
				return time.Time{}, err
			}
			if until.IsZero() || t.Before(until) {
				until = t
			}
		}
	}
	return until, nil
}

// ended remembers a run. The runners of old and new settings both call it.
func (d *daemon) ended(e schedules.Ended) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.runs.note(e); err != nil {
		d.Log.Error("the run could not be recorded; a restart would make it again", "schedule", e.Name, "run_id", e.ID, "err", err)
	}
}

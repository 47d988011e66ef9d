// Package archive makes one run over all accounts and applications. It asks the vendor
// within each account's quota, loads the answers, and reports the result.
package archive

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/span"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/retry"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
	"github.com/callvault/callvault/load/visible"
)

// Command is the name of the command, in the history and in schedules.
const Command = "archive"

// Scope says what a run covers.
type Scope struct {
	Accounts []config.Account
	From, To time.Time     // calls that were alive within; zero: no bound
	Expiring time.Duration // only data that the vendor drops within it; zero: all
	Room     string        // only calls of this room; "": all
	Again    bool          // also data that the archive has already
}

// Whole reports whether the scope covers the whole window of the applications.
func (s *Scope) Whole() bool {
	return s.From.IsZero() && s.To.IsZero() && s.Expiring == 0 && s.Room == ""
}

// Apps returns the applications of all accounts.
func (s *Scope) Apps() []call.AppID { return AppsOf(s.Accounts) }

// AppsOf returns the applications of accounts.
func AppsOf(accounts []config.Account) (all []call.AppID) {
	for _, a := range accounts {
		for _, app := range a.Apps {
			all = append(all, call.AppID(app))
		}
	}
	return all
}

// Run is one run over all accounts and applications.
type Run struct {
	Scope
	runs.Origin
	Options  Options
	Now      func() time.Time
	Attempts ask.Attempts

	OnRetry func(error, time.Duration) // optional: called when an insert is tried again

	Patience time.Duration          // how long to ask an account that does not answer; zero: a short time
	Waits    func(error, time.Time) // optional: called once for each such account, with the time at which the patience ends

	Leading atomic.Bool                 // whether the run has the archive lease
	Writing atomic.Pointer[load.Writer] // nil while the run does not write
	mu      sync.Mutex
	writes  func(context.Context) // called before the run writes anything
	gone    *erased.Set           // who was erased; nil: nobody
	Clients []*Account            // set by connect; after detect only the accounts that can be asked
	Refused []error               // why accounts cannot be asked; set by detect
}

// New checks that there is something to archive.
func New(o Options, s Scope, from runs.Origin) (*Run, error) {
	if len(s.Apps()) == 0 {
		return nil, config.Error{Setting: "CALLVAULT_SDK_APP_IDS", Problem: "names no application", Try: "export CALLVAULT_SDK_APP_IDS=1400353843 with the SDKAppID of your own (TRTC console, Application Management)"}
	}
	if err := checkPrivacy(o.Privacy, s.Room); err != nil {
		return nil, err
	}
	return &Run{Scope: s, Origin: from, Options: o, Now: time.Now, Attempts: ask.DefaultAttempts()}, nil
}

// Do makes the pass under the archive lease and writes the history of runs. The report is
// valid even if the pass ended early. ErrPartial is returned when the pass ended and could
// not archive everything.
func (j *Run) Do(ctx context.Context, store *store.Store, progress extract.Progress) (*Report, error) {
	h := runs.New(store, Command, j.Origin, j.Options.Lease, j.Options.Traces)
	sum := &Report{RunID: h.Run.ID, Started: h.Run.Started, Counts: ask.NewCounts()}
	h.Run.Apps, h.Run.Whole, h.Run.Privacy = j.Apps(), j.Whole(), j.Options.Privacy.String()
	h.Prepare = func(ctx context.Context) error { return Prepare(ctx, store, j.Options.Tiering) }
	h.Fill = func(r *runs.Run) { sum.describe(r, j.Counts()) }
	h.Late, j.writes = true, h.Writes
	err := h.Do(ctx, func(ctx context.Context) error { return store.WithHint(ctx, j.pass(ctx, store, progress, sum)) })
	sum.Ended, sum.Run = h.Run.Ended, h.Run
	sum.Counts.Add(j.Counts())
	return sum, err
}

// pass makes the pass itself. It connects the accounts first, unless that is done.
func (j *Run) pass(ctx context.Context, store *store.Store, progress extract.Progress, sum *Report) error {
	if j.Asked() == nil {
		if err := j.Connect(ctx); err != nil {
			return err
		}
	}
	if err := span.Do(ctx, "detect", j.Detect); err != nil {
		return err
	}
	for _, err := range j.Refused {
		sum.refuse(0, err)
	}
	err := runs.UnderLease(ctx, store, j.Options.Lease, func(ctx context.Context, guard hidden.Guard) error {
		j.Leading.Store(true)
		defer j.Leading.Store(false)
		return j.archive(ctx, store, guard, progress, sum)
	})
	if err != nil {
		return err
	}
	return sum.Err()
}

// archive runs a Pass for every application at once; the applications of an
// account share its Asker and so its quota.
func (j *Run) archive(ctx context.Context, store *store.Store, guard hidden.Guard, progress extract.Progress, sum *Report) error {
	found, err := upkeep.Look(ctx, store, sum.RunID)
	if err != nil {
		return err
	}
	j.warnPrivacy(found)
	if err := span.Do(ctx, "clean", func(ctx context.Context) error { return j.clean(ctx, store, guard, found.SweepDue) }); err != nil {
		return err
	}
	j.gone = new(erased.Set) // nobody: nor need the Writer read who was erased
	if found.Erased {
		err = j.ReadErased(ctx, store)
	}
	if err != nil {
		return err
	}
	w := j.target(ctx, store, sum.RunID, guard)
	g, gctx := errgroup.WithContext(ctx)
	for _, c := range j.Clients {
		for _, app := range c.Settings.Apps {
			p := j.PassOver(c, call.AppID(app), w, progress)
			p.Archive, p.Samples = w, w.Samples
			g.Go(func() error {
				r, err := p.Run(gctx)
				sum.add(r)
				if ask.VendorRefuses(err) && gctx.Err() == nil {
					sum.refuse(p.App, accountError(c.Settings, err))
					return nil
				}
				return err
			})
		}
	}
	err = g.Wait()
	if err == nil {
		err = sum.allRefused()
	}
	// Committed units are loaded even if the pass was ended early.
	cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	if err == nil {
		cctx = ctx
	}
	if cerr := w.Close(cctx); err == nil || cerr != nil && !sameFault(err, cerr) {
		err = errors.Join(err, cerr)
	}
	if err != nil {
		return err
	}
	return j.tidy(ctx, store, sum.RunID, w.wrote.Load(), found)
}

// tidy does what the archive needs once the data is safe: it deletes what the pass has hidden,
// and judges calls by limits that were changed. found is what the pass found at its beginning.
func (j *Run) tidy(ctx context.Context, store *store.Store, runID string, wrote bool, found upkeep.Outlook) (err error) {
	if wrote {
		if found, err = upkeep.Look(ctx, store, runID); err != nil {
			return err
		}
		if found.SweepDue {
			err = span.Do(ctx, "sweep", func(ctx context.Context) error { return j.sweep(ctx, store) })
		}
	}
	if err != nil || !found.JudgeDue {
		return err
	}
	return span.Do(ctx, "judge", func(ctx context.Context) error { return upkeep.JudgeSoon(ctx, store) })
}

// sameFault reports whether a pass and its Writer ended for the same reason. The reason is
// then reported once.
func sameFault(pass, writer error) bool {
	code := retry.Code(pass)
	return pass.Error() == writer.Error() || code != 0 && code == retry.Code(writer)
}

// clean hides data that is too old, and deletes hidden data if there is enough of it.
func (j *Run) clean(ctx context.Context, store *store.Store, guard hidden.Guard, due bool) error {
	before, expired := keptSince(j.Options.Keep, j.Now()), 0
	if !before.IsZero() {
		var err error
		if expired, err = upkeep.Expire(ctx, store, guard, before); err != nil {
			return err
		}
	}
	if !due && expired == 0 {
		return nil
	}
	err := j.sweep(ctx, store)
	if err == nil && expired > 0 {
		err = upkeep.DropEmptyMonths(ctx, store, before)
	}
	return err
}

// sweep deletes hidden rows and responses that are no longer needed.
func (j *Run) sweep(ctx context.Context, store *store.Store) error {
	if err := upkeep.Sweep(ctx, store); err != nil {
		return err
	}
	return upkeep.ForgetResponses(ctx, store, j.Options.Raw)
}

// closeWithin bounds the loading of committed units after a pass was ended early.
const closeWithin = 15 * time.Second

// keptSince returns the beginning of a day. Units that ended before it are not kept. Zero
// means that all are kept.
func keptSince(keep time.Duration, now time.Time) time.Time {
	if keep == 0 {
		return time.Time{}
	}
	return now.UTC().Add(-keep).Truncate(24 * time.Hour)
}

// BoundMemory makes the garbage collector of the whole process work harder as memory in
// use nears the given bytes, less a sixth for memory that the collector does not see. undo
// ends that.
func BoundMemory(bytes int64) (undo func()) {
	before := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(bytes-bytes/6, before))
	return func() { debug.SetMemoryLimit(before) }
}

// Writer returns the archive that a run writes to under the lease.
func (j *Run) Writer(ctx context.Context, store *store.Store, runID string, guard hidden.Guard) *Target {
	o := load.WriterOptions{Span: trace.SpanFromContext(ctx), Guard: guard, KeepRaw: j.Options.Raw, MaxBytes: int(j.Options.Memory.Rows), OnRetry: j.OnRetry, Erased: j.gone}
	w := load.NewWriter(store, runID, o)
	j.Writing.Store(w)
	return &Target{Writer: w, store: store, Ledger: Ledger{ledger.Of(store), w.Retry}, begin: func(context.Context) {}, noted: func(...ledger.Entry) {}}
}

// target returns the Target of a pass. It caches the ledger.
func (j *Run) target(ctx context.Context, store *store.Store, runID string, guard hidden.Guard) *Target {
	t := j.Writer(ctx, store, runID, guard)
	t.begin = j.writes
	if !j.Again { // a pass with Again also looks at final units
		l := &remembered{Ledger: Ledger{ledger.Of(store), t.Retry}, since: j.oldest().Add(-latest), latest: j.Now().Add(-latest), apps: map[call.AppID]*known{}}
		l.readScale = func(ctx context.Context, app call.AppID, since time.Time, f func(call.DailyScale)) error {
			return visible.Days(ctx, store, app, since, f)
		}
		t.Ledger, t.noted = l, l.wrote
	}
	return t
}

// latest is how far back most passes list calls: a day's list is final when the day is
// over and its calls are settled.
const latest = 48 * time.Hour

// oldest returns a time before all data that the vendor keeps for any account.
func (j *Run) oldest() time.Time {
	var longest time.Duration
	for _, a := range j.Accounts {
		longest = max(longest, time.Duration(a.Retention))
	}
	return j.Now().Add(-longest)
}

// ReadErased reads who was erased, for the passes to come.
func (j *Run) ReadErased(ctx context.Context, store *store.Store) error {
	return store.Retry(ctx, func(ctx context.Context) (err error) {
		j.gone, err = erased.Read(ctx, store)
		return err
	})
}

// PassOver returns the pass over one application, to archive or to compare it.
func (j *Run) PassOver(c *Account, app call.AppID, known extract.Ledger, progress extract.Progress) *extract.Pass {
	retention, to := time.Duration(c.Settings.Retention), j.To
	statements := j.Options.Statements
	if j.Expiring > 0 {
		to = j.Now().Add(j.Expiring - retention)
		statements = slices.DeleteFunc(slices.Clone(statements), func(s call.Statement) bool { return s.Kind != call.UnitRealtime }) // the vendor keeps the others longer
	}
	return &extract.Pass{
		Asker: c.asker.Load(), Ledger: known, App: app, Now: j.Now, Progress: progress,
		Retention: retention, Settle: j.Options.Settle,
		From: j.From, To: to, RoomID: c.edge.Room(j.Room), Again: j.Again,
		Skip: j.Options.Skip, Statements: statements, EventsOf: j.Options.Events, Privacy: j.Options.Privacy.String(), OtherNames: c.edge.OtherNames, Known: j.gone.Listed,
	}
}

// Gone is who was erased, after ReadErased.
func (j *Run) Gone() *erased.Set { return j.gone }

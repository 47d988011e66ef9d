package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/span"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/lease"
)

// job is one archiving pass over all accounts and applications.
type job struct {
	cfg      *config.Config
	now      func() time.Time
	attempts extract.Attempts
	accounts []config.Account
	from, to time.Time
	expiring time.Duration // only what expires within it; zero: all
	room     string
	again    bool
	id       string      // of the run; "": a new one
	schedule string      // that begins it; "": nobody's
	warn     func(error) // optional: told of what the run could not tell of itself

	onRetry func(error, time.Duration) // optional: told of an insert that is tried again

	patience time.Duration          // how long an account is asked that does not answer; zero: not for long
	waits    func(error, time.Time) // optional: told of that once for each account, and until when

	leading atomic.Bool                 // it holds the archive lease
	writing atomic.Pointer[load.Writer] // nil: it does not write
	mu      sync.Mutex
	clients []*client // set by connect; those that can be asked, after detect
	metered bool      // its requests have been counted, see meters
	refused []error   // why accounts cannot be asked; set by detect
}

// newJob checks that there is something to archive.
func newJob(cfg *config.Config, n narrow, now time.Time) (*job, error) {
	j := &job{cfg: cfg, now: time.Now, attempts: extract.DefaultAttempts(), accounts: append([]config.Account(nil), cfg.Accounts...)}
	if err := j.narrowTo(n, now); err != nil {
		return nil, err
	}
	apps := 0
	for _, a := range j.accounts {
		apps += len(a.Apps)
	}
	if apps == 0 {
		return nil, config.Error{Setting: "CALLVAULT_SDK_APP_IDS", Problem: "names no application", Try: "export CALLVAULT_SDK_APP_IDS=1400353843 with the SDKAppID of your own (TRTC console, Application Management)"}
	}
	return j, nil
}

// connect finds the credentials of the accounts that have applications. It asks
// the vendor nothing.
func (j *job) connect(ctx context.Context) error {
	budget, memory := quota.NewBudget(j.cfg.Memory.Shares().Answers), trtc.NewMemory(j.cfg.Memory.Shares().Answers)
	var clients []*client
	for i, a := range j.accounts {
		if len(a.Apps) == 0 {
			continue
		}
		cred, err := credential(ctx, a)
		if err != nil {
			return err
		}
		c, err := trtc.New(trtc.Options{Credential: cred, Region: a.Region, Endpoint: a.Endpoint, Spare: int(j.cfg.Memory.Shares().Spare) / len(j.accounts), MaxBody: maxBody(j.cfg), Memory: memory})
		if err != nil {
			return err
		}
		clients = append(clients, &client{account: j.accounts[i], vendor: c, limits: quota.New(quota.Options{PerSecond: a.QPS, Reserve: a.Reserve, Budget: budget})})
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.clients = clients
	return nil
}

// maxBody bounds one answer by half the memory for all of them, but not below what
// the vendor's limits allow, which is 23 MB.
func maxBody(cfg *config.Config) int {
	const largestLegal = 32 << 20
	return int(max(largestLegal, cfg.Memory.Shares().Answers/2))
}

// client is an account and what asks on its behalf.
type client struct {
	account config.Account
	vendor  *trtc.Client
	limits  *quota.Limits
	asker   atomic.Pointer[extract.Asker] // set by detect
}

// detect finds out the dialect that the account has.
func (c *client) detect(ctx context.Context, now time.Time, attempts extract.Attempts, w extract.Waiting) error {
	apps := make([]call.AppID, len(c.account.Apps))
	for i, a := range c.account.Apps {
		apps[i] = call.AppID(a)
	}
	d, err := w.Detect(ctx, c.vendor, c.limits, apps, now, dialects(c.account)...)
	if err != nil {
		return accountError(c.account, err)
	}
	c.asker.Store(extract.NewAsker(c.vendor, d, c.limits, attempts))
	return nil
}

// dialects are those that the account may have.
func dialects(a config.Account) []trtc.Dialect {
	if d, err := trtc.ParseDialect(a.API); err == nil {
		return []trtc.Dialect{d}
	}
	return []trtc.Dialect{trtc.Current(), trtc.Legacy()}
}

// run makes the pass under the archive lease, and its history. The summary is
// sound also when the pass ended early. The error matches errPartial when the
// pass went to its end and could not archive everything.
func (j *job) run(ctx context.Context, store *load.Store, progress extract.Progress) (*summary, error) {
	h := newHistory(store, j.cfg, archiveJob)
	h.run.ID = cmp.Or(j.id, h.run.ID)
	sum := &summary{RunID: h.run.ID, Started: h.run.Started, Counts: extract.NewCounts()}
	h.run.Apps, h.run.Whole, h.run.Schedule = j.apps(), j.whole(), j.schedule
	h.prepare = func(ctx context.Context) error { return bringUp(ctx, store, j.cfg) }
	h.fill = func(r *load.Run) { sum.describe(r, j.counts()) }
	if j.warn != nil {
		h.warn = j.warn
	}
	err := h.record(ctx, func(ctx context.Context) error { return j.pass(ctx, store, progress, sum) })
	sum.Ended, sum.past = h.run.Ended, h.run
	sum.Counts.Add(j.counts())
	return sum, err
}

// pass makes the pass itself, and connects unless that has been done.
func (j *job) pass(ctx context.Context, store *load.Store, progress extract.Progress, sum *summary) error {
	if j.asked() == nil {
		if err := j.connect(ctx); err != nil {
			return err
		}
	}
	if err := span.Do(ctx, "detect", j.detect); err != nil {
		return err
	}
	for _, err := range j.refused {
		sum.refuse(0, err)
	}
	err := underLease(ctx, store, j.cfg, func(ctx context.Context, guard string) error {
		j.leading.Store(true)
		defer j.leading.Store(false)
		return j.archive(ctx, store, guard, progress, sum)
	})
	if err != nil {
		return err
	}
	return sum.err()
}

// apps are the applications of the job.
func (j *job) apps() (all []call.AppID) {
	for _, a := range j.accounts {
		for _, app := range a.Apps {
			all = append(all, call.AppID(app))
		}
	}
	return all
}

// whole says that the job is over everything in the window of its applications.
func (j *job) whole() bool {
	return j.from.IsZero() && j.to.IsZero() && j.expiring == 0 && j.room == ""
}

// othersWait is how long an account that does not answer holds up others at most.
const othersWait = 5 * time.Minute

// waiting is the patience with an account that does not answer.
func (j *job) waiting(c *client) extract.Waiting {
	w := extract.Waiting{For: j.patience, Unreached: unreachedFor(j.patience), Least: j.attempts.Least, Most: j.attempts.Most}
	if len(j.clients) > 1 {
		w.For = min(w.For, othersWait)
	}
	if j.waits != nil {
		w.Told = func(err error, until time.Time) { j.waits(accountError(c.account, err), until) }
	}
	return w
}

// detect finds out the dialects of all accounts. One that cannot be asked is
// left out and named in refused; it is an error if none can.
func (j *job) detect(ctx context.Context) error {
	errs := make([]error, len(j.clients))
	var wg sync.WaitGroup
	for i, c := range j.clients {
		wg.Go(func() { errs[i] = c.detect(ctx, j.now(), j.attempts, j.waiting(c)) })
	}
	wg.Wait()
	var good []*client
	for i, c := range j.clients {
		if errs[i] == nil {
			good = append(good, c)
			continue
		}
		if len(j.clients) > 1 {
			errs[i] = fmt.Errorf("%s: %w", c.account.Name, errs[i])
		}
		j.refused = append(j.refused, errs[i])
	}
	j.mu.Lock()
	j.clients = good
	j.mu.Unlock()
	if len(good) > 0 {
		return nil
	}
	if i := slices.IndexFunc(j.refused, passing); i >= 0 {
		return j.refused[i]
	}
	return j.refused[0]
}

// asked are the accounts that are asked, whoever looks.
func (j *job) asked() []*client {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.clients
}

// counts is what the accounts have been asked since detect.
func (j *job) counts() extract.Counts {
	all := extract.NewCounts()
	for _, c := range j.asked() {
		if a := c.asker.Load(); a != nil {
			all.Add(a.Stats())
		}
	}
	return all
}

// bringUp brings the schema up, and the tables to where old data is to go.
func bringUp(ctx context.Context, store *load.Store, cfg *config.Config) error {
	sch, err := schemaOf(store, cfg)
	if err == nil {
		err = store.Retry(ctx, func(ctx context.Context) error {
			_, err := sch.Up(ctx)
			return err
		})
	}
	if err == nil {
		err = tier(ctx, store, cfg)
	}
	return err
}

// tier has old data move as the settings say.
func tier(ctx context.Context, store *load.Store, cfg *config.Config) error {
	err := store.Tier(ctx, load.Tiering{Policy: cfg.StoragePolicy, Volume: cfg.ColdVolume, After: time.Duration(cfg.ColdAfter), Cluster: cfg.Cluster})
	switch {
	case errors.Is(err, load.ErrPolicy):
		return config.Error{Setting: "CALLVAULT_STORAGE_POLICY", Problem: words.OneLine(err), Try: "name a policy of the server's storage_configuration that has the volumes of the present one"}
	case errors.Is(err, load.ErrVolume):
		return config.Error{Setting: "CALLVAULT_COLD_VOLUME", Problem: words.OneLine(err), Try: "name a volume of the policy, and the policy in CALLVAULT_STORAGE_POLICY"}
	}
	return err
}

// underLease does something that writes, under the archive lease: ctx ends when
// that is lost, and nothing becomes visible unless guard, an SQL condition,
// holds. The schema must be up.
func underLease(ctx context.Context, store *load.Store, cfg *config.Config, do func(ctx context.Context, guard string) error) error {
	return underLeaseAs(ctx, store, cfg, holder(), do)
}

// underLeaseAs is underLease by another name of the holder.
func underLeaseAs(ctx context.Context, store *load.Store, cfg *config.Config, who string, do func(ctx context.Context, guard string) error) error {
	held, err := take(ctx, store, lease.Archive, who, time.Duration(cfg.Lease))
	if errors.Is(err, lease.ErrHeld) {
		return fmt.Errorf("another pass is running: %w", err)
	}
	if err != nil {
		return err
	}
	defer held.Release(context.WithoutCancel(ctx))
	lctx, cancel := held.Context(ctx)
	defer cancel()
	err = do(lctx, held.Guard())
	if lost := context.Cause(lctx); err != nil && errors.Is(lost, lease.ErrLost) {
		err = fmt.Errorf("%w; another pass may have taken over; the next one goes on from here", lost)
		if free(ctx, store, lease.Archive, who) {
			err = freeError{err}
		}
	}
	return err
}

// looking bounds the look at who has a lease that was lost.
const looking = 10 * time.Second

// free says that nobody but who is known to hold a lease.
func free(ctx context.Context, store *load.Store, name, who string) bool {
	ctx, cancel := context.WithTimeout(ctx, looking)
	defer cancel()
	held, err := lease.Held(ctx, store.Conn(), name)
	return err != nil || held == nil || held.Holder == who
}

// backupHolder begins the names of those who hold the archive lease to back up.
const backupHolder = "the backup of "

// backupHolds is how long a backup is waited for that holds the archive lease:
// far longer than it takes to begin one.
const backupHolds = 5 * time.Minute

// take takes a lease for who. That of a process of this machine which has died is
// waited for, since it expires, and that of a backup, since it is short.
func take(ctx context.Context, store *load.Store, name, who string, ttl time.Duration) (*lease.Lease, error) {
	l, err := lease.Acquire(ctx, store.Conn(), name, who, ttl)
	held, ok := errors.AsType[*lease.HeldError](err)
	if !ok {
		return l, err
	}
	process, backup := strings.CutPrefix(held.Holder, backupHolder)
	switch {
	case dead(process):
		return lease.AcquireWait(ctx, store.Conn(), name, who, ttl, ttl+5*time.Second)
	case backup:
		return lease.AcquireWait(ctx, store.Conn(), name, who, ttl, backupHolds)
	}
	return l, err
}

// accountError says what to try when an account cannot be asked.
func accountError(a config.Account, err error) error {
	if hint := accountHint(a, err); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

// accountHint is what to try; "" where that is nothing that err does not say.
func accountHint(a config.Account, err error) string {
	hint := trtc.Hint(err)
	if hint == "" || strings.Contains(err.Error(), hint) {
		return ""
	}
	if e, ok := errors.AsType[*trtc.Error](err); ok && (e.Code == trtc.CodeNetwork || e.Code == trtc.CodeHTTP) {
		return hint + " (the endpoint is " + a.Endpoint + ")"
	}
	return hint
}

// archive runs a Pass for every application at once; the applications of an
// account share its Asker and so its quota.
func (j *job) archive(ctx context.Context, store *load.Store, guard string, progress extract.Progress, sum *summary) error {
	if err := span.Do(ctx, "clean", func(ctx context.Context) error { return j.clean(ctx, store, guard) }); err != nil {
		return err
	}
	defer boundMemory(int64(j.cfg.Memory))()
	w := j.writer(ctx, store, sum.RunID, guard)
	g, gctx := errgroup.WithContext(ctx)
	for _, c := range j.clients {
		for _, app := range c.account.Apps {
			p := j.passOver(c, call.AppID(app), w, progress)
			p.Samples = w.Samples
			g.Go(func() error {
				r, err := p.Run(gctx)
				sum.add(r)
				if extract.VendorRefuses(err) && gctx.Err() == nil {
					sum.refuse(p.App, accountError(c.account, err))
					return nil
				}
				return err
			})
		}
	}
	err := g.Wait()
	if err == nil {
		err = sum.allRefused()
	}
	// What was committed is loaded also when the pass was ended early.
	cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err == nil {
		cctx = ctx
	}
	if cerr := w.Close(cctx); err == nil || cerr != nil && cerr.Error() != err.Error() { // the pass may have ended for the same reason
		err = errors.Join(err, cerr)
	}
	if err != nil {
		return err
	}
	return span.Do(ctx, "purge", func(ctx context.Context) error {
		_, err := store.Purge(ctx)
		return err
	})
}

// clean deletes what is too old and what earlier passes have left behind.
func (j *job) clean(ctx context.Context, store *load.Store, guard string) error {
	before := keptSince(j.cfg, j.now())
	if !before.IsZero() {
		if _, err := store.Expire(ctx, guard, before); err != nil {
			return err
		}
	}
	if _, err := store.Purge(ctx); err != nil {
		return err
	}
	if err := store.ForgetResponses(ctx, time.Duration(j.cfg.Raw)); err != nil {
		return err
	}
	if before.IsZero() {
		return nil
	}
	return store.DropEmptyMonths(ctx, before)
}

// keptSince is the beginning of the day before which nothing is kept that ended
// by then; zero: all is kept.
func keptSince(cfg *config.Config, now time.Time) time.Time {
	if cfg.Keep == 0 {
		return time.Time{}
	}
	return now.UTC().Add(-time.Duration(cfg.Keep)).Truncate(24 * time.Hour)
}

// boundMemory has the collector work harder as what is in use nears so many
// bytes, less a sixth for what it does not see, until undo.
func boundMemory(bytes int64) (undo func()) {
	before := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(bytes-bytes/6, before))
	return func() { debug.SetMemoryLimit(before) }
}

// writer is the archive that a run writes to under the lease.
func (j *job) writer(ctx context.Context, store *load.Store, runID, guard string) *archive {
	o := load.WriterOptions{Span: trace.SpanFromContext(ctx), Guard: guard, KeepRaw: time.Duration(j.cfg.Raw), MaxBytes: int(j.cfg.Memory.Shares().Rows), OnRetry: j.onRetry}
	w := store.NewWriter(runID, o)
	j.writing.Store(w)
	return &archive{w, store}
}

// passOver is the pass over one application.
func (j *job) passOver(c *client, app call.AppID, w extract.Archive, progress extract.Progress) *extract.Pass {
	retention, to := time.Duration(c.account.Retention), j.to
	if j.expiring > 0 {
		to = j.now().Add(j.expiring - retention)
	}
	return &extract.Pass{
		Asker: c.asker.Load(), Archive: w, App: app, Now: j.now, Progress: progress,
		Retention: retention, Settle: time.Duration(j.cfg.Settle),
		From: j.from, To: to, RoomID: j.room, Skip: j.cfg.Skips, Again: j.again,
	}
}

package daemon

import (
	"context"
	"errors"
	"time"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// looksAfter is how often the daemon looks after the archive between runs.
const looksAfter = time.Minute

// lookAfter looks after the archive between runs: calls are graded by the limits as they are,
// and replicas of a cluster that have caught up answer again. The returned function ends that.
func (d *daemon) lookAfter(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(looksAfter)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := d.letReturn(ctx); err != nil && ctx.Err() == nil {
					d.Log.Warn("cannot see whether replicas may answer again", "err", err)
				}
				if err := d.judge(ctx); err != nil && ctx.Err() == nil {
					d.Log.Warn("calls are not graded by the limits as they are", "err", err)
				}
			}
		}
	}()
	return func() {
		cancel()
		<-done
		d.opening.Lock()
		defer d.opening.Unlock()
		for _, left := range d.left {
			left()
		}
	}
}

// judge grades calls by limits that were changed since.
func (d *daemon) judge(ctx context.Context) error {
	s := d.serving(ctx)
	if err := connect.Migrated(ctx, s); errors.Is(err, connect.ErrNoArchive) {
		return nil
	} else if err != nil {
		return err
	}
	changed, err := upkeep.Judge(ctx, s)
	if changed && err == nil {
		d.Log.Info("calls are graded by the limits in quality_thresholds, which were changed")
	}
	return err
}

// letReturn lets replicas answer that have caught up, unless a run is under way, which does.
func (d *daemon) letReturn(ctx context.Context) error {
	s, cfg := d.serving(ctx), d.set.Load().cfg
	if !s.Cluster().Many() {
		return nil
	}
	if err := connect.Migrated(ctx, s); errors.Is(err, connect.ErrNoArchive) {
		return nil
	}
	away, err := s.Cluster().Missing(ctx, s.StoreConn())
	if err != nil || len(away) == 0 {
		return err
	}
	err = runs.UnderLeaseAs(ctx, s, time.Duration(cfg.Lease), runs.ReturnHolder+lease.Holder(), func(context.Context, hidden.Guard) error { return nil })
	if errors.Is(err, lease.ErrHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	if still, err := s.Cluster().Missing(ctx, s.StoreConn()); err != nil || len(still) == len(away) {
		return err
	}
	d.Log.Info("replicas answer again", "were_away", away)
	return nil
}

// serving returns the store for a run. On a cluster it is one on a server that answers: if the
// one so far does not, the next server of the DSN takes its place.
func (d *daemon) serving(ctx context.Context) *store.Store {
	s := d.store.Load()
	if !s.Cluster().Many() || s.Serves(ctx) {
		return s
	}
	d.opening.Lock()
	defer d.opening.Unlock()
	if now := d.store.Load(); now != s { // another run has seen it, too
		return now
	}
	next, done, err := d.open(ctx, time.Now().Add(looksAfter))
	if err != nil {
		d.Log.Warn("no server of the cluster can be used", "err", err)
		return s
	}
	d.Log.Info("another server of the cluster takes over")
	d.left = append(d.left, done) // others may still read from s
	d.store.Store(next)
	return next
}

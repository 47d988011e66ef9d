package extract

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
)

// margins are the choices for the distance between the oldest second that is asked for and
// the oldest that the vendor keeps. The vendor's edge moves on while a request is under
// way, and clocks differ. When the vendor finds a request too old, the next margin is used.
var margins = []time.Duration{20 * time.Second, 2 * time.Minute, ask.WidestMargin}

// edge is the index of the margin in use.
type edge struct{ index atomic.Int32 }

func (r *edge) margin() time.Duration { return margins[r.index.Load()] }

// widen takes the next margin after tooSmall. It returns false if there is none.
func (r *edge) widen(tooSmall time.Duration) bool {
	i := r.index.Load()
	if margins[i] > tooSmall {
		return true // another request has widened it already
	}
	if int(i)+1 == len(margins) {
		return false
	}
	r.index.CompareAndSwap(i, i+1)
	return true
}

// window returns the part of the retention that the pass looks at, as of now.
func (p *Pass) window() call.Window {
	w := call.Window{Start: p.oldest(), End: p.now()}
	if p.From.After(w.Start) {
		w.Start = p.From
	}
	if !p.To.IsZero() && p.To.Before(w.End) {
		w.End = p.To
	}
	return w
}

// now returns the current second in UTC.
func (p *Pass) now() time.Time { return p.Now().UTC().Truncate(time.Second) }

// oldest returns the first second that may be asked for now.
func (p *Pass) oldest() time.Time { return p.now().Add(p.retentionEdge.margin() - p.Retention) }

// inReach returns the part of w that may be asked for now. It returns false if nothing is
// left.
func (p *Pass) inReach(w call.Window) (call.Window, bool) {
	w.Start = decide.Later(w.Start, p.oldest())
	return w, !w.End.Before(w.Start)
}

// fitRetention shortens the retention to that of the account's plan. So a setting that is
// too long costs only a line in the report.
func (p *Pass) fitRetention(ctx context.Context, r *report) error {
	kept, err := p.Asker.Fit(ctx, p.App, p.Now(), p.Retention)
	if err != nil {
		return err
	}
	if days := kept.Hours() / 24; kept < p.Retention {
		r.note(fmt.Sprintf("the vendor keeps %gd of application %d, CALLVAULT_RETENTION says %gd; set CALLVAULT_RETENTION=%gd",
			days, p.App, p.Retention.Hours()/24, days))
		p.Retention = kept
	}
	return nil
}

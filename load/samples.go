package load

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/native"
)

// run is one series of samples and the half that it belongs to. Its rows are in the memory
// of the buffer's blocks.
type run struct {
	of *half
	native.Run
}

// worthDividing is the least number of rows of an INSERT that runs beside others.
const worthDividing = 500_000

// sampleBuffer holds the samples of one flush. Until they are sent they stay in the memory
// that they came in. That memory is the Writer's.
type sampleBuffer struct {
	runs   []run
	blocks []*call.Samples // own the memory of runs
	rows   int
	bytes  int // of the memory, used or not
}

func (b *sampleBuffer) add(h *half, commID, roomID string, x *call.Samples) {
	from := 0
	for _, series := range x.Series {
		if series.Rows == 0 {
			continue
		}
		to := from + series.Rows
		b.runs = append(b.runs, run{h, native.Run{App: h.of.unit.App, CommID: commID, RoomID: roomID, Series: series, Time: x.Time[from:to], Value: x.Value[from:to]}})
		from = to
	}
	b.blocks = append(b.blocks, x)
	b.rows += from
	b.bytes += sizeOf(x)
}

// sort puts the runs into the order of the table's key. The rows of a run are
// in order as the vendor sends them, and runs of one series follow one another.
func (b *sampleBuffer) sort() {
	slices.SortFunc(b.runs, func(x, y run) int {
		return cmp.Or(
			cmp.Compare(x.App, y.App),
			cmp.Compare(x.Metric, y.Metric),
			cmp.Compare(x.CommID, y.CommID),
			cmp.Compare(x.UserID, y.UserID),
			cmp.Compare(x.PeerID, y.PeerID),
			cmp.Compare(x.Time[0], y.Time[0]),
		)
	})
}

// insertSamples sends the rows of all runs, at most BlockRows in an INSERT. It makes
// native.Parallel INSERTs at once, because the server takes each with one thread. The rows of
// one INSERT belong to one application, and become one part for each of their months.
func (w *Writer) insertSamples(ctx context.Context, b *sampleBuffer) error {
	runs := native.Each(b.runs, func(r *run) native.Run {
		r.Load = r.of.load
		return r.Run
	})
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(native.Parallel)
	limit := min(w.opt.BlockRows, max(worthDividing, (b.rows+native.Parallel-1)/native.Parallel))
	for of := range native.ByApp(runs) {
		for _, some := range native.Divide(of, limit) {
			g.Go(func() error { return w.archive.InsertSamples(ctx, some) })
		}
	}
	return g.Wait()
}

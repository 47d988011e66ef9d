package load

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sort"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/call"
)

// run is one series of samples: one value of every key column, and the rows,
// which are in memory of the buffer's blocks.
type run struct {
	of             *half
	commID, roomID string
	call.Series
	time  []uint32
	value []float64
}

// worthALane is how many rows an INSERT has before another one goes beside it.
const worthALane = 500_000

// sampleBuffer is the samples of one flush. They stay in the memory that they
// came in, which is the Writer's, until they are on the wire.
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
		b.runs = append(b.runs, run{h, commID, roomID, series, x.Time[from:to], x.Value[from:to]})
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
			cmp.Compare(x.of.of.unit.App, y.of.of.unit.App),
			cmp.Compare(x.Metric, y.Metric),
			cmp.Compare(x.commID, y.commID),
			cmp.Compare(x.UserID, y.UserID),
			cmp.Compare(x.PeerID, y.PeerID),
			cmp.Compare(x.time[0], y.time[0]),
		)
	})
}

// insertSamples sends the rows of all runs, at most BlockRows an INSERT and lanes
// of them at once: the server takes an INSERT with one thread. Rows of one INSERT
// are of one application and become one part, or one for each month that they are
// of.
func (w *Writer) insertSamples(ctx context.Context, b *sampleBuffer) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lanes)
	limit := min(w.opt.BlockRows, max(worthALane, (b.rows+lanes-1)/lanes))
	for of := range byApp(b.runs) {
		for _, runs := range divide(of, limit) {
			g.Go(func() error { return w.store.sink.insert(ctx, runs) })
		}
	}
	return g.Wait()
}

// byApp gives the runs of one application after another; they are in this order.
func byApp(runs []run) iter.Seq[[]run] {
	return func(yield func([]run) bool) {
		for len(runs) > 0 {
			app := runs[0].of.of.unit.App
			n := sort.Search(len(runs), func(i int) bool { return runs[i].of.of.unit.App > app })
			if !yield(runs[:n]) {
				return
			}
			runs = runs[n:]
		}
	}
}

// divide cuts runs, in order, into as few lists as have at most limit rows
// each, of about equal size.
func divide(runs []run, limit int) [][]run {
	total := 0
	for i := range runs {
		total += runs[i].Rows
	}
	if total == 0 {
		return nil
	}
	lists := (total + limit - 1) / limit
	if lists == 1 {
		return [][]run{runs}
	}
	size := (total + lists - 1) / lists
	divided := make([][]run, 1, lists)
	room := size
	for _, r := range runs {
		for r.Rows > room {
			if room > 0 {
				var head run
				head, r = r.split(room)
				divided[len(divided)-1] = append(divided[len(divided)-1], head)
			}
			divided, room = append(divided, nil), size
		}
		divided[len(divided)-1] = append(divided[len(divided)-1], r)
		room -= r.Rows
	}
	return divided
}

// split cuts a run after n rows.
func (r run) split(n int) (head, tail run) {
	head, tail = r, r
	head.Rows, head.time, head.value = n, r.time[:n], r.value[:n]
	tail.Rows, tail.time, tail.value = r.Rows-n, r.time[n:], r.value[n:]
	return head, tail
}

package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/aggregate"
	"github.com/callvault/callvault/load/native"
)

// partSummary is the part that the Writer adds to a call when it commits the call. It sums up
// the loads that are then visible. Its rows are in call_users_data, peer_quality_data and
// calls_data, so that a query about calls reads one row for each call. It has a load of its
// own, and the next commit of the call replaces it.
const partSummary call.PartKind = "summary"

// ready is a summary of a call, made from what was in memory.
type ready struct {
	*content
	rows *aggregate.Rows
}

// content holds the inserted data of a call, and its loads.
type content struct {
	loads []uint64
	aggregate.Content
}

// maxCarried is how many streams, of about 3 KB each, and sessions stay in memory for calls
// that go on after the flush that inserted them.
const maxCarried = 4096

// ready makes the summaries of the ended calls that are wholly in memory: in the buffer,
// which has been inserted, or carried over from earlier buffers. It returns the number of
// their rows. The caller holds the turn.
func (w *Writer) ready(b *buffer, ended []*unitState) (rows int) {
	all := w.carried
	w.carried = map[*unitState]*content{}
	of := func(h *half) *content {
		if h.of.unit.Kind != call.UnitCall {
			return nil
		}
		c := all[h.of]
		if c == nil {
			c = &content{Content: aggregate.Content{Head: aggregate.Head{Unit: h.of.unit}}}
			all[h.of] = c
		}
		return c
	}
	for _, h := range b.halves() {
		if c := of(h); c != nil {
			c.loads = append(c.loads, h.load)
		}
	}
	for i := range b.rooms {
		of(b.rooms[i].of).Room = &b.rooms[i].Room
	}
	for i := range b.sessions {
		c := of(b.sessions[i].of)
		c.Sessions = append(c.Sessions, b.sessions[i].Session)
	}
	for i := range b.parts {
		p := &b.parts[i]
		if c := of(p.of); c != nil {
			c.Head.RoomID, c.Head.Created = p.room, p.created
			for j := range p.streams {
				c.Streams = append(c.Streams, &p.streams[j])
			}
		}
	}
	for _, u := range ended {
		c := all[u]
		delete(all, u)
		if c == nil || u.failing() {
			continue
		}
		if slices.Sort(c.loads); slices.Equal(c.loads, u.loads()) {
			u.ready = &ready{c, c.Summarize(w.merged)}
			rows += u.ready.rows.Size()
		}
	}
	carry := 0
	w.mu.Lock()
	defer w.mu.Unlock()
	for u, c := range all {
		if carry += c.Weight(); carry > maxCarried {
			break
		}
		if !u.dropped {
			w.carried[u] = c
		}
	}
	return rows
}

// forgetReady gives the memory of summaries back. They are made again from the tables.
func forgetReady(ended []*unitState) {
	for _, u := range ended {
		u.ready = nil
	}
}

// summarize writes the summaries of the calls among the units, and sets the load of each
// summary. visible are the loads of each unit that will be visible. It makes summaries that
// are not ready from the tables.
func (w *Writer) summarize(ctx context.Context, units []*unitState, visible [][]uint64) error {
	var made, held []summarized
	for i, u := range units {
		switch c := (summarized{u, visible[i]}); {
		case u.unit.Kind != call.UnitCall || len(c.loads) == 0:
		case u.ready != nil && slices.Equal(u.ready.loads, c.loads):
			made = append(made, c)
		default:
			held = append(held, c)
		}
	}
	all := slices.Concat(made, held)
	if len(all) == 0 {
		return nil
	}
	return w.Retry(ctx, func(ctx context.Context) error {
		ids := w.ids.Open(len(all))
		for i, c := range all {
			w.ids.Close([]uint64{c.unit.summary})
			c.unit.summary = ids[i]
		}
		return w.summarizeOnce(ctx, made, held, ids)
	})
}

// summarized is a call to be summarized.
type summarized struct {
	unit  *unitState
	loads []uint64
}

// summarizeOnce hides the loads, inserts the rows, and last the parts.
func (w *Writer) summarizeOnce(ctx context.Context, made, held []summarized, ids []uint64) error {
	if err := w.hide(ctx, ids); err != nil {
		return err
	}
	limits, err := aggregate.ReadLimits(ctx, w.conn, w.archive.Database())
	if err != nil {
		return err
	}
	rows, sent := &aggregate.Rows{}, map[string]int{}
	emit := func(atLeast int) error {
		if rows.Size() < atLeast {
			return nil
		}
		defer rows.Clear()
		rows.Count(sent)
		return rows.Insert(ctx, w.conn, limits)
	}
	for _, c := range made {
		r := c.unit.ready
		r.Head.Load, r.Head.Entry = c.unit.summary, c.unit.ending
		rows.Add(r.rows)
		if err := emit(aggregate.BlockRows); err != nil {
			return fmt.Errorf("summarize calls: %w", err)
		}
	}
	for some := range slices.Chunk(held, 500) {
		calls := native.Each(some, func(c *summarized) aggregate.StoredCall {
			return aggregate.StoredCall{Head: aggregate.Head{Load: c.unit.summary, Unit: c.unit.unit, Entry: c.unit.ending}, Loads: c.loads}
		})
		if err := aggregate.SummarizeStored(ctx, w.conn, w.archive.Cluster().Here(), rows, calls, w.merged, emit); err != nil {
			return fmt.Errorf("summarize calls: %w", err)
		}
	}
	if err := emit(1); err != nil {
		return fmt.Errorf("summarize calls: %w", err)
	}
	if err := w.landed(ctx, ids, sent); err != nil {
		return fmt.Errorf("summarize calls: %w", err)
	}
	all := slices.Concat(made, held)
	return native.Insert(ctx, w.conn, "ledger_parts", "sdk_app_id, kind, key, part, load_id, run_id", func(in *native.Columns) {
		native.Add(in, all, func(c *summarized) uint32 { return uint32(c.unit.unit.App) })
		native.Add(in, all, func(c *summarized) string { return string(c.unit.unit.Kind) })
		native.Add(in, all, func(c *summarized) string { return c.unit.unit.Key })
		native.Add(in, all, func(*summarized) string { return string(partSummary) })
		native.Add(in, all, func(c *summarized) uint64 { return c.unit.summary })
		native.Add(in, all, func(*summarized) string { return w.run })
	})
}

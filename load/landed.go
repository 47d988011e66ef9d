package load

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
)

// hide opens loads: no server of a cluster shows rows of theirs. ids are consecutive.
func (w *Writer) hide(ctx context.Context, ids []uint64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := hidden.Insert(ctx, w.conn, ids, hidden.Opened); err != nil {
		return err
	}
	return w.archive.Cluster().Landed(ctx, w.conn, cluster.Want{
		Table: catalogue.HiddenLoads, Count: "uniqExact(load_id)", Condition: among(ids), Rows: uint64(len(ids)), Everywhere: true,
	})
}

// landed returns when each replica of a cluster that may answer has the rows of loads that were
// sent to tables. ids are consecutive.
func (w *Writer) landed(ctx context.Context, ids []uint64, sent map[string]int) error {
	var wants []cluster.Want
	for _, table := range slices.Sorted(maps.Keys(sent)) {
		if sent[table] > 0 {
			wants = append(wants, cluster.Want{Table: table, Count: "count()", Condition: among(ids), Rows: uint64(sent[table])})
		}
	}
	return w.archive.Cluster().Landed(ctx, w.conn, wants...)
}

// responsesLanded is landed for raw responses.
func (w *Writer) responsesLanded(ctx context.Context, some []Response) error {
	ids := native.Each(some, func(r *Response) uint64 { return r.ID })
	return w.archive.Cluster().Landed(ctx, w.conn, cluster.Want{
		Table: "raw_responses", Count: "uniqExact(response_id)", Condition: "response_id IN " + sqltext.IDs(ids), Rows: uint64(len(ids)),
	})
}

// among is the SQL of: a load is one of ids, which are consecutive.
func among(ids []uint64) string {
	return fmt.Sprintf("load_id BETWEEN %d AND %d", ids[0], ids[len(ids)-1])
}

// sent counts the rows of the buffer by table, without the sums of streams.
func (b *buffer) sent() map[string]int {
	samples := 0
	for i := range b.samples.runs {
		samples += b.samples.runs[i].Rows
	}
	all := map[string]int{
		native.SamplesTable: samples, "rooms_data": len(b.rooms), "user_sessions_data": len(b.sessions),
		"user_events_data": len(b.events), "unusual_events_data": len(b.unusual), "daily_scale_data": len(b.days),
	}
	for i := range b.statistics {
		all[b.statistics[i].of.of.unit.Kind.Relation()+"_data"]++
	}
	return all
}

package load

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/native"
)

// statementOf returns what the key of a unit says: the product or statement, and the day.
func statementOf(r *statisticRow) (name string, day time.Time) {
	u := r.of.of.unit
	name, _, _ = strings.Cut(u.Key, " ")
	day, _, _ = call.SpanOf(u)
	return name, day
}

// insertStatistics inserts the rows of the four tables.
func (w *Writer) insertStatistics(ctx context.Context, rows []statisticRow) error {
	of := map[call.UnitKind][]statisticRow{}
	for _, r := range rows {
		of[r.of.of.unit.Kind] = append(of[r.of.of.unit.Kind], r)
	}
	for _, kind := range []call.UnitKind{call.UnitUsage, call.UnitRoomUsage, call.UnitMarket, call.UnitRealtime} {
		if some := of[kind]; len(some) > 0 {
			columns, fill := columnsOf(kind)
			err := w.insertBlock(ctx, kind.Relation()+"_data", columns, func(in *native.Columns) {
				unitColumns(in, some, func(r *statisticRow) *half { return r.of })
				fill(in, some)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// columnsOf returns the columns of a kind of statistics, and what fills them.
func columnsOf(k call.UnitKind) (names string, fill func(*native.Columns, []statisticRow)) {
	name := func(r *statisticRow) string {
		name, _ := statementOf(r)
		return name
	}
	day := func(r *statisticRow) time.Time {
		_, day := statementOf(r)
		return day
	}
	number := func(r *statisticRow) *float64 {
		if r.Text != "" {
			return nil
		}
		return &r.Value
	}
	switch k {
	case call.UnitUsage:
		return "product, day, time_key, starts_at, usage_key, value, unit, text", func(in *native.Columns, rows []statisticRow) {
			native.Add(in, rows, name)
			native.Add(in, rows, day)
			native.Add(in, rows, func(r *statisticRow) string { return r.TimeKey })
			native.Add(in, rows, func(r *statisticRow) *time.Time { return native.OrNull(r.At) })
			native.Add(in, rows, func(r *statisticRow) string { return r.Name })
			native.Add(in, rows, number)
			native.Add(in, rows, func(r *statisticRow) string {
				s, _ := call.StatementOf(r.of.of.unit)
				return s.Unit
			})
			native.Add(in, rows, func(r *statisticRow) string { return r.Text })
		}
	case call.UnitRoomUsage:
		return "day, room_id, line, usage_key, value, text", func(in *native.Columns, rows []statisticRow) {
			native.Add(in, rows, day)
			native.Add(in, rows, func(r *statisticRow) string { return r.RoomID })
			native.Add(in, rows, func(r *statisticRow) uint32 { return r.Line })
			native.Add(in, rows, func(r *statisticRow) string { return r.Name })
			native.Add(in, rows, number)
			native.Add(in, rows, func(r *statisticRow) string { return r.Text })
		}
	}
	return "statement, ts, metric, value", func(in *native.Columns, rows []statisticRow) {
		native.Add(in, rows, name)
		native.Add(in, rows, func(r *statisticRow) time.Time { return r.At })
		native.Add(in, rows, func(r *statisticRow) string { return r.Name })
		native.Add(in, rows, func(r *statisticRow) float64 { return r.Value })
	}
}

// sortStatistics puts rows into the order of their tables' keys, as far as it matters.
func sortStatistics(rows []statisticRow) {
	slices.SortStableFunc(rows, func(x, y statisticRow) int {
		u, v := x.of.of.unit, y.of.of.unit
		return cmp.Or(
			cmp.Compare(u.Kind, v.Kind), cmp.Compare(u.App, v.App), cmp.Compare(u.Key, v.Key), cmp.Compare(x.RoomID, y.RoomID),
			cmp.Compare(x.Line, y.Line), cmp.Compare(x.Name, y.Name), x.At.Compare(y.At),
		)
	})
}

// statisticsOf reads the numbers of a unit from loads.
func (w *Writer) statisticsOf(ctx context.Context, u call.Unit, loads []uint64) (all []call.Statistic, err error) {
	from := " FROM " + u.Kind.Relation() + "_data WHERE sdk_app_id = ?" + w.archive.Cluster().Here() + " AND load_id IN (?)"
	what, args := "statistics of "+u.Key, []any{uint32(u.App), loads}
	var x call.Statistic
	each := func() {
		x.At = x.At.UTC()
		if x.At.Unix() == 0 { // ClickHouse has no other value for no time
			x.At = time.Time{}
		}
		all = append(all, x)
	}
	switch u.Kind {
	case call.UnitUsage:
		err = native.Read(ctx, w.conn, what, "SELECT time_key, ifNull(starts_at, toDateTime(0, 'UTC')), usage_key, ifNull(value, 0), text"+from+" ORDER BY ALL", args, each,
			&x.TimeKey, &x.At, &x.Name, &x.Value, &x.Text)
	case call.UnitRoomUsage:
		err = native.Read(ctx, w.conn, what, "SELECT room_id, line, usage_key, ifNull(value, 0), text"+from+" ORDER BY line, usage_key", args, each,
			&x.RoomID, &x.Line, &x.Name, &x.Value, &x.Text)
	default:
		err = native.Read(ctx, w.conn, what, "SELECT ts, metric, value"+from+" ORDER BY ALL", args, each, &x.At, &x.Name, &x.Value)
	}
	return all, err
}

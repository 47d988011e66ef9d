package main

import (
	"context"
	"fmt"
	"time"
)

// peer is another way of getting the same rows into the table.
type peer struct {
	name  string
	about string
	calls int // of the full shape a round; others in proportion
	run   func(b *bench, ctx context.Context, v *vendor) error
	goal  [2]float64 // most that ours may take of its processor time and wall time; 0: any
}

var peers = []peer{
	{"engine", "the engine's own INSERT … SELECT of the same rows from a Memory table", 30, func(b *bench, ctx context.Context, _ *vendor) error { return b.engine(ctx) }, [2]float64{mostWay, 1.9}},
	{"SQL", "INSERT … SELECT FROM url(…, JSONEachRow, nested Tuple) ARRAY JOIN, 2 threads", 6, (*bench).sql, [2]float64{0.5, 0.5}},
	{"naive Go", "encoding/json into the SDK's types, clickhouse-go row by row", 3, (*bench).naive, [2]float64{0.1, 0}},
}

// wholeWay measures from the HTTP body to committed rows.
func (b *bench) wholeWay(ctx context.Context, t *text) error {
	t.f("## From the HTTP body to committed rows\n\n")
	t.f("Ours is a whole run: lease, history, lists, users, series, ledger, commit; its processor time is that of\nclient and server. The vendor is a process of its own that serves bodies from memory over\nHTTP; its time is not counted, but it shares the cores. Merges are stopped: they come later,\nand are the same for all. Raw responses are not kept here.\n\n")
	rows := [][]string{{"calls", "peer", "ours, M points/s", "ours, ns CPU a point: client / server", "peer, ns CPU a point: client / server", "CPU, ours : peer", "goal", "wall, ours : peer", "goal"}}
	for _, s := range shapes {
		for _, p := range peers {
			if !wanted(b.only.shapes, s.Name) || !wanted(b.only.peers, p.name) {
				continue
			}
			b.log("%s beside %s", s.Name, p.name)
			row, err := b.against(ctx, s.of(max(1, s.Calls*p.calls/30)), p)
			if err != nil {
				return fmt.Errorf("%s beside %s: %w", s.Name, p.name, err)
			}
			rows = append(rows, row)
			b.log("%v", row)
		}
	}
	t.table(rows)
	for _, s := range shapes {
		t.f("- %s: %s; %d points, %.1f MB a call\n", s.Name, s.About, s.points(), float64(len(s.body(0).Series()))/1e6)
	}
	for _, p := range peers {
		t.f("- %s: %s\n", p.name, p.about)
	}
	t.f("\n")
	return nil
}

// compare measures ours beside a peer.
func (b *bench) compare(ctx context.Context, s shape, p peer) (xs, ys []cost, err error) {
	v, err := startVendor(s)
	if err != nil {
		return nil, nil, err
	}
	defer v.close()
	ours := func(ctx context.Context) error { return b.ours(ctx, v, 0) }
	if _, err := b.measure(ctx, ours); err != nil { // warm, and the engine's rows
		return nil, nil, err
	}
	if p.name == "engine" {
		if err := b.engineTable(ctx); err != nil {
			return nil, nil, err
		}
		defer b.exec(context.WithoutCancel(ctx), "DROP TABLE in_memory SYNC")
	}
	return b.pairs(ctx, ours, func(ctx context.Context) error { return b.checked(ctx, v, p) })
}

// against is the row of the report about ours beside a peer.
func (b *bench) against(ctx context.Context, s shape, p peer) ([]string, error) {
	xs, ys, err := b.compare(ctx, s, p)
	if err != nil {
		return nil, err
	}
	points := float64(s.Calls * s.points())
	ns := func(costs []cost) string {
		of := func(f func(cost) time.Duration) float64 { return median(each(costs, f)) / points * 1e9 }
		return fmt.Sprintf("%.0f / %.0f", of(func(c cost) time.Duration { return c.client }), of(func(c cost) time.Duration { return c.server }))
	}
	return []string{
		fmt.Sprintf("%d × %s", s.Calls, s.Name), p.name,
		fmt.Sprintf("%.1f", points/median(each(xs, wall))/1e6), ns(xs), ns(ys),
		fmt.Sprintf("**%.2f**", ratio(xs, ys, cost.cpu)), goal(p.goal[0]),
		fmt.Sprintf("**%.2f**", ratio(xs, ys, wall)), goal(p.goal[1]),
	}, nil
}

// checked runs a peer and sees that it has inserted all rows.
func (b *bench) checked(ctx context.Context, v *vendor, p peer) error {
	if err := p.run(b, ctx, v); err != nil {
		return err
	}
	n, err := b.number(ctx, "SELECT count() FROM quality_samples_data")
	if want := v.Calls * v.points(); err == nil && int(n) != want {
		err = fmt.Errorf("%s has inserted %d rows, want %d", p.name, int(n), want)
	}
	return err
}

func goal(most float64) string {
	if most == 0 {
		return ""
	}
	return fmt.Sprintf("≤ %g", most)
}

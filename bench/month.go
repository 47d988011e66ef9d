package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/upkeep"
)

// The month that is simulated.
const (
	monthDays     = 30
	monthCallsDay = 10 // new calls of each day
)

// month measures what the passes of a month leave in ClickHouse to be merged, mutated
// and parsed, with the schedules as they are: a whole pass each night, and each hour one
// over what expires. The clock of the vendor and of the passes is virtual.
func (b *bench) month(ctx context.Context, t *text) error {
	began := time.Now().Add(-monthDays * 24 * time.Hour).UTC().Truncate(24 * time.Hour)
	now := began
	clock := func() time.Time { return now }
	vendor, err := simulator.New(simulator.Options{
		Seed: 7, Calls: 14 * monthCallsDay, Ahead: monthDays * 24 * time.Hour, Mix: simulator.MixOneToOne, Began: began, Now: clock, QPS: -1,
	})
	if err != nil {
		return err
	}
	server := httptest.NewServer(vendor)
	defer server.Close()
	err = b.exec(ctx, "SYSTEM START MERGES quality_samples_data") // which mutations are held up by
	if err == nil {
		err = b.empty(ctx)
	}
	if err != nil {
		return err
	}
	account := config.Account{
		SecretID: vendor.SecretID(), SecretKey: config.Secret(vendor.SecretKey()), Region: "ap-singapore", Endpoint: server.URL, API: "auto",
		Apps: []config.AppID{config.AppID(simulator.DefaultApp)}, Retention: config.Duration(14 * 24 * time.Hour), QPS: 1e6,
	}
	options := archive.Options{Memory: config.DefaultMemory.Shares(), Raw: 30 * 24 * time.Hour, Settle: 15 * time.Minute, Lease: 30 * time.Second}
	pass := func(expiring time.Duration) error {
		run, err := archive.New(options, archive.Scope{Accounts: []config.Account{account}, Expiring: expiring}, runs.Origin{})
		if err != nil {
			return err
		}
		run.Now = clock
		_, err = run.Do(ctx, b.store, extract.NoProgress{})
		return err
	}
	if err := pass(0); err != nil { // the first night fetches the window
		return err
	}
	kinds := []*monthly{{name: "hourly pass, of what expires"}, {name: "nightly pass"}, {name: "daily purge"}}
	for hour := range monthDays * 24 {
		now = began.Add(time.Duration(hour)*time.Hour + 17*time.Minute)
		if err := kinds[0].add(ctx, b, func() error { return pass(24 * time.Hour) }); err != nil {
			return err
		}
		if hour%24 != 3 {
			continue
		}
		now = now.Add(13 * time.Minute)
		if err := kinds[1].add(ctx, b, func() error { return pass(0) }); err != nil {
			return err
		}
		purge := func() error { _, err := upkeep.Purge(ctx, b.store); return err } // which goes by the server's clock
		if err := kinds[2].add(ctx, b, purge); err != nil {
			return err
		}
		b.log("day %d of %d", hour/24+1, monthDays)
	}
	t.f("## A month of passes\n\n%d days of %d calls of two, passes by the built-in schedules, a virtual clock. What they ask\nof ClickHouse, and leave it to merge, each and in all:\n\n", monthDays, monthCallsDay)
	rows := [][]string{{"", "how often", "queries", "new parts", "mutations", "time, with the vendor's answers"}}
	for _, k := range kinds {
		n := float64(k.times)
		rows = append(rows, []string{k.name, fmt.Sprint(k.times),
			fmt.Sprintf("%.1f (%.0f)", k.queries/n, k.queries), fmt.Sprintf("%.1f (%.0f)", k.parts/n, k.parts), fmt.Sprintf("%.1f (%.0f)", k.mutations/n, k.mutations),
			fmt.Sprintf("%.2f s", k.took.Seconds()/n)})
	}
	t.table(rows)
	return nil
}

// monthly is what one kind of work does to ClickHouse.
type monthly struct {
	name                      string
	times                     int
	queries, parts, mutations float64
	took                      time.Duration
}

func (m *monthly) add(ctx context.Context, b *bench, work func() error) error {
	const q = "SELECT [sumIf(value, event = 'Query'), sumIf(value, event = 'MergeTreeDataWriterBlocks'), assumeNotNull((SELECT count() FROM system.mutations))] FROM system.events"
	var before, after []uint64
	if err := b.store.Conn().QueryRow(ctx, q).Scan(&before); err != nil {
		return err
	}
	began := time.Now()
	if err := work(); err != nil {
		return err
	}
	m.took += time.Since(began)
	if err := b.store.Conn().QueryRow(ctx, q).Scan(&after); err != nil {
		return err
	}
	m.times++
	m.queries += float64(after[0] - before[0] - 1)
	m.parts += float64(after[1] - before[1])
	m.mutations += float64(after[2] - before[2])
	return nil
}

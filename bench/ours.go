package main

import (
	"context"
	"fmt"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/ledger"
)

// ours is callvault's way: a whole run over the calls of the vendor, without events,
// which are a request a user and few rows.
func (b *bench) ours(ctx context.Context, v *vendor, keepRaw time.Duration) error {
	account := config.Account{
		SecretID: "id", SecretKey: "key", Region: "ap-singapore", Endpoint: v.url, API: "current",
		Apps: []config.AppID{app}, Retention: config.Duration(14 * 24 * time.Hour), QPS: 1e6,
	}
	options := archive.Options{
		Memory: config.DefaultMemory.Shares(), Raw: keepRaw, Skip: extract.Skip{UnusualEvents: true, DailyScale: true}, Events: ledger.EventsOfNobody,
		Settle: 15 * time.Minute, Lease: 30 * time.Second,
	}
	scope := archive.Scope{
		Accounts: []config.Account{account},
		From:     began, To: began.Add(time.Duration(v.Seconds) * time.Second), // one window of the list
	}
	run, err := archive.New(options, scope, runs.Origin{})
	if err != nil {
		return err
	}
	r, err := run.Do(ctx, b.store, extract.NoProgress{})
	if err != nil {
		return err
	}
	if total, want := r.Total(), v.Calls*v.points(); total.Samples != want {
		return fmt.Errorf("%d samples of %d calls archived, want %d: %v", total.Samples, total.Archived, want, total.Failures)
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/load"
)

// archive is what a pass writes to, as the program has it.
type archive struct {
	*load.Writer
	store *load.Store
}

func (a *archive) Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]extract.Held, error) {
	held := map[string]extract.Held{}
	f := load.LedgerFilter{App: app, Kind: kind, Keys: keys}
	err := a.store.Ledger(ctx, f, func(e load.Entry) { held[e.Unit.Key] = extract.Held{Entry: e.Entry, Waiting: e.Waiting} })
	return held, err
}

func (a *archive) Overdue(context.Context, call.AppID, time.Time) ([]call.Entry, error) {
	return nil, nil
}

func (a *archive) ListedUntil(context.Context, call.AppID) (time.Time, error) {
	return time.Time{}, nil
}

func (a *archive) Keep(ctx context.Context, app call.AppID, x extract.Answer) (uint64, error) {
	request, err := x.Request.JSON()
	if err != nil {
		return 0, err
	}
	return a.KeepResponse(ctx, load.Response{App: app, Action: x.Request.Action, Request: request, Body: x.Body, Asked: x.Asked, Recycle: x.Recycle})
}

// ours is callvault's way: a whole pass over the calls of the vendor.
func (b *bench) ours(ctx context.Context, v *vendor, keepRaw time.Duration) error {
	memory := config.DefaultMemory.Shares()
	client, err := trtc.New(trtc.Options{Credential: common.NewCredential("id", "key"), Region: "ap-singapore", Endpoint: v.url, Spare: int(memory.Spare)})
	if err != nil {
		return err
	}
	limits := quota.New(quota.Options{PerSecond: 1e6, Budget: quota.NewBudget(memory.Answers)})
	w := b.store.NewWriter("bench", load.WriterOptions{MaxBytes: int(memory.Rows), KeepRaw: keepRaw})
	a := &archive{w, b.store}
	p := &extract.Pass{
		Asker:  extract.NewAsker(client, trtc.Current(), limits, extract.DefaultAttempts()),
		Ledger: a, Archive: a, Samples: w.Samples, App: app, Now: time.Now, Progress: extract.NoProgress{},
		Retention: 14 * 24 * time.Hour, Settle: 15 * time.Minute,
		From: began, To: began.Add(time.Duration(v.Seconds) * time.Second), // one window of the list
		Skip: extract.Skip{UserEvents: true, UnusualEvents: true, DailyScale: true}, // events: a request a user, and few rows
	}
	r, err := p.Run(ctx)
	if err != nil {
		return err
	}
	if err := w.Close(ctx); err != nil {
		return err
	}
	if want := v.Calls * v.points(); r.Samples != want {
		return fmt.Errorf("%d samples of %d calls archived, want %d: %v", r.Samples, r.Archived, want, r.Failures)
	}
	return nil
}

package archive

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/forecast"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/load/store"
)

// Plan is the forecast of a pass over all applications.
type Plan struct {
	Calls    int            `json:"calls"`
	Due      int            `json:"due"`
	Waiting  int            `json:"waiting"` // of these, visible calls that wait for data because the vendor answered null
	Exact    bool           `json:"exact"`
	Sampled  int            `json:"sampled"`
	Requests map[string]int `json:"requests"`
	Asked    map[string]int `json:"asked"` // requests made for the forecast
	Seconds  float64        `json:"seconds"`
	// SecondsWithout is the time without a relation, if leaving it out saves time.
	SecondsWithout map[string]float64 `json:"seconds_without"`
	Notes          []string           `json:"notes,omitempty"`
	Expiring       int                `json:"expiring"`
	FirstExpiring  *time.Time         `json:"first_expiring"`
	Deadline       *time.Time         `json:"deadline"` // of the most urgent call

	Rates map[string]float64 `json:"-"` // requests a second, by action
}

// Plan forecasts every application and adds up the forecasts. It changes nothing. A nil
// store stands for an archive that does not exist yet.
func (j *Run) Plan(ctx context.Context, store *store.Store, progress extract.Progress) (*Plan, error) {
	w, err := j.known(ctx, store)
	if err != nil {
		return nil, err
	}
	p := &Plan{Requests: map[string]int{}, Asked: map[string]int{}, Exact: true, Rates: map[string]float64{}}
	if err := j.Detect(ctx); err != nil {
		return nil, err
	}
	if len(j.Refused) > 0 {
		return nil, j.Refused[0]
	}
	for _, c := range j.Clients {
		for _, app := range c.Settings.Apps {
			f, err := j.PassOver(c, call.AppID(app), w, progress).Forecast(ctx, c.rate)
			if err != nil {
				return nil, err
			}
			p.add(f, c)
		}
	}
	p.Seconds = p.duration("")
	p.SecondsWithout = p.savings(j)
	return p, nil
}

// known returns the ledger of an archive, which may be empty.
func (j *Run) known(ctx context.Context, store *store.Store) (extract.Ledger, error) {
	if store == nil {
		return blank{}, nil
	}
	err := connect.Migrated(ctx, store)
	switch {
	case errors.Is(err, connect.ErrNoArchive):
		return blank{}, nil
	case err != nil:
		return nil, err
	}
	return LedgerOf(store), nil
}

// pacing is the margin that the turnstile keeps below the quota.
const pacing = 1.02

// rate returns how many requests of an action leave in a second.
func (c *Account) rate(action string) float64 {
	perSecond := (c.Settings.QPS - c.Settings.Reserve) / pacing
	if interval := c.asker.Load().Dialect().MinInterval(action); interval > 0 {
		perSecond *= float64(time.Second) / float64(interval) / 20
	}
	return perSecond
}

func (p *Plan) add(f forecast.Forecast, c *Account) {
	p.Calls += f.Calls
	p.Due += f.Due
	p.Waiting += f.Waiting
	p.Sampled += f.Sampled
	p.Exact = p.Exact && f.Exact
	p.Expiring += f.Expiring
	p.Notes = append(p.Notes, f.Notes...)
	for action, n := range f.Requests {
		if n > 0 {
			p.Requests[action] += n
			p.Rates[action] = c.rate(action)
		}
	}
	for action, n := range f.Asked {
		p.Asked[action] += n
	}
	earliest(&p.FirstExpiring, f.FirstExpiring)
	earliest(&p.Deadline, f.Deadline)
}

func earliest(have **time.Time, t time.Time) {
	if !t.IsZero() && (*have == nil || t.Before(**have)) {
		*have = &t
	}
}

// duration returns how many seconds the requests take, without those of one action.
func (p *Plan) duration(without string) float64 {
	requests := maps.Clone(p.Requests)
	delete(requests, without)
	return forecast.Seconds(requests, func(action string) float64 { return p.Rates[action] })
}

// savings returns what leaving out a relation saves, if that is more than a tenth.
func (p *Plan) savings(j *Run) map[string]float64 {
	saved := map[string]float64{}
	for _, c := range j.Clients {
		d := c.asker.Load().Dialect()
		for relation, action := range map[string]string{"user_events": d.UserEvents, "unusual_events": d.Unusual} {
			if s := p.duration(action); s < 0.9*p.Seconds {
				saved[relation] = s
			}
		}
	}
	return saved
}

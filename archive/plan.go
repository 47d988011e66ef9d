package archive

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/forecast"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/visible"
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

	// Daily is what the calls of a day take, by account and action, the largest part of the
	// quota first.
	Daily []Daily `json:"daily"`
	Fewer int     `json:"calls_with_fewer_events"` // archived calls to which events are added

	Rates map[string]float64 `json:"-"` // requests a second, by action
}

// Daily is what the calls of a day take of one action.
type Daily struct {
	Account  string `json:"account"`
	Action   string `json:"action"`
	Requests int    `json:"requests"`
	Quota    int    `json:"quota"`         // requests that the quota allows in a day
	Try      string `json:"try,omitempty"` // a setting that needs fewer
}

// Share returns the part of the quota that a day takes.
func (d Daily) Share() float64 { return float64(d.Requests) / float64(max(d.Quota, 1)) }

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
			pass := j.PassOver(c, call.AppID(app), w, progress)
			if _, empty := w.(blank); !empty {
				if err := j.knowEvents(ctx, store, pass); err != nil {
					return nil, err
				}
			}
			f, err := pass.Forecast(ctx, c.rate)
			if err != nil {
				return nil, err
			}
			p.add(f, c)
		}
	}
	slices.SortStableFunc(p.Daily, func(a, b Daily) int { return cmp.Compare(b.Share(), a.Share()) })
	for i, d := range p.Daily {
		p.Daily[i].Try = j.fewer(d.Action)
	}
	p.Seconds = p.duration("")
	p.SecondsWithout = p.savings(j)
	return p, nil
}

// judgedCalls is the number of archived calls of which a forecast looks up who had trouble.
const judgedCalls = 500

// knowEvents lets a forecast know how many users have trouble, and what archived calls lack.
func (j *Run) knowEvents(ctx context.Context, store *store.Store, p *extract.Pass) error {
	p.Fewer = func(ctx context.Context, than ledger.EventsOf, now time.Time) (calls, users int, err error) {
		err = store.Retry(ctx, func(ctx context.Context) (err error) {
			calls, users, err = visible.Fewer(ctx, store, p.App, than.Below(), now)
			return err
		})
		return calls, users, err
	}
	return store.Retry(ctx, func(ctx context.Context) (err error) {
		p.Trouble, err = visible.Trouble(ctx, store, p.App, j.Now().Add(-latest), judgedCalls)
		return err
	})
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
	p.Fewer += f.Fewer
	for action, n := range f.Daily {
		p.addDaily(action, n, c)
	}
	for action, n := range f.Asked {
		p.Asked[action] += n
	}
	earliest(&p.FirstExpiring, f.FirstExpiring)
	earliest(&p.Deadline, f.Deadline)
}

// addDaily adds what the calls of a day take to those of the account's other applications.
func (p *Plan) addDaily(action string, n int, c *Account) {
	if n == 0 {
		return
	}
	i := slices.IndexFunc(p.Daily, func(d Daily) bool { return d.Account == c.Settings.Name && d.Action == action })
	if i < 0 {
		i = len(p.Daily)
		day := c.rate(action) * pacing * 24 * 60 * 60
		p.Daily = append(p.Daily, Daily{Account: c.Settings.Name, Action: action, Quota: int(math.Round(day))})
	}
	p.Daily[i].Requests += n
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

// fewer returns a setting with which an action is asked less; "" if there is none.
func (j *Run) fewer(action string) string {
	for _, c := range j.Clients {
		d := c.asker.Load().Dialect()
		switch {
		case action == d.UserEvents && j.Options.Events == ledger.EventsOfTroubled:
			return "CALLVAULT_USER_EVENTS=off"
		case action == d.UserEvents:
			return "CALLVAULT_USER_EVENTS=troubled"
		case action == d.Unusual:
			return "CALLVAULT_SKIP=unusual_events"
		}
	}
	return ""
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

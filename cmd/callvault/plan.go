package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load"
)

func (c *cli) planCmd() *cobra.Command {
	var n narrow
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what the next pass will ask, how long it takes and what expires before",
		Long: `List the calls in the retention window, look at those that the archive does not
hold (at the sessions of at most 500 of them for each application, and at some
hours of unusual events), and tell what archiving them will cost: requests of
each action, the time at the quota, and which calls the vendor begins to drop
before their turn. Nothing is archived.`,
		Example: `  callvault plan
  callvault plan --app 1400353843 --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.plan(cmd.Context(), n, asJSON) },
	}
	n.flags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// planned is the forecast of a pass over all applications.
type planned struct {
	Calls    int            `json:"calls"`
	Due      int            `json:"due"`
	Waiting  int            `json:"waiting"` // of these, calls that are visible but for what was null where it is due
	Exact    bool           `json:"exact"`
	Sampled  int            `json:"sampled"`
	Requests map[string]int `json:"requests"`
	Asked    map[string]int `json:"asked"` // to know
	Seconds  float64        `json:"seconds"`
	// SecondsWithout is how long it takes without a relation, where that helps.
	SecondsWithout map[string]float64 `json:"seconds_without"`
	Notes          []string           `json:"notes,omitempty"`
	Expiring       int                `json:"expiring"`
	FirstExpiring  *time.Time         `json:"first_expiring"`
	Deadline       *time.Time         `json:"deadline"` // of the most urgent call

	rates map[string]float64
}

func (c *cli) plan(ctx context.Context, n narrow, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	job, err := newJob(cfg, n, time.Now())
	if err != nil {
		return err
	}
	if err := job.connect(ctx); err != nil {
		return err
	}
	store, done, err := c.openArchive(ctx, cfg)
	if err != nil {
		return err
	}
	defer done()
	watch := c.screen().Watch()
	p, err := job.plan(ctx, store, watch)
	watch.Close()
	if err != nil {
		return err
	}
	if asJSON {
		return c.screen().JSON(p)
	}
	c.printPlan(p)
	return nil
}

// plan forecasts every application and adds up.
func (j *job) plan(ctx context.Context, store *load.Store, progress extract.Progress) (*planned, error) {
	sch, err := schemaOf(store, j.cfg)
	if err != nil {
		return nil, err
	}
	if _, err := sch.Up(ctx); err != nil {
		return nil, err
	}
	w := readOnly(store)
	p := &planned{Requests: map[string]int{}, Asked: map[string]int{}, Exact: true, rates: map[string]float64{}}
	if err := j.detect(ctx); err != nil {
		return nil, err
	}
	if len(j.refused) > 0 {
		return nil, j.refused[0]
	}
	for _, c := range j.clients {
		for _, app := range c.account.Apps {
			f, err := j.passOver(c, call.AppID(app), w, progress).Forecast(ctx, c.rate)
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

// pacing is by how much the turnstile stays below the quota, to be sure.
const pacing = 1.02

// rate is how many requests of an action leave in a second.
func (c *client) rate(action string) float64 {
	perSecond := (c.account.QPS - c.account.Reserve) / pacing
	if interval := c.asker.Load().Dialect().MinInterval(action); interval > 0 {
		perSecond *= float64(time.Second) / float64(interval) / 20
	}
	return perSecond
}

func (p *planned) add(f extract.Forecast, c *client) {
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
			p.rates[action] = c.rate(action)
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

// duration is how long the requests take, but for those of one action.
func (p *planned) duration(without string) float64 {
	longest := 0.0
	for action, n := range p.Requests {
		if action != without {
			longest = max(longest, float64(n)/p.rates[action])
		}
	}
	return longest
}

// savings are what leaving out a relation saves, if that is more than a tenth.
func (p *planned) savings(j *job) map[string]float64 {
	saved := map[string]float64{}
	for _, c := range j.clients {
		d := c.asker.Load().Dialect()
		for relation, action := range map[string]string{"user_events": d.UserEvents, "unusual_events": d.Unusual} {
			if s := p.duration(action); s < 0.9*p.Seconds {
				saved[relation] = s
			}
		}
	}
	return saved
}

func (c *cli) printPlan(p *planned) {
	for _, note := range p.Notes {
		fmt.Fprintln(c.stderr, "callvault:", note)
	}
	t := ui.NewTable("action", "requests", "at quota")
	ui.Numbers(t, 2, 3)
	actions := slices.SortedFunc(maps.Keys(p.Requests), func(a, b string) int { return cmp.Compare(p.Requests[b], p.Requests[a]) })
	for _, a := range actions {
		t.AppendRow(table.Row{a, words.Comma(p.Requests[a]), ui.Seconds(float64(p.Requests[a]) / p.rates[a])})
	}
	how := "every one was looked at"
	if !p.Exact {
		how = fmt.Sprintf("%s were looked at", words.Comma(p.Sampled))
	}
	fmt.Fprintf(c.stdout, "%s calls in the window, %s to archive (%s)\n%s\n", words.Comma(p.Calls), words.Comma(p.Due), how, t.Render())
	if p.Waiting > 0 {
		fmt.Fprintf(c.stdout, "%s of them are archived, and wait for data that the vendor has not sent\n", words.Comma(p.Waiting))
	}
	fmt.Fprintf(c.stdout, "takes about %s, as actions flow at the same time\n", ui.Seconds(p.Seconds))
	if p.Deadline != nil {
		fmt.Fprintf(c.stdout, "the vendor begins to drop the most urgent of them %s\n", humanize.Time(*p.Deadline))
	}
	if p.Expiring > 0 {
		fmt.Fprintf(c.stdout, "%s of them begin to expire before their turn, the first %s\n", words.Comma(p.Expiring), humanize.Time(*p.FirstExpiring))
		for _, relation := range slices.Sorted(maps.Keys(p.SecondsWithout)) {
			fmt.Fprintf(c.stdout, "  without %s it takes %s: CALLVAULT_SKIP=%s\n", relation, ui.Seconds(p.SecondsWithout[relation]), relation)
		}
	}
}

package ui

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/words"
)

// Plan prints what the next pass will ask.
func (c Screen) Plan(p *archive.Plan) {
	if c.Quiet {
		return
	}
	for _, note := range p.Notes {
		c.Errorf("%s", note)
	}
	t := newTable("action", "requests", "at quota")
	numbers(t, 2, 3)
	actions := slices.SortedFunc(maps.Keys(p.Requests), func(a, b string) int { return cmp.Compare(p.Requests[b], p.Requests[a]) })
	for _, a := range actions {
		t.AppendRow(table.Row{a, words.Comma(p.Requests[a]), seconds(float64(p.Requests[a]) / p.Rates[a])})
	}
	how := "every one was looked at"
	if !p.Exact {
		how = fmt.Sprintf("%s were looked at", words.Comma(p.Sampled))
	}
	fmt.Fprintf(c.Out, "%s calls in the window, %s to archive (%s)\n%s\n", words.Comma(p.Calls), words.Comma(p.Due), how, t.Render())
	if p.Waiting > 0 {
		fmt.Fprintf(c.Out, "%s of them are archived, and wait for data that the vendor has not sent\n", words.Comma(p.Waiting))
	}
	fmt.Fprintf(c.Out, "takes about %s, as actions flow at the same time\n", seconds(p.Seconds))
	if p.Fewer > 0 {
		fmt.Fprintf(c.Out, "events are added to %s archived calls\n", words.Comma(p.Fewer))
	}
	c.daily(p.Daily)
	if p.Deadline != nil {
		fmt.Fprintf(c.Out, "the vendor begins to drop the most urgent of them %s\n", humanize.Time(*p.Deadline))
	}
	if p.Expiring > 0 {
		fmt.Fprintf(c.Out, "%s of them begin to expire before their turn, the first %s\n", words.Comma(p.Expiring), humanize.Time(*p.FirstExpiring))
		for _, relation := range slices.Sorted(maps.Keys(p.SecondsWithout)) {
			setting := "CALLVAULT_SKIP=" + relation
			if relation == "user_events" {
				setting = "CALLVAULT_USER_EVENTS=off"
			}
			fmt.Fprintf(c.Out, "  without %s it takes %s: %s\n", relation, seconds(p.SecondsWithout[relation]), setting)
		}
	}
}

// daily prints what the calls of a day take: of the action that takes the largest part of the
// quota, and of others that take half of it.
func (c Screen) daily(all []archive.Daily) {
	for i, d := range all {
		if i > 0 && d.Share() < 0.5 {
			return
		}
		try := ""
		if d.Share() >= 0.5 && d.Try != "" {
			try = "\n  fewer with " + words.Line(d.Try)
		}
		fmt.Fprintf(c.Out, "a day's calls take about %s requests of %s,\n  %.0f %% of the %s a day that the quota allows%s\n",
			words.Comma(d.Requests), words.Line(d.Action), math.Ceil(100*d.Share()), words.Comma(d.Quota), try)
	}
}

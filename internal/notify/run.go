package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/words"
)

// telling bounds the query for the run before.
const telling = 10 * time.Second

// Tell sends an event about a run that has ended, if there is a reason: a loss, a failure
// that the run before did not have, or a recovery. earlier are the runs of which r is
// another attempt; they do not count as the run before.
func Tell(ctx context.Context, w Webhook, h History, r runs.Run, earlier ...string) error {
	if w.URL == "" {
		return nil
	}
	look, cancel := context.WithTimeout(ctx, telling)
	before := outcomeBefore(look, h, r, earlier)
	cancel()
	kind := eventOf(r, before)
	if kind == "" {
		return nil
	}
	return w.Send(ctx, Event{
		Event: kind, Text: textOf(kind, r), Command: r.Command, Schedule: r.Schedule, RunID: r.ID,
		Outcome: string(r.Outcome), Reason: words.Line(r.Reason), Started: r.Started, Ended: r.Ended,
		Archived: r.Counts.Calls, Failed: r.Counts.Failed, Lost: r.Counts.Lost, Host: r.Host, Version: r.Version,
	})
}

// History is the history of runs.
type History interface {
	Runs(context.Context, runs.Filter) ([]runs.Run, error)
}

// telltale are the outcomes that say something about the archive.
var telltale = []runs.Outcome{runs.Done, runs.Partial, runs.Failed, runs.Died}

// outcomeBefore returns the outcome of the run before r and the earlier attempts, of the
// same command and schedule. It returns "" if there was none or it cannot be found out.
func outcomeBefore(ctx context.Context, h History, r runs.Run, earlier []string) runs.Outcome {
	all, err := h.Runs(ctx, runs.Filter{Command: r.Command, Schedule: &r.Schedule, Outcomes: telltale, Limit: 2 + len(earlier)})
	if err != nil {
		return ""
	}
	for _, x := range all {
		if x.ID != r.ID && !slices.Contains(earlier, x.ID) {
			return x.Outcome
		}
	}
	return ""
}

// eventOf returns the kind of event for a run, or "".
func eventOf(r runs.Run, before runs.Outcome) string {
	switch {
	case r.Counts.Lost > 0:
		return Loss
	case (r.Outcome == runs.Failed || r.Outcome == runs.Partial) && r.Outcome != before:
		return Failure
	case r.Outcome == runs.Done && (before == runs.Failed || before == runs.Partial || before == runs.Died):
		return Recovery
	}
	return ""
}

// textOf returns the text of an event for people. Every text has the name of the program.
func textOf(kind string, r runs.Run) string {
	what := r.Command
	if r.Schedule != "" && r.Schedule != r.Command {
		what += " (" + r.Schedule + ")"
	}
	var b strings.Builder
	switch kind {
	case Loss:
		fmt.Fprintf(&b, "callvault %s: %s lost: the vendor dropped it before it was archived; see callvault status", what, words.Plural(int(r.Counts.Lost), "thing"))
	case Failure:
		fmt.Fprintf(&b, "callvault %s: %s: %s", what, r.Outcome, words.Line(r.Reason))
	case Recovery:
		fmt.Fprintf(&b, "callvault %s: all is well again", what)
		if r.Command == "archive" {
			fmt.Fprintf(&b, ", %s archived", words.Plural(int(r.Counts.Calls), "call"))
		}
	}
	fmt.Fprintf(&b, "\n%s, run %s", r.Host, r.ID)
	return b.String()
}

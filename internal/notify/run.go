package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load"
)

// telling bounds looking up what came before a run.
const telling = 10 * time.Second

// Tell sends what a run that has ended gives reason to say: a loss, a failure
// that the run before did not have, or that all is well again. earlier are runs of
// which it is another attempt; nothing is said of how they ended.
func Tell(ctx context.Context, w Webhook, h History, r load.Run, earlier ...string) error {
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
		Outcome: string(r.Outcome), Reason: r.Reason, Started: r.Started, Ended: r.Ended,
		Archived: r.Counts.Calls, Failed: r.Counts.Failed, Lost: r.Counts.Lost, Host: r.Host, Version: r.Version,
	})
}

// History is the history of runs.
type History interface {
	Runs(context.Context, load.RunFilter) ([]load.Run, error)
}

// telltale are the outcomes that say how the archive is.
var telltale = []load.Outcome{load.Done, load.Partial, load.Failed, load.Died}

// outcomeBefore is how the run of the same command and schedule before r and the
// earlier attempts ended; "" if there was none or that cannot be known.
func outcomeBefore(ctx context.Context, h History, r load.Run, earlier []string) load.Outcome {
	all, err := h.Runs(ctx, load.RunFilter{Command: r.Command, Schedule: &r.Schedule, Outcomes: telltale, Limit: 2 + len(earlier)})
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

// eventOf is what to tell of a run, "" if nothing.
func eventOf(r load.Run, before load.Outcome) string {
	switch {
	case r.Counts.Lost > 0:
		return Loss
	case (r.Outcome == load.Failed || r.Outcome == load.Partial) && r.Outcome != before:
		return Failure
	case r.Outcome == load.Done && (before == load.Failed || before == load.Partial || before == load.Died):
		return Recovery
	}
	return ""
}

// textOf says it to people. Every text has the name of the program in it.
func textOf(kind string, r load.Run) string {
	what := r.Command
	if r.Schedule != "" && r.Schedule != r.Command {
		what += " (" + r.Schedule + ")"
	}
	var b strings.Builder
	switch kind {
	case Loss:
		fmt.Fprintf(&b, "callvault %s: %s lost: the vendor dropped it before it was archived; see callvault status", what, words.Plural(int(r.Counts.Lost), "thing"))
	case Failure:
		fmt.Fprintf(&b, "callvault %s: %s: %s", what, r.Outcome, r.Reason)
	case Recovery:
		fmt.Fprintf(&b, "callvault %s: all is well again", what)
		if r.Command == "archive" {
			fmt.Fprintf(&b, ", %s archived", words.Plural(int(r.Counts.Calls), "call"))
		}
	}
	fmt.Fprintf(&b, "\n%s, run %s", r.Host, r.ID)
	return b.String()
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/verify"
)

// errDifferent is returned when the archive is not what the vendor says; the report
// names what differs.
const errDifferent = runs.Incomplete("the archive and the vendor differ")

// verification is what a verification has found.
type verification struct {
	RunID       string            `json:"run_id"`
	Seed        uint64            `json:"seed"`
	All         bool              `json:"all"` // calls were compared; otherwise a sample
	Started     time.Time         `json:"started"`
	Ended       time.Time         `json:"ended"`
	Apps        []*verify.Result  `json:"apps"`
	ScaleDays   int               `json:"scale_days"` // held against the archive's rows
	Warnings    []verify.Warning  `json:"scale_warnings"`
	Lacking     []verify.Lack     `json:"lacking"` // by the ledger
	Repaired    bool              `json:"repair"`
	AfterRepair []*verify.Result  `json:"after_repair"` // what was fetched anew, compared again
	Failures    []extract.Failure `json:"not_repaired"` // what the vendor could not be asked for
	Requests    map[string]int    `json:"requests"`     // of the quota, by action
	Bytes       int64             `json:"bytes_received"`
	Equal       bool              `json:"equal"`

	strict bool
	demo   bool
}

// describe fills in the history of the run that has ended.
func (r *verification) describe(run *load.Run) {
	run.Counts = load.RunCounts{Failed: uint64(len(r.differences()) + len(r.unverified()) + len(r.beyond()) + len(r.lacking()))}
	run.Complete = nil
	for _, x := range r.Apps {
		run.Counts.Calls += uint64(x.Calls)
		run.Counts.Samples += x.Rows["quality_samples"]
		run.Counts.Events += x.Rows["user_events"]
		if r.equal(x.App) {
			run.Complete = append(run.Complete, x.App)
		}
	}
}

// equal says that nothing of an application differs, or differs still, or is
// known to be lacking.
func (r *verification) equal(app call.AppID) bool {
	if slices.ContainsFunc(r.beyond(), func(w verify.Warning) bool { return w.App == app }) ||
		slices.ContainsFunc(r.lacking(), func(l verify.Lack) bool { return l.App == app }) {
		return false
	}
	of := func(x *verify.Result) bool { return x.App == app && len(x.Differences)+len(x.Unverified) > 0 }
	if r.AfterRepair != nil {
		return !slices.ContainsFunc(r.AfterRepair, of)
	}
	return !slices.ContainsFunc(r.Apps, of)
}

// setCounts also draws the conclusion.
func (r *verification) setCounts(c extract.Counts) {
	r.Requests, r.Bytes = c.Requests, c.Bytes
	r.Equal = r.err() == nil
}

func (r *verification) of(app call.AppID) *verify.Result {
	return r.Apps[slices.IndexFunc(r.Apps, func(x *verify.Result) bool { return x.App == app })]
}

// mendable says that a repair has something to do.
func (r *verification) mendable() bool {
	return slices.ContainsFunc(r.Apps, func(x *verify.Result) bool { return !x.Targets().Empty() })
}

// differences are those that are left.
func (r *verification) differences() []verify.Difference {
	var all []verify.Difference
	for _, x := range r.Apps {
		for _, d := range x.Differences {
			if r.AfterRepair == nil || !d.Mendable {
				all = append(all, d)
			}
		}
	}
	for _, x := range r.AfterRepair {
		all = append(all, x.Differences...)
	}
	return all
}

func (r *verification) unverified() []extract.Failure {
	all := slices.Clone(r.Failures)
	for _, x := range slices.Concat(r.Apps, r.AfterRepair) {
		all = append(all, x.Unverified...)
	}
	slices.SortFunc(all, func(a, b extract.Failure) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(all)
}

// beyond are the days whose counts differ by more than the vendor's noise.
func (r *verification) beyond() []verify.Warning {
	return slices.DeleteFunc(slices.Clone(r.Warnings), func(w verify.Warning) bool { return !w.Beyond })
}

// lacking are the units that lack what could not be had; waiting are those that
// lack only what the vendor answers null.
func (r *verification) lacking() []verify.Lack {
	return slices.DeleteFunc(slices.Clone(r.Lacking), func(l verify.Lack) bool { return l.Waits })
}

func (r *verification) waiting() []verify.Lack {
	return slices.DeleteFunc(slices.Clone(r.Lacking), func(l verify.Lack) bool { return !l.Waits })
}

// err is errDifferent if the archive is not what the vendor says, or if not all
// that was to be compared could be, and errPartial if all that is wrong is what
// the archive knows to lack.
func (r *verification) err() error {
	d, u := len(r.differences()), len(r.unverified())
	switch {
	case d > 0 && r.Repaired:
		return fmt.Errorf("%w still, after the repair: %s, named above", errDifferent, words.Plural(d, "difference"))
	case d > 0:
		return fmt.Errorf("%w: %s, named above; callvault verify %s--repair fetches them anew", errDifferent, words.Plural(d, "difference"), map[bool]string{true: "--demo "}[r.demo])
	case len(r.beyond()) > 0:
		return fmt.Errorf("%w in the daily counts of %s, named above: calls may be missing", errDifferent, words.Plural(len(r.beyond()), "day"))
	case u > 0:
		return fmt.Errorf("%w, perhaps: %s could not be verified; the next verification tries again", errDifferent, words.Plural(u, "thing"))
	case len(r.lacking()) > 0:
		return fmt.Errorf("%w: %s; the next pass asks again", archive.ErrPartial, strings.Join(lackingTexts(r.lacking()), ", "))
	case r.strict && len(r.Warnings) > 0:
		return fmt.Errorf("%w in the daily counts of %s", errDifferent, words.Plural(len(r.Warnings), "day"))
	}
	return nil
}

// lines name what is wrong.
func (r *verification) lines() []string {
	var all []string
	for _, d := range r.differences() {
		all = append(all, fmt.Sprintf("%s: %s", strings.TrimSpace(unitName(d)+" "+d.Relation), d.What))
	}
	for _, f := range r.unverified() {
		all = append(all, "not verified: "+f.String())
	}
	for _, l := range r.lacking() {
		all = append(all, lackText(l))
	}
	for _, w := range r.Warnings {
		all = append(all, "daily scale: "+warning(w))
	}
	return append(all, whatToTry(r.beyond())...)
}

// lackText names one thing that the archive lacks.
func lackText(l verify.Lack) string {
	what := map[call.UnitKind]string{call.UnitCall: "call", call.UnitUnusual: "the unusual events of", call.UnitScale: "the daily scale of"}[l.Kind]
	switch {
	case l.Kind == call.UnitList:
		return fmt.Sprintf("incomplete: the room list of %s, %d: %s", l.Key, l.App, l.Reason)
	}
	return fmt.Sprintf("incomplete: %s %s: %s", what, l.Key, l.Reason)
}

// lackingTexts count what the archive lacks, by what it is of.
func lackingTexts(all []verify.Lack) (parts []string) {
	n := map[call.UnitKind]int{}
	for _, l := range all {
		n[l.Kind]++
	}
	for _, x := range []struct {
		kind      call.UnitKind
		one, many string
	}{
		{call.UnitCall, "call lacks what is set aside", "calls lack what is set aside"},
		{call.UnitList, "day whose calls could not all be listed", "days whose calls could not all be listed"},
		{call.UnitUnusual, "hour lacks unusual events", "hours lack unusual events"},
		{call.UnitScale, "day has doubtful counts", "days have doubtful counts"},
	} {
		if n[x.kind] > 0 {
			parts = append(parts, words.Count(n[x.kind], x.one, x.many))
		}
	}
	return parts
}

func unitName(d verify.Difference) string {
	if d.Kind == call.UnitCall {
		return "call " + d.Key
	}
	return fmt.Sprintf("%d %s %s", d.App, map[call.UnitKind]string{call.UnitUnusual: "hour", call.UnitScale: "day"}[d.Kind], d.Key)
}

func warning(w verify.Warning) string {
	text := fmt.Sprintf("%d, day from %s: the vendor counts %s, the archive %s",
		w.App, w.Day.Format("2006-01-02 15:04"), counts(w.Vendor), counts(w.Archive))
	if w.Beyond {
		return text + ": more than the vendor's noise"
	}
	return text
}

// whatToTry says how days may be mended whose counts differ by more than noise.
func whatToTry(all []verify.Warning) (lines []string) {
	var from, to time.Time
	old := 0
	for _, w := range all {
		switch {
		case !w.InReach:
			old++
		case from.IsZero() || w.Day.Before(from):
			from = w.Day
		}
		if end := w.Day.Add(24 * time.Hour); w.InReach && end.After(to) {
			to = end
		}
	}
	if !from.IsZero() {
		to = to.Add(24*time.Hour - time.Second).Truncate(24 * time.Hour)
		lines = append(lines, fmt.Sprintf("to fetch them anew: callvault archive --again --from %s --to %s", from.UTC().Format(time.DateOnly), to.UTC().Format(time.DateOnly)))
	}
	switch {
	case old == 1:
		lines = append(lines, "the vendor has dropped 1 of these days: only a backup can mend it")
	case old > 1:
		lines = append(lines, fmt.Sprintf("the vendor has dropped %d of these days: only a backup can mend them", old))
	}
	return lines
}

func counts(c verify.Counts) string {
	return fmt.Sprintf("%d rooms, %d entries, %d users", c.Rooms, c.Entries, c.Users)
}

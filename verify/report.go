package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/words"
)

// ErrDifferent is returned when the archive differs from the vendor. The report names the
// differences.
const ErrDifferent = runs.Incomplete("the archive and the vendor differ")

// Report is what a verification has found.
type Report struct {
	RunID       string            `json:"run_id"`
	Seed        uint64            `json:"seed"`
	All         bool              `json:"all"` // whether all calls were compared, not a sample
	Started     time.Time         `json:"started"`
	Ended       time.Time         `json:"ended"`
	Apps        []*Result         `json:"apps"`
	ScaleDays   int               `json:"scale_days"` // days whose counts were compared with the archive's rows
	Warnings    []Warning         `json:"scale_warnings"`
	Lacking     []Lack            `json:"lacking"` // by the ledger
	Repaired    bool              `json:"repair"`
	AfterRepair []*Result         `json:"after_repair"` // the units that were fetched again, compared once more
	Failures    []extract.Failure `json:"not_repaired"` // what could not be fetched
	Requests    map[string]int    `json:"requests"`     // of the quota, by action
	Bytes       int64             `json:"bytes_received"`
	Equal       bool              `json:"equal"`

	strict bool
	demo   bool
}

// describe fills in the history of the run that has ended.
func (r *Report) describe(run *runs.Run) {
	run.Counts = runs.Counts{Failed: uint64(len(r.Differences()) + len(r.Unverified()) + len(r.Beyond()) + len(r.Missing()))}
	run.Complete = nil
	for _, x := range r.Apps {
		run.Counts.Calls += uint64(x.Calls)
		run.Counts.Samples += x.Rows["quality_samples"]
		run.Counts.Events += x.Rows["user_events"]
		if r.EqualOf(x.App) {
			run.Complete = append(run.Complete, x.App)
		}
	}
}

// EqualOf reports whether nothing of an application differs after the repair, if there was
// one, and nothing is known to be missing.
func (r *Report) EqualOf(app call.AppID) bool {
	if slices.ContainsFunc(r.Beyond(), func(w Warning) bool { return w.App == app }) ||
		slices.ContainsFunc(r.Missing(), func(l Lack) bool { return l.App == app }) {
		return false
	}
	of := func(x *Result) bool { return x.App == app && len(x.Differences)+len(x.Unverified) > 0 }
	if r.AfterRepair != nil {
		return !slices.ContainsFunc(r.AfterRepair, of)
	}
	return !slices.ContainsFunc(r.Apps, of)
}

// setCounts sets the daily counts and decides whether the archive is equal.
func (r *Report) setCounts(c ask.Counts) {
	r.Requests, r.Bytes = c.Requests, c.Bytes
	r.Equal = r.err() == nil
}

func (r *Report) of(app call.AppID) *Result {
	return r.Apps[slices.IndexFunc(r.Apps, func(x *Result) bool { return x.App == app })]
}

// mendable reports whether a repair has something to do.
func (r *Report) mendable() bool {
	return slices.ContainsFunc(r.Apps, func(x *Result) bool { return !x.Targets().Empty() })
}

// Differences returns the differences that are left.
func (r *Report) Differences() []Difference {
	var all []Difference
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

func (r *Report) Unverified() []extract.Failure {
	all := slices.Clone(r.Failures)
	for _, x := range slices.Concat(r.Apps, r.AfterRepair) {
		all = append(all, x.Unverified...)
	}
	slices.SortFunc(all, func(a, b extract.Failure) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(all)
}

// Beyond returns the days whose counts differ by more than the vendor's noise.
func (r *Report) Beyond() []Warning {
	return slices.DeleteFunc(slices.Clone(r.Warnings), func(w Warning) bool { return !w.Beyond })
}

// Missing returns the units with parts that could not be fetched. waiting are the units
// that lack only data that the vendor answers null for.
func (r *Report) Missing() []Lack {
	return slices.DeleteFunc(slices.Clone(r.Lacking), func(l Lack) bool { return l.Waits })
}

func (r *Report) Waiting() []Lack {
	return slices.DeleteFunc(slices.Clone(r.Lacking), func(l Lack) bool { return !l.Waits })
}

// err returns ErrDifferent when the archive differs from the vendor or not everything could
// be compared. It returns archive.ErrPartial when the archive lacks only what the ledger
// names.
func (r *Report) err() error {
	d, u := len(r.Differences()), len(r.Unverified())
	switch {
	case d > 0 && r.Repaired:
		return fmt.Errorf("%w still, after the repair: %s, named above", ErrDifferent, words.Plural(d, "difference"))
	case d > 0:
		return fmt.Errorf("%w: %s, named above; callvault verify %s--repair fetches them again", ErrDifferent, words.Plural(d, "difference"), map[bool]string{true: "--demo "}[r.demo])
	case len(r.Beyond()) > 0:
		return fmt.Errorf("%w in the daily counts of %s, named above: calls may be missing", ErrDifferent, words.Plural(len(r.Beyond()), "day"))
	case u > 0:
		return fmt.Errorf("%w, perhaps: %s could not be verified; the next verification tries again", ErrDifferent, words.Plural(u, "thing"))
	case len(r.Missing()) > 0:
		return fmt.Errorf("%w: %s; the next pass asks again", archive.ErrPartial, strings.Join(LackingTexts(r.Missing()), ", "))
	case r.strict && len(r.Warnings) > 0:
		return fmt.Errorf("%w in the daily counts of %s", ErrDifferent, words.Plural(len(r.Warnings), "day"))
	}
	return nil
}

// Lines returns lines that name what is wrong.
func (r *Report) Lines() []string {
	var all []string
	for _, d := range r.Differences() {
		all = append(all, fmt.Sprintf("%s: %s", strings.TrimSpace(UnitName(d)+" "+d.Relation), d.What))
	}
	for _, f := range r.Unverified() {
		all = append(all, "not verified: "+f.String())
	}
	for _, l := range r.Missing() {
		all = append(all, LackText(l))
	}
	for _, w := range r.Warnings {
		all = append(all, "daily scale: "+warning(w))
	}
	return append(all, WhatToTry(r.Beyond())...)
}

// LackText names one unit that the archive lacks in part.
func LackText(l Lack) string {
	what := map[call.UnitKind]string{call.UnitCall: "call", call.UnitUnusual: "the unusual events of", call.UnitScale: "the daily scale of"}[l.Kind]
	if l.Kind.IsStatistics() {
		what = "statistics: " + string(l.Kind)
	}
	switch {
	case l.Kind == call.UnitList:
		return fmt.Sprintf("incomplete: the room list of %s, %d: %s", l.Key, l.App, l.Reason)
	}
	return fmt.Sprintf("incomplete: %s %s: %s", what, l.Key, l.Reason)
}

// LackingTexts counts what the archive lacks, by kind of unit.
func LackingTexts(all []Lack) (parts []string) {
	n := map[call.UnitKind]int{}
	for _, l := range all {
		n[l.Kind]++
	}
	for _, x := range []struct {
		kind      call.UnitKind
		one, many string
	}{
		{call.UnitCall, "call has parts set aside", "calls have parts set aside"},
		{call.UnitList, "day whose calls could not all be listed", "days whose calls could not all be listed"},
		{call.UnitUnusual, "hour lacks unusual events", "hours lack unusual events"},
		{call.UnitScale, "day has doubtful counts", "days have doubtful counts"},
		{call.UnitUsage, "day of usage is not whole", "days of usage are not whole"},
		{call.UnitRoomUsage, "day of usage by room is not whole", "days of usage by room are not whole"},
		{call.UnitMarket, "day of the vendor's dashboard is not whole", "days of the vendor's dashboard are not whole"},
		{call.UnitRealtime, "hour of the vendor's dashboard is not whole", "hours of the vendor's dashboard are not whole"},
	} {
		if n[x.kind] > 0 {
			parts = append(parts, words.Count(n[x.kind], x.one, x.many))
		}
	}
	return parts
}

func UnitName(d Difference) string {
	if d.Kind == call.UnitCall {
		return "call " + d.Key
	}
	if d.Kind.IsStatistics() {
		return fmt.Sprintf("%d %s %s", d.App, strings.ReplaceAll(string(d.Kind), "_", " "), d.Key)
	}
	return fmt.Sprintf("%d %s %s", d.App, map[call.UnitKind]string{call.UnitUnusual: "hour", call.UnitScale: "day"}[d.Kind], d.Key)
}

func warning(w Warning) string {
	text := fmt.Sprintf("%d, day from %s: the vendor counts %s, the archive %s",
		w.App, w.Day.Format("2006-01-02 15:04"), counts(w.Vendor), counts(w.Archive))
	if w.Beyond {
		return text + ": more than the vendor's noise"
	}
	return text
}

// WhatToTry returns how to repair days whose counts differ by more than the noise.
func WhatToTry(all []Warning) (lines []string) {
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
		lines = append(lines, fmt.Sprintf("to fetch them again: callvault archive --again --from %s --to %s", from.UTC().Format(time.DateOnly), to.UTC().Format(time.DateOnly)))
	}
	switch {
	case old == 1:
		lines = append(lines, "the vendor has dropped 1 of these days: only a backup can mend it")
	case old > 1:
		lines = append(lines, fmt.Sprintf("the vendor has dropped %d of these days: only a backup can mend them", old))
	}
	return lines
}

func counts(c Counts) string {
	return fmt.Sprintf("%d rooms, %d entries, %d users", c.Rooms, c.Entries, c.Users)
}

// Before returns the differences before the repair.
func (r *Report) Before() []Difference {
	var all []Difference
	for _, x := range r.Apps {
		all = append(all, x.Differences...)
	}
	return all
}

// but returns why an archive is not equal although no row differs: the worst reason.
func (r *Report) but() (all []string) {
	if n := len(r.Beyond()); n > 0 {
		all = append(all, fmt.Sprintf("the counts of %s do: calls may be missing", words.Plural(n, "day")))
	}
	if n := len(r.Unverified()); n > 0 {
		all = append(all, words.Plural(n, "thing")+" could not be verified")
	}
	return append(all, LackingTexts(r.Missing())...)
}

// Conclusion returns the closing lines.
func (r *Report) Conclusion() string {
	d, but := len(r.Differences()), r.but()
	switch {
	case d == 0 && len(but) == 1:
		return "no row differs, but " + but[0]
	case d == 0 && len(but) > 1:
		return "no row differs, but\n  " + strings.Join(but, "\n  ")
	case d == 0 && r.AfterRepair != nil:
		return "repaired: the archive now has what the vendor has"
	case d == 0 && len(r.Waiting()) > 0:
		return "equal, except for data that the vendor answers null for"
	case d == 0:
		return "equal: the archive has what the vendor has"
	}
	units := map[string]bool{}
	for _, x := range r.Differences() {
		units[UnitName(x)] = true
	}
	return fmt.Sprintf("different: %s in %s", words.Plural(d, "difference"), words.Plural(len(units), "unit"))
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/verify"
)

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
	Repaired    bool              `json:"repair"`
	AfterRepair []*verify.Result  `json:"after_repair"` // what was fetched anew, compared again
	Failures    []extract.Failure `json:"not_repaired"` // what the vendor could not be asked for
	Requests    map[string]int    `json:"requests"`     // of the quota, by action
	Bytes       int64             `json:"bytes_received"`
	Equal       bool              `json:"equal"`

	strict bool
}

// describe fills in the history of the run that has ended.
func (r *verification) describe(run *load.Run) {
	run.Counts = load.RunCounts{Failed: uint64(len(r.differences()) + len(r.unverified()))}
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

// equal says that nothing of an application differs, or differs still.
func (r *verification) equal(app call.AppID) bool {
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

// err is errDifferent if the archive is not what the vendor says, or if not all
// that was to be compared could be.
func (r *verification) err() error {
	d, u := len(r.differences()), len(r.unverified())
	switch {
	case d > 0 && r.Repaired:
		return fmt.Errorf("%w still, after the repair: %s, named above", errDifferent, plural(d, "difference"))
	case d > 0:
		return fmt.Errorf("%w: %s, named above; callvault verify --repair fetches them anew", errDifferent, plural(d, "difference"))
	case u > 0:
		return fmt.Errorf("%w, perhaps: %s could not be verified; the next verification tries again", errDifferent, plural(u, "thing"))
	case r.strict && len(r.Warnings) > 0:
		return fmt.Errorf("%w in the daily counts of %s", errDifferent, plural(len(r.Warnings), "day"))
	}
	return nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return comma(n) + " " + what + "s"
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
	for _, w := range r.Warnings {
		all = append(all, "daily scale: "+warning(w))
	}
	return all
}

func unitName(d verify.Difference) string {
	if d.Kind == call.UnitCall {
		return "call " + d.Key
	}
	return fmt.Sprintf("%d %s %s", d.App, map[call.UnitKind]string{call.UnitUnusual: "hour", call.UnitScale: "day"}[d.Kind], d.Key)
}

func warning(w verify.Warning) string {
	return fmt.Sprintf("%d, day from %s: the vendor counts %s, the archive %s",
		w.App, w.Day.Format("2006-01-02 15:04"), counts(w.Vendor), counts(w.Archive))
}

func counts(c verify.Counts) string {
	return fmt.Sprintf("%d rooms, %d entries, %d users", c.Rooms, c.Entries, c.Users)
}

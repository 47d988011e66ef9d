package decide

import (
	"fmt"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/transform"
)

// StatisticsSettle is how long after the end of a day, in UTC, its statistics are settled. The
// vendor's day may end eight hours earlier or later, and the vendor counts late.
const StatisticsSettle = 36 * time.Hour

// fresh is how long after a question a day that still grows is not asked for again, by the
// distance that the vendor wants between two questions.
const (
	fresh     = time.Hour
	freshSlow = 6 * time.Hour
)

// StatisticsDays decides which days of a statement to ask for, oldest first, as of now.
// held has the ledger's rows by key.
//
// Days of dashboards that only the advanced plan of monitoring keeps are asked for if the
// archive may lack them: if they are unfinished, or later than the latest day that it knows.
func StatisticsDays(s call.Statement, app call.AppID, held map[string]ledger.Row, now time.Time, again bool) (due []time.Time) {
	today := now.UTC().Truncate(24 * time.Hour)
	var latest time.Time
	for _, e := range held {
		latest = Later(latest, e.StartsAt)
	}
	for back := call.StatisticsMost - 1; back >= 0; back-- {
		d := today.AddDate(0, 0, -back)
		e, known := held[s.UnitOf(app, d).Key]
		switch {
		case again:
		case e.State.Final():
			continue
		case s.Kind == call.UnitMarket && BeyondBasic(d, now) && !known && !d.After(latest):
			continue
		case e.State == ledger.Provisional && !e.Lacks() && !SettledStatistics(e.Unit, now) && now.Sub(e.HeldUntil) < freshFor(s):
			continue
		}
		due = append(due, d)
	}
	return due
}

// BeyondBasic reports whether the basic plan of monitoring may no longer keep a day.
func BeyondBasic(day, now time.Time) bool {
	return day.Before(now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-call.StatisticsReach))
}

func freshFor(s call.Statement) time.Duration {
	if s.Shape == call.ShapeTable {
		return freshSlow
	}
	return fresh
}

// StatisticsSettled returns when the numbers of a unit can no longer change.
func StatisticsSettled(u call.Unit) time.Time {
	start, length, _ := call.SpanOf(u)
	return start.Add(length + settleOf(u.Kind))
}

// SettledStatistics reports whether the numbers of a unit can no longer change.
func SettledStatistics(u call.Unit, now time.Time) bool { return now.After(StatisticsSettled(u)) }

func settleOf(k call.UnitKind) time.Duration {
	if k == call.UnitRealtime {
		return 10 * time.Minute
	}
	return StatisticsSettle
}

// StatisticsDeadline returns when the vendor begins to drop a unit. It is early rather than
// late: nobody knows the account's plan.
func StatisticsDeadline(u call.Unit, now time.Time) time.Time {
	start, _, _ := call.SpanOf(u)
	switch reach := start.AddDate(0, 0, call.StatisticsReach); {
	case u.Kind == call.UnitRealtime:
		return start.Add(call.RealtimeReach)
	case u.Kind == call.UnitMarket && reach.After(now):
		return reach
	}
	return start.AddDate(0, 0, call.StatisticsMost)
}

// StatisticsEntry returns the entry of a unit that has been asked for. null means that the
// answer was null: then the unit is settled once a second pass has got the same.
func StatisticsEntry(u call.Unit, now time.Time, null bool, before ledger.Row) ledger.Entry {
	start, length, _ := call.SpanOf(u)
	e := ledger.Entry{Unit: u, State: ledger.Provisional, StartsAt: start, HeldUntil: Earlier(now, StatisticsSettled(u)), Deadline: StatisticsDeadline(u, now)}
	switch settled := SettledStatistics(u, now); {
	case null && before.State != ledger.Provisional:
		e.HeldUntil = time.Time{}
	case settled:
		e.State, e.HeldUntil = ledger.Archived, start.Add(length)
	}
	return e
}

// StatisticsUnit returns the unit of a number that an answer about w brought; false: its time
// is no time.
func StatisticsUnit(s call.Statement, app call.AppID, w call.Window, x call.Statistic) (call.Unit, bool) {
	switch s.Kind {
	case call.UnitUsage:
		day, ok := transform.DayOf(x.TimeKey)
		return s.UnitOf(app, day), ok
	case call.UnitRoomUsage:
		return s.UnitOf(app, w.Start), true
	}
	return s.UnitOf(app, x.At), !x.At.IsZero()
}

// DamagedUnit returns the unit that a damage belongs to; false: any of the answer.
func DamagedUnit(s call.Statement, app call.AppID, d transform.Damage) (u call.Unit, ok bool) {
	if s.Kind == call.UnitUsage {
		day, ok := transform.DayOf(d.Key)
		return s.UnitOf(app, day), ok
	}
	at, err := time.Parse(time.RFC3339, d.Key)
	return s.UnitOf(app, at), err == nil
}

// Contradiction returns how the numbers of a unit contradict each other, or "". Numbers of
// lines of a table cannot.
func Contradiction(all []call.Statistic) string {
	type key struct {
		time, name string
		at         int64
	}
	seen := map[key]call.Statistic{}
	for _, x := range all {
		if x.Line > 0 {
			return ""
		}
		k := key{x.TimeKey, x.Name, x.At.Unix()}
		if y, ok := seen[k]; ok && (y.Value != x.Value || y.Text != x.Text) {
			return fmt.Sprintf("the vendor reports two numbers of %s: %v and %v", x.Name, y.Value, x.Value)
		}
		seen[k] = x
	}
	return ""
}

// LinesKey is the key of the part with the lines of a table from one on.
func LinesKey(from int) string { return fmt.Sprintf("lines from %d", from) }

// LinesFrom returns the first line of a part, given its key.
func LinesFrom(key string) (from uint32, ok bool) {
	_, err := fmt.Sscanf(key, "lines from %d", &from)
	return from, err == nil
}

// LinesAtOnce is how many lines of a table become the rows of one part, each with a row for each
// column. transform reads 200,000 rows at most.
const LinesAtOnce = 4_000

package schedules_test

import (
	"testing"
	"time"

	"github.com/robfig/cron/v3"
)

// TestChangesOfClocks checks when entries are due around changes of the clocks.
func TestChangesOfClocks(t *testing.T) {
	for _, c := range []struct {
		name, spec, from string
		want             []string
	}{
		{"in the spring gap", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-03-28T00:00:00Z",
			[]string{"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		{"at its first second", "CRON_TZ=Europe/Berlin 0 2 * * *", "2026-03-29T00:00:00Z",
			[]string{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
		{"several times in the gap", "CRON_TZ=Europe/Berlin */20 2 * * *", "2026-03-29T00:00:00Z",
			[]string{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T00:20:00Z"}},
		{"in the gap and at its end", "CRON_TZ=Europe/Berlin 0 2,3 * * *", "2026-03-29T00:00:00Z",
			[]string{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T01:00:00Z"}},
		{"in the doubled hour", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-10-24T00:00:00Z",
			[]string{"2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		{"often in the doubled hour", "CRON_TZ=Europe/Berlin */30 2 * * *", "2026-10-25T00:00:00Z",
			[]string{"2026-10-25T00:30:00Z", "2026-10-26T01:00:00Z"}},
		{"from within its second pass", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-10-25T01:10:00Z",
			[]string{"2026-10-26T01:30:00Z"}},
		{"every hour in autumn", "CRON_TZ=Europe/Berlin 17 * * * *", "2026-10-25T00:00:00Z",
			[]string{"2026-10-25T00:17:00Z", "2026-10-25T01:17:00Z", "2026-10-25T02:17:00Z"}},
		{"every hour in spring", "CRON_TZ=Europe/Berlin 17 * * * *", "2026-03-29T00:00:00Z",
			[]string{"2026-03-29T00:17:00Z", "2026-03-29T01:17:00Z", "2026-03-29T02:17:00Z"}},
		{"a gap at midnight", "CRON_TZ=America/Sao_Paulo @daily", "2018-11-03T04:00:00Z",
			[]string{"2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"}},
		{"half an hour", "CRON_TZ=Australia/Lord_Howe 15 2 * * *", "2026-10-02T20:00:00Z",
			[]string{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
		{"a day left out", "CRON_TZ=Pacific/Apia 0 12 * * *", "2011-12-29T00:00:00Z",
			[]string{"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"}},
		{"no such changes", "CRON_TZ=Asia/Shanghai 30 2 * * *", "2026-03-29T00:00:00Z",
			[]string{"2026-03-29T18:30:00Z", "2026-03-30T18:30:00Z"}},
		{"a weekday in the gap", "CRON_TZ=Europe/Berlin 30 2 * * 0", "2026-03-24T00:00:00Z",
			[]string{"2026-03-29T01:00:00Z", "2026-04-05T00:30:00Z"}},
		{"as time passes", "@every 36h", "2026-03-28T00:00:00Z",
			[]string{"2026-03-29T12:00:00Z", "2026-03-31T00:00:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, at := one(t, c.spec), parseTime(t, c.from)
			for _, want := range c.want {
				if at = e.Next(at); !at.Equal(parseTime(t, want)) {
					t.Fatalf("due %s, want %s", at.Format(time.RFC3339), want)
				}
			}
		})
	}
}

func parseTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestAgainstAWatcher compares Next with a person who looks at the clock on the wall
// every minute and runs what has become due since.
func TestAgainstAWatcher(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca", "UTC"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range []string{"30 2 * * *", "*/7 1-3 * * *", "0 0 * * *", "59 23 * * *", "15 0,2 * * 0"} {
			e := one(t, "CRON_TZ="+zone+" "+spec)
			plain, err := cron.ParseStandard("CRON_TZ=UTC " + spec)
			if err != nil {
				t.Fatal(err)
			}
			for _, year := range []int{2011, 2026} {
				for _, around := range changes(loc, year) {
					watch(t, zone+" "+spec, plain, loc, around, e.Next)
				}
			}
		}
	}
}

// changes returns the first day of a year and the times at which its clocks change.
func changes(loc *time.Location, year int) []time.Time {
	all := []time.Time{time.Date(year, 1, 1, 0, 0, 0, 0, loc)}
	for _, next := all[0].ZoneBounds(); !next.IsZero() && next.Year() == year; _, next = next.ZoneBounds() {
		all = append(all, next)
	}
	return all
}

func watch(t *testing.T, name string, plain cron.Schedule, loc *time.Location, around time.Time, next func(time.Time) time.Time) {
	t.Helper()
	reading := func(at time.Time) time.Time {
		_, offset := at.In(loc).Zone()
		return at.UTC().Add(time.Duration(offset) * time.Second)
	}
	at := around.Add(-50 * time.Hour).UTC().Truncate(time.Minute)
	seen := reading(at)
	due := next(at)
	for at.Before(around.Add(50 * time.Hour)) {
		at = at.Add(time.Minute)
		now := reading(at)
		if !now.After(seen) {
			continue
		}
		if isDue := !plain.Next(seen).After(now); isDue != due.Equal(at) {
			t.Fatalf("%s at %s: due %v, Next says %s", name, at.In(loc), isDue, due.In(loc))
		} else if isDue {
			due = next(at)
		}
		seen = now
	}
}

package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/status"
)

func TestStatusSpace(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 21, Calls: 60, Mix: simulator.MixAll, QPS: -1})
	in.archive(t, exitDone)
	code, out, errs := in.callvault(t.Context(), "status", "--space", "--json")
	if code != exitDone {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	var s status.Space
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	in.metricsAddUp(t, s)
	tables, lasting := uint64(0), uint64(0)
	for _, x := range s.Tables {
		tables += x.Bytes
		if x.Name == "quality_samples" || x.Name == "quality_streams" {
			lasting += x.Bytes
		}
	}
	if tables != s.Bytes || s.Free == nil || *s.Free == 0 {
		t.Errorf("tables have %d bytes of %d, free %v", tables, s.Bytes, s.Free)
	}
	samples := uint64(0)
	for _, m := range s.Months {
		samples += m.Rows
	}
	if want := in.number(t, "SELECT count() FROM quality_samples_data"); samples != want {
		t.Errorf("months have %d samples, want %d", samples, want)
	}
	// All of it came in the last 14 days, some of it today.
	f := s.Forecast[0]
	if got := float64(f.PerDay) * float64(f.Days); f.Days < 13 || got < 0.7*float64(lasting) || got > float64(s.Bytes) {
		t.Errorf("forecast %+v of %d bytes", f, lasting)
	}
	if f.InAYear != s.Bytes+365*f.PerDay && math.Abs(float64(f.InAYear)-float64(s.Bytes+365*f.PerDay)) > 365 {
		t.Errorf("forecast %+v of %d bytes", f, s.Bytes)
	}
	days := float64(*s.Free) / float64(f.PerDay)
	if f.DiskFull != nil && math.Abs(f.DiskFull.Sub(time.Now()).Hours()/24-days) > 2 {
		t.Errorf("full on %v, want in %.0f days", f.DiskFull, days)
	}
	code, page, errs := in.callvault(t.Context(), "status", "--space")
	if code != exitDone || errs != "" || !strings.Contains(page, "forecast") || !strings.Contains(page, "quality_samples") {
		t.Errorf("exit code %d %s\n%s", code, errs, page)
	}
	for line := range strings.Lines(page) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > ui.Width {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// metricsAddUp compares the sizes of metrics with the table's, and the size of the largest
// metric with a table that has only this metric.
func (in *installation) metricsAddUp(t *testing.T, s status.Space) {
	t.Helper()
	bytes, table := 0.0, uint64(0)
	for _, m := range s.Metrics {
		bytes += float64(m.Bytes)
		if n := in.number(t, "SELECT count() FROM quality_samples_data WHERE metric = '"+m.Name+"'"); n != m.Rows {
			t.Errorf("%s: %d rows, want %d", m.Name, m.Rows, n)
		}
	}
	for _, x := range s.Tables {
		if x.Name == "quality_samples" {
			table = x.Bytes
		}
	}
	if len(s.Metrics) == 0 || s.NoMetric != "" || math.Abs(bytes-float64(table)) > 0.01*float64(table) {
		t.Fatalf("%d metrics have %.0f of %d bytes: %s", len(s.Metrics), bytes, table, s.NoMetric)
	}
	largest := s.Metrics[0]
	for _, q := range []string{
		"CREATE TABLE alone AS quality_samples_data",
		"INSERT INTO alone SELECT * FROM quality_samples_data WHERE metric = '" + largest.Name + "'",
		"OPTIMIZE TABLE alone FINAL",
	} {
		if err := both(in.store).Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	alone := in.number(t, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND startsWith(database, currentDatabase()) AND table = 'alone'")
	if off := float64(largest.Bytes)/float64(alone) - 1; math.Abs(off) > 0.25 {
		t.Errorf("%s: %d bytes, alone it takes %d", largest.Name, largest.Bytes, alone)
	}
	if err := both(in.store).Exec(t.Context(), "DROP TABLE alone"); err != nil {
		t.Fatal(err)
	}
}

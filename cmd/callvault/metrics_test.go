package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/callvault/callvault/internal/simulator"
)

// scraped holds the values of a page of metrics, by name and labels.
func scraped(t *testing.T, page string) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for line := range strings.Lines(page) {
		name, value, ok := cutLast(strings.TrimSpace(line), " ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = v
	}
	return all
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// TestMetrics scrapes a daemon that has made a pass, and one that has not.
func TestMetrics(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 10, QPS: -1})
	if code, _, errs := in.callvault(t.Context(), "migrate", "up"); code != exitDone {
		t.Fatal(errs)
	}
	in.lose(t, "a lost call", "nobody asked for it")
	s := in.serve(t)
	s.until(t, `"run done","schedule":"archive"`, `"run done","schedule":"expiring"`)
	code, page := s.get(t, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("%d\n%s", code, page)
	}
	problems, err := promlint.New(strings.NewReader(page)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
	m := scraped(t, page)
	app := fmt.Sprint(in.sim.Apps()[0])
	var rooms, samples uint64
	if err := both(in.store).QueryRow(t.Context(), "SELECT (SELECT count() FROM rooms), (SELECT count() FROM quality_samples)").Scan(&rooms, &samples); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{
		`callvault_runs_total{command="archive",outcome="done",schedule="archive"}`:   1,
		`callvault_runs_total{command="archive",outcome="failed",schedule="archive"}`: 0,
		`callvault_calls_archived_total{app="` + app + `"}`:                           float64(rooms),
		`callvault_samples_archived_total{app="` + app + `"}`:                         float64(samples),
		`callvault_lost_units{app="` + app + `",kind="call"}`:                         1,
		`callvault_clickhouse_up`:                                                     1,
		`callvault_schema_dirty`:                                                      0,
		`callvault_runs_in_progress`:                                                  0,
		`callvault_leader`:                                                            0,
	} {
		if got, ok := m[name]; !ok || got != want {
			t.Errorf("%s is %v (there: %v), want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{
		`callvault_last_success_timestamp_seconds{app="` + app + `",command="archive"}`,
		`callvault_last_loss_timestamp_seconds{app="` + app + `",kind="call"}`,
		`callvault_schedule_next_timestamp_seconds{schedule="archive"}`,
	} {
		if age := time.Since(time.Unix(int64(m[name]), 0)); age > 5*time.Minute {
			t.Errorf("%s was %v ago", name, age)
		}
	}
	for _, name := range []string{
		`callvault_schema_version`, `callvault_disk_free_bytes{disk="default"}`, `callvault_insert_duration_seconds_count{table="hidden_loads"}`,
		`callvault_requests_total{action="DescribeUnusualEvent"}`, `callvault_received_bytes_total`, `go_goroutines`,
	} {
		if m[name] <= 0 {
			t.Errorf("%s is %v", name, m[name])
		}
	}
	checkRules(t, page)
}

// checkRules checks that the rules use only existing metrics.
func checkRules(t *testing.T, page string) {
	t.Helper()
	b, err := os.ReadFile("../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(b, &file); err != nil || len(file.Groups) != 1 {
		t.Fatalf("alerts.yml: %+v, %v", file, err)
	}
	operations, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`callvault_\w+`)
	for _, r := range file.Groups[0].Rules {
		for _, metric := range name.FindAllString(r.Expr, -1) {
			if !strings.Contains(page, "# TYPE "+metric+" ") && metric != "callvault_next_loss_timestamp_seconds" { // nothing is at risk
				t.Errorf("%s is about %s, which is not exported", r.Alert, metric)
			}
		}
		if !strings.Contains(string(operations), "`"+r.Alert+"`") {
			t.Errorf("docs/operations.md does not say what to do about %s", r.Alert)
		}
	}
}

// TestAlerts tests the rules with Prometheus's own tool.
func TestAlerts(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not on the PATH; TestMetrics has checked the rules' syntax and metrics")
	}
	out, err := exec.Command(tool, "test", "rules", "../../docs/alerts_test.yml").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

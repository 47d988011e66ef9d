package analyst

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/grants"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

const (
	boards        = "../../packaging/grafana/dashboards/*.json"
	composeUsers  = "../../packaging/clickhouse/analyst.xml"
	composeSecret = "only for this test"
)

// board is the part of a dashboard that the tests run.
type board struct {
	UID         string
	Panels      []panel
	Templating  struct{ List []variable }
	Annotations struct{ List []struct{ Target target } }
}

type panel struct {
	Type, Title, Description, Interval string
	Datasource                         source
	Targets                            []target
	FieldConfig                        struct {
		Defaults struct {
			Unit       string
			Thresholds struct{ Steps []step }
		}
		Overrides []struct {
			Matcher struct {
				ID      string
				Options any
			}
		}
	}
}

type source struct{ Type, UID string }

type step struct{ Value *float64 }

type target struct {
	Datasource source
	RawSQL     string `json:"rawSql"`
}

func readBoards(t *testing.T) map[string]board {
	t.Helper()
	files, err := filepath.Glob(boards)
	if err != nil || len(files) != 5 {
		t.Fatalf("dashboards %q, %v", files, err)
	}
	all := map[string]board{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var b board
		if err := json.Unmarshal(content, &b); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = b
	}
	return all
}

// TestDashboardsAreOfGrafanasSchema reads them with the types that Grafana
// publishes: an unknown field, or a missing one, is an error.
func TestDashboardsAreOfGrafanasSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	files, _ := filepath.Glob(boards)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard.Dashboard
		if err := d.UnmarshalJSONStrict(content); err != nil && err.Error() != "" { // an empty list of errors is none
			t.Errorf("%s: %v", file, err)
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

var colouredBy = regexp.MustCompile(`Coloured by the defaults of quality_thresholds \((\w+)\)`)

// TestPanelsSayWhatTheyShow checks that every panel has a title, a description, a unit and
// the data source, and that its colours follow the limits in quality_thresholds.
func TestPanelsSayWhatTheyShow(t *testing.T) {
	t.Parallel()
	limits := defaultLimits(t, open(t, embeddedtest.Database(t)))
	coloured := 0
	for file, b := range readBoards(t) {
		for _, p := range b.Panels {
			name := file + ": " + p.Title
			if p.Title == "" {
				t.Errorf("%s: a %s without a title", file, p.Type)
			}
			if p.Type == "row" {
				continue
			}
			if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
				t.Errorf("%s: description %q, unit %q, %d queries", name, p.Description, p.FieldConfig.Defaults.Unit, len(p.Targets))
			}
			for _, s := range append([]source{p.Datasource}, p.Targets[0].Datasource) {
				if s.UID != "callvault" || s.Type != "grafana-clickhouse-datasource" {
					t.Errorf("%s: data source %+v", name, s)
				}
			}
			if m := colouredBy.FindStringSubmatch(p.Description); m != nil {
				coloured++
				if got := p.limits(); got != limits[m[1]] {
					t.Errorf("%s: coloured at %s, quality_thresholds has %s at %s", name, got, m[1], limits[m[1]])
				}
			}
		}
	}
	if coloured < 10 {
		t.Errorf("%d panels are coloured by quality_thresholds", coloured)
	}
}

// limits returns the values at which the panel's colour changes, from good to serious.
func (p panel) limits() string {
	var at []string
	for _, s := range p.FieldConfig.Defaults.Thresholds.Steps[1:] {
		at = append(at, fmt.Sprint(*s.Value))
	}
	return strings.Join(at, " ")
}

// overridden returns the columns for which the panel has settings of their own.
func (p panel) overridden() (names []string) {
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.ID == "byName" {
			names = append(names, fmt.Sprint(o.Matcher.Options))
		}
	}
	return names
}

// defaultLimits returns the limits of quality_thresholds, from small to great.
func defaultLimits(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, row := range column(t, s, `SELECT concat(measure, '=', arrayStringConcat(arraySort([good, poor, serious]), ' ')) FROM quality_thresholds`) {
		measure, limits, _ := strings.Cut(row, "=")
		all[measure] = limits
	}
	return all
}

// analystOfCompose starts an engine with an archive and with the user of docker-compose.yml,
// who is named reader here because the engine has its own analyst. More users are files of
// configuration.
func analystOfCompose(t *testing.T, more ...string) (*embedded.Server, *store.Store) {
	t.Helper()
	users, err := os.ReadFile(composeUsers)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "users.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	reader := strings.NewReplacer(
		"analyst", "reader",
		`<password from_env="ANALYST_PASSWORD"/>`, "<password>"+composeSecret+"</password>", // the engine has no environment
	).Replace(string(users))
	for i, users := range append(more, reader) {
		if err := os.WriteFile(filepath.Join(dir, "users.d", fmt.Sprint(i, ".xml")), []byte(users), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	srv, err := embedded.Start(t.Context(), embedded.Options{Library: embeddedtest.Library(t), Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Stop(context.Background()) })
	s := open(t, srv.DSN())
	if _, err := fillAll(t.Context(), s, 1<<62, fleet(t)); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		began := at.Add(time.Duration(i-3) * 24 * time.Hour)
		run := runs.Run{
			ID: fmt.Sprint("run-", i), Command: "archive", Whole: true, Started: began, Ended: began.Add(time.Hour), Outcome: runs.Done,
			Requests: map[string]uint64{"DescribeRoomInfo": 10}, Errors: map[string]uint64{"RequestLimitExceeded": 1}, Bytes: 1000,
		}
		if err := runs.HistoryOf(s).Note(t.Context(), run, 0, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	return srv, s
}

// mayBeEmpty lists the panels that show nothing if nothing of the archive is missing.
var mayBeEmpty = map[string]bool{"What is missing, and why": true}

// ofDashboards is a user with exactly the rights of that role, in ClickHouse's users.d.
func ofDashboards(t *testing.T, name string) string {
	t.Helper()
	statements, err := grants.Statements(grants.Dashboard, grants.Options{Database: embedded.DefaultDatabase, User: name})
	if err != nil {
		t.Fatal(err)
	}
	var rights strings.Builder
	for _, q := range statements {
		fmt.Fprintf(&rights, "<query>%s</query>", strings.TrimSuffix(q, " TO `"+name+"`"))
	}
	return fmt.Sprintf("<clickhouse><users><%[1]s><password>%[2]s</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota><grants>%[3]s</grants></%[1]s></users></clickhouse>",
		name, composeSecret, rights.String())
}

// TestLongDashboardsRun runs every query of every variable, panel and annotation: with all
// values chosen, as the user of docker-compose.yml, and with the first one, as a user who has
// the rights of the role of dashboards.
func TestLongDashboardsRun(t *testing.T) {
	srv, s := analystOfCompose(t, ofDashboards(t, "board"))
	reader := &server{srv.HTTPURL(), s, "reader", composeSecret}
	composed, board := reader, &server{srv.HTTPURL(), s, "board", composeSecret}
	if _, _, err := reader.query(t.Context(), "INSERT INTO quality_thresholds SELECT * FROM quality_thresholds", "TSV"); err == nil {
		t.Error("the user of docker-compose.yml may write")
	}
	eventful := column(t, s, `
		SELECT c.comm_id FROM calls AS c INNER JOIN unusual_events AS u ON u.comm_id = c.comm_id
		WHERE c.bad_minutes > 0 AND c.is_finished AND c.comm_id IN (SELECT comm_id FROM quality_samples WHERE metric = 'bigvBlock' AND peer_id != '')
		GROUP BY c.comm_id ORDER BY count() DESC, c.comm_id LIMIT 1`)
	for file, b := range readBoards(t) {
		g := &grafana{from: at.Add(-month), to: at, chosen: map[string]string{}}
		for _, first := range []bool{false, true} {
			if reader = composed; first {
				reader = board
			}
			for _, v := range b.Templating.List {
				values := []string{v.Current.first()}
				if v.Type == "query" {
					values = reader.rows(t, file+": variable "+v.Name, g.render(t, v.Query.RawSQL))
				}
				switch {
				case v.Name == "call":
					g.chosen[v.Name] = eventful[0]
				case v.IncludeAll && !first:
					g.chosen[v.Name] = allValues
				default:
					g.chosen[v.Name] = values[0]
				}
			}
			for _, p := range b.Panels {
				g.interval = time.Hour
				for _, q := range p.Targets {
					rows := reader.rows(t, file+": "+p.Title, g.render(t, q.RawSQL))
					if len(rows) == 0 && !first && !mayBeEmpty[p.Title] {
						t.Errorf("%s: %s: nothing found", file, p.Title)
					}
				}
				if p.Type == "stat" || p.Type == "table" {
					columns := reader.columns(t, file+": "+p.Title, g.render(t, p.Targets[0].RawSQL))
					for _, name := range p.overridden() {
						if !slices.Contains(columns, name) {
							t.Errorf("%s: %s: how to show %s, which is none of %s", file, p.Title, name, columns)
						}
					}
				}
			}
			for _, a := range b.Annotations.List {
				reader.rows(t, file+": annotation", g.render(t, a.Target.RawSQL))
			}
		}
	}
}

//go:build bi

package analyst

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/load/store"
)

// answer is ClickHouse's own answer to the question for the tools: calls and users by UTC
// day and grade.
const answer = `
	SELECT toDate(created_at) AS day, grade, count(), sum(users) FROM calls
	WHERE day BETWEEN '%s' AND '%s' GROUP BY day, grade`

// modeller is the user that docs/bi.md makes for dbt.
const modeller = `
<clickhouse><users><dbt>
	<password>` + composeSecret + `</password>
	<networks><ip>127.0.0.1</ip></networks>
	<profile>default</profile>
	<quota>default</quota>
	<grants>
		<query>GRANT SELECT ON trtc.*</query>
		<query>GRANT ALL ON callvault_marts.*</query>
		<query>GRANT TABLE ENGINE ON MergeTree</query>
	</grants>
</dbt></users></clickhouse>`

// TestBI connects real BI tools to one archive. They come from PyPI and npm and stay in the
// user's cache. They read as the user of docker-compose.yml.
func TestBI(t *testing.T) {
	srv, s := analystOfCompose(t, modeller)
	reader := &server{srv.HTTPURL(), s, "reader", composeSecret}
	host, port, _ := strings.Cut(strings.TrimPrefix(srv.HTTPURL(), "http://"), ":")
	b := &bi{reader, host, port}
	t.Run("superset", b.superset)
	t.Run("dbt", b.dbt)
	t.Run("cube", b.cube)
	t.Run("jupyter", b.jupyter)
	t.Run("lake", b.lake)
}

// bi is the connection of a tool to the archive.
type bi struct {
	reader     *server
	host, port string
}

// as returns the environment that names the archive and the user who reads it.
func (b *bi) as(user, password string, more ...string) []string {
	return append([]string{"CLICKHOUSE_HOST=" + b.host, "CLICKHOUSE_PORT=" + b.port, "CLICKHOUSE_USER=" + user, "CLICKHOUSE_PASSWORD=" + password}, more...)
}

// superset makes a dataset of every relation and a chart by Superset's REST API,
// and reads them.
func (b *bi) superset(t *testing.T) {
	dir := t.TempDir()
	rows, samples := filepath.Join(dir, "rows.json"), filepath.Join(dir, "samples.json")
	relations := column(t, b.reader.auth, "SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name")
	env := b.as(b.reader.user, b.reader.password, "HOME_DIR="+dir, "RELATIONS="+strings.Join(relations, ","), "SAMPLES="+samples, "ROWS="+rows, "FROM=2026-05-10", "TO=2026-05-20")
	run(t, "", env, filepath.Join(python(t, "superset"), "python"), tools+"superset/chart.py")
	b.same(t, "superset", readRows(t, rows), "2026-05-10", "2026-05-19")
	var shown map[string]int
	readJSON(t, samples, &shown)
	for _, r := range relations {
		if shown[r] == 0 {
			t.Errorf("superset shows nothing of %s", r)
		}
	}
	t.Logf("superset: datasets of %d relations show rows", len(relations))
}

// dbt builds packaging/dbt: sources, models and their tests.
func (b *bi) dbt(t *testing.T) {
	dir := t.TempDir()
	env := b.as("dbt", composeSecret, "DBT_TARGET_PATH="+dir, "DBT_LOG_PATH="+dir, "DO_NOT_TRACK=1")
	run(t, "../../packaging/dbt", env, filepath.Join(python(t, "dbt"), "dbt"), "build", "--profiles-dir", ".")
	var built struct {
		Results []struct {
			Status string
			ID     string `json:"unique_id"`
		}
	}
	readJSON(t, filepath.Join(dir, "run_results.json"), &built)
	for _, r := range built.Results {
		if r.Status != "pass" && r.Status != "success" {
			t.Errorf("dbt: %s: %s", r.ID, r.Status)
		}
	}
	if len(built.Results) < 28 {
		t.Errorf("dbt built and tested %d things", len(built.Results))
	}
	s := b.reader.auth
	for model, relation := range map[string]string{
		"SELECT sum(calls), sum(bad_calls), round(sum(minutes)) FROM callvault_marts.days": "SELECT count(), countIf(grade IN ('poor', 'serious')), round(sum(presence_seconds) / 60) FROM calls",
		"SELECT count(), sum(calls), round(sum(minutes)) FROM callvault_marts.users":       "SELECT uniqExact(sdk_app_id, user_id), count(), round(sum(presence_seconds) / 60) FROM call_users",
	} {
		if got, want := inOne(t, s, model), inOne(t, s, relation); got != want {
			t.Errorf("%s: %s; the archive has %s", model, got, want)
		}
	}
	t.Logf("%s: %d models and tests passed", pinned(t, "dbt"), len(built.Results))
}

func inOne(t *testing.T, s *store.Store, sql string) string {
	t.Helper()
	return column(t, s, "SELECT arrayStringConcat(arrayMap(x -> toString(x), [*]), ' ') FROM ("+sql+")")[0]
}

// cube lets Cube write and run the SQL of the data model in packaging/cube.
func (b *bi) cube(t *testing.T) {
	rows := filepath.Join(t.TempDir(), "rows.json")
	env := []string{
		"NODE_PATH=" + node(t, "cube"), "CUBEJS_TESSERACT_SQL_PLANNER=false", "MODEL=../../packaging/cube/model/cubes/calls.yml",
		"CUBEJS_DB_HOST=" + b.host, "CUBEJS_DB_PORT=" + b.port, "CUBEJS_DB_USER=" + b.reader.user, "CUBEJS_DB_PASS=" + b.reader.password,
		"CUBEJS_DB_NAME=trtc", "ROWS=" + rows, "FROM=2026-05-10", "TO=2026-05-19",
	}
	run(t, "", env, "node", tools+"cube/query.js")
	b.same(t, "cube", readRows(t, rows), "2026-05-10", "2026-05-19")
}

// jupyter runs the notebook in packaging/jupyter, in a folder of its own.
func (b *bi) jupyter(t *testing.T) {
	dir := t.TempDir()
	notebook, err := os.ReadFile("../../packaging/jupyter/calls.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "calls.ipynb"), notebook, 0o600); err != nil {
		t.Fatal(err)
	}
	env := b.as(b.reader.user, b.reader.password, "JUPYTER_DATA_DIR="+dir, "JUPYTER_RUNTIME_DIR="+dir, "IPYTHONDIR="+dir)
	run(t, "", env, filepath.Join(python(t, "jupyter"), "jupyter-execute"), "--inplace", filepath.Join(dir, "calls.ipynb"))
	csv, err := os.ReadFile(filepath.Join(dir, "calls.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(csv), ",", " ")), "\n")
	b.same(t, "jupyter", lines[1:], "1970-01-01", "2100-01-01")
}

// same compares a tool's rows, in any order, with ClickHouse's answer.
func (b *bi) same(t *testing.T, tool string, got []string, from, to string) {
	t.Helper()
	tsv, _, err := b.reader.query(t.Context(), fmt.Sprintf(answer, from, to), "TSV")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(strings.ReplaceAll(tsv, "\t", " ")), "\n")
	slices.Sort(want)
	slices.Sort(got)
	if len(want) < 10 {
		t.Errorf("only %d rows to compare", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs from ClickHouse (-ClickHouse +%s):\n%s", tool, tool, diff)
		return
	}
	t.Logf("%s: %d rows, as ClickHouse has them, such as %q", pinned(t, tool), len(got), got[0])
}

// readRows reads the rows of a JSON file, each as one string.
func readRows(t *testing.T, file string) (all []string) {
	t.Helper()
	var rows [][]any
	readJSON(t, file, &rows)
	for _, row := range rows {
		all = append(all, strings.TrimSuffix(fmt.Sprintln(row...), "\n"))
	}
	return all
}

// readJSON keeps numbers as they were written.
func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

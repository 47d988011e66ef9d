package schema_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/migrations"
)

// TestCatalogue compares the catalogue with the live schema, in both directions.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	s := connect(t)
	if _, err := newSchema(t, s, schema.Options{}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	const tables = `SELECT concat(name, if(engine = 'View', ' view', ' table')) AS x FROM system.tables WHERE database = currentDatabase() ORDER BY x`
	var listed []string
	for _, r := range catalogue.Relations() {
		listed = append(listed, r.Name+map[bool]string{true: " table", false: " view"}[r.Table])
		exported(t, s, r.Name, r.Export)
	}
	slices.Sort(listed)
	if diff := cmp.Diff(listed, column(t, s, tables)); diff != "" {
		t.Errorf("relations (-catalogue +schema):\n%s", diff)
	}
	listed = nil
	for _, table := range catalogue.Tables() {
		if table.Name == "lease_keeper" { // there is no Keeper here
			continue
		}
		newest := table.Backup == catalogue.Latest || table.Backup == catalogue.History
		listed = append(listed, fmt.Sprintf("%s: loads %t by %s, newest rows %t", table.Name, table.HasLoads(), month(table.Day), newest))
	}
	slices.Sort(listed)
	const ofStore = `
		SELECT concat(name, ': loads ', toString(loads), ' by ', if(loads, partition_key, ''), ', newest rows ', toString(toBool(engine LIKE '%Replacing%'))) AS x
		FROM (
			SELECT *, toBool(endsWith(name, '_data') AND name IN (SELECT table FROM system.columns WHERE database = currentDatabase() || '_store' AND name = 'load_id')) AS loads
			FROM system.tables WHERE database = currentDatabase() || '_store'
		)
		ORDER BY x`
	if diff := cmp.Diff(listed, column(t, s, ofStore)); diff != "" {
		t.Errorf("tables (-catalogue +schema):\n%s", diff)
	}
	var compared []string
	for _, r := range digest.Relations() {
		compared = append(compared, r.Name)
	}
	if diff := cmp.Diff(catalogue.Sent(), compared); diff != "" {
		t.Errorf("what is compared with the vendor (-catalogue +digest):\n%s", diff)
	}
	for _, table := range catalogue.Loaded() {
		q := "SELECT count() FROM " + table.Name + " WHERE " + table.Day + " = today() AND " + table.OfUnit
		if err := archive(s).Exec(t.Context(), q, "2026-05-04T10:00:00Z"); err != nil {
			t.Errorf("%s: %v", q, err)
		}
	}
}

// month is the partition of the rows of a day: Day is toDate(x) or x.
func month(day string) string {
	if day == "" {
		return ""
	}
	return "toYYYYMM(" + strings.TrimSuffix(strings.TrimPrefix(day, "toDate("), ")") + ")"
}

// exported checks that a relation has the columns that its export needs.
func exported(t *testing.T, s *store.Store, name string, x catalogue.Export) {
	t.Helper()
	if x.Time == "" {
		return
	}
	kind := column(t, s, "SELECT type FROM system.columns WHERE database = currentDatabase() AND table = '"+name+"' AND name = '"+x.Time+"'")
	if len(kind) != 1 || (kind[0] == "Date") != x.IsDate {
		t.Errorf("%s: the type of %s is %v; is it a date: %t", name, x.Time, kind, x.IsDate)
	}
	sent := catalogue.Sent()
	for _, source := range x.Sources {
		if !slices.Contains(sent, source) {
			t.Errorf("%s is made of %s, which is not as the vendor sent it", name, source)
		}
	}
	if len(x.Sources) == 0 && !slices.Contains(sent, name) {
		t.Errorf("%s has no sources", name)
	}
}

// TestOneRule checks that the rule of visibility in Go agrees with the one in SQL.
func TestOneRule(t *testing.T) {
	t.Parallel()
	file, err := fs.ReadFile(migrations.FS, "0001_schema.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?s){{if .OnCluster}}.*?{{else -}}\n|{{if .OnCluster}}[^\n]*?{{end}}`).ReplaceAllString(strings.ReplaceAll(string(file), `{{template "here" .}}`, ""), "")
	qualified := func(rule string) string {
		return strings.ReplaceAll(rule, " "+catalogue.HiddenLoads+" ", " {{.Store}}."+catalogue.HiddenLoads+" ")
	}
	for _, rule := range []string{catalogue.Hidden, catalogue.Opened, catalogue.Gone} {
		if n := strings.Count(text, qualified(rule)); n != 1 {
			t.Errorf("the migration says %d times: %s", n, rule)
		}
	}
	if n := strings.Count(text, "max(step)"); n != 3 {
		t.Errorf("the migration speaks of steps %d times", n)
	}
}

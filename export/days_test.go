package export

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
)

func TestManifest(t *testing.T) {
	m := manifest{
		"b": {File: "b", Signature: "1", Rows: 2, Bytes: 3, Written: time.Unix(7, 0).UTC()},
		"a": {File: "a"},
	}
	content, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(content), `{"file":"a"`) || strings.Count(string(content), "\n") != 2 {
		t.Errorf("not in order, one a line:\n%s", content)
	}
	if back, err := decodeManifest("rooms", content); err != nil || !maps.Equal(back, m) {
		t.Errorf("%v, %v", back, err)
	}
	if _, err := decodeManifest("rooms", content[:len(content)-3]); err == nil || !strings.Contains(err.Error(), ".callvault/rooms.jsonl is damaged") {
		t.Errorf("cut: %v", err)
	}
	if none, err := decodeManifest("rooms", nil); err != nil || len(none) > 0 {
		t.Errorf("none: %v, %v", none, err)
	}
}

func TestColumns(t *testing.T) {
	for kind, want := range map[string]string{
		"DateTime('UTC')": "toDateTime64(x, 3, 'UTC') AS x", "Nullable(DateTime)": "toDateTime64(x, 3, 'UTC') AS x", "DateTime64(3, 'UTC')": "x",
		"Date": "toDate32(x) AS x", "Date32": "x", "LowCardinality(String)": "x",
	} {
		if got := (column{"x", kind}).selected(); got != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

func TestConditions(t *testing.T) {
	d := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	timed := Relation{"t", catalogue.Export{Time: "at", Within: "id IN (SELECT id FROM u WHERE %s)"}}
	const on = "at >= toDateTime('2026-11-30 00:00:00', 'UTC') AND at < toDateTime('2026-12-01 00:00:00', 'UTC')"
	if got := timed.rowsOf([]column{{"id", "String"}, {"day", "Date"}}, d); got != "SELECT id, toDate32(day) AS day FROM (SELECT * FROM t WHERE "+on+" AND id IN (SELECT id FROM u WHERE "+on+"))" {
		t.Error(got)
	}
	dated := Relation{"t", catalogue.Export{Time: "day", IsDate: true}}
	if got := dated.on(d, d.Add(3*day)); got != "day >= toDate('2026-11-30') AND day < toDate('2026-12-03')" {
		t.Error(got)
	}
}

func TestFind(t *testing.T) {
	if all, err := Find(nil); err != nil || len(all) != len(Relations()) || all[0].Name != "rooms" || !all[0].isSource() {
		t.Errorf("all: %v, %v", all, err)
	}
	if two, err := Find([]string{"calls", "rooms"}); err != nil || two[0].Name != "calls" || two[1].Name != "rooms" || two[0].isSource() {
		t.Errorf("two: %v, %v", two, err)
	}
	if _, err := Find([]string{"ledger"}); err == nil || !strings.Contains(err.Error(), "quality_samples") {
		t.Errorf("none that can be exported: %v", err)
	}
}

// files is a destination that writes as many rows of a day as it is told.
type files struct {
	rows  map[string]uint64
	wrote []string
	noted int
}

func (f *files) Done(context.Context, string) (manifest, error) { return nil, nil }

func (f *files) Write(_ context.Context, _, file, _ string, _ Format) (Done, error) {
	f.wrote = append(f.wrote, file)
	return Done{Rows: f.rows[file]}, nil
}

func (f *files) Note(context.Context, string, manifest) error { f.noted++; return nil }

type unwatched struct{}

func (unwatched) Add(int)                 {}
func (unwatched) Done(string, Done, bool) {}

// TestWhichDays: a day is written where something of it has changed, and while it is not
// over.
func TestWhichDays(t *testing.T) {
	first := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	on := func(n int) time.Time { return first.Add(time.Duration(n) * day) }
	base := Relation{"rooms", catalogue.Export{Time: "created_at", Unit: "call", Sources: []string{"rooms"}}}
	k := &known{
		units: map[string]map[time.Time]string{"call": {on(0): "a", on(1): "b", on(2): "c", on(3): "d"}},
		rows:  map[string]map[time.Time]uint64{"rooms": {on(0): 1, on(1): 2, on(3): 4}},
	}
	e := &exporter{Options: Options{Format: Formats()[0], Today: on(3), Progress: unwatched{}}, known: k, relation: base}
	name := func(n int) string { return e.file(on(n)) }
	if name(0) != "utc_day=2026-11-26/rooms.parquet" {
		t.Error(name(0))
	}
	done := manifest{}
	run := func() (wrote []string) {
		to := &files{rows: map[string]uint64{}}
		for d, n := range k.rows["rooms"] {
			to.rows[e.file(d)] = n
		}
		e.to, e.result = to, Result{}
		for _, d := range e.days(done) {
			if err := e.day(t.Context(), d, nil, k.signature(base, "", d), done); err != nil {
				t.Fatal(err)
			}
		}
		if to.noted != len(to.wrote) {
			t.Errorf("%d written, %d noted", len(to.wrote), to.noted)
		}
		return to.wrote
	}
	want := func(what string, kept int, days ...int) {
		t.Helper()
		var names []string
		for _, n := range days {
			names = append(names, name(n))
		}
		if got := run(); !slices.Equal(got, names) || e.result.Written != len(names) || e.result.Kept != kept {
			t.Errorf("%s: wrote %v, %+v", what, got, e.result)
		}
	}
	want("at first", 0, 0, 1, 3)
	want("nothing is new, but today is not over", 2, 3)
	k.units["call"][on(0)] = "other"
	want("other loads", 1, 0, 3)
	k.rows["rooms"][on(1)] = 3
	want("more rows", 1, 1, 3)
	delete(k.rows["rooms"], on(0))
	want("no rows any more", 1, 0, 3)
	delete(k.rows["rooms"], on(1))
	delete(k.units["call"], on(1))
	want("the ledger does not know the day any more: the file stays", 0, 3)
	if done[name(1)].Rows == 0 {
		t.Error("the file of the expired day is forgotten")
	}
	e.Again = true
	e.Format = Formats()[1]
	if err := e.alone(done); err == nil || !strings.Contains(err.Error(), "there are parquet files; write csv to another folder") {
		t.Errorf("another format: %v", err)
	}
}

// TestDaysOfUnits: what is made of others has rows where these do, and where units are.
func TestDaysOfUnits(t *testing.T) {
	d := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	k := &known{
		units: map[string]map[time.Time]string{"call": {d: "a"}, "unusual": {d.Add(day): "b"}},
		rows:  map[string]map[time.Time]uint64{"rooms": {d.Add(2 * day): 1}},
	}
	made := Relation{"calls", catalogue.Export{Unit: "call", Also: "unusual", Sources: []string{"rooms"}}}
	if got := k.days(made); !slices.Equal(got, []time.Time{d, d.Add(2 * day)}) {
		t.Error(got)
	}
	before := k.signature(made, "v1", d)
	if k.signature(made, "v2", d) == before {
		t.Error("another definition has the same signature")
	}
	k.units["unusual"][d] = "c"
	if k.signature(made, "v1", d) == before {
		t.Error("another unit that it depends on has the same signature")
	}
}

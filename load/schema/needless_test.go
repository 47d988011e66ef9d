package schema

import (
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func TestLeaveOut(t *testing.T) {
	t.Parallel()
	const (
		table  = "CREATE TABLE IF NOT EXISTS `d`.t"
		v      = "CREATE OR REPLACE VIEW `d`.v  AS SELECT a FROM `d`.t"
		ofV    = "CREATE OR REPLACE VIEW `d`.w AS SELECT x.a FROM `d`.v AS x"
		quoted = "INSERT INTO `d`.`t` SELECT a FROM `d`.`v`"
		fill   = "INSERT INTO `d`.t SELECT a FROM `d`.v"
		drop   = "DROP VIEW IF EXISTS `d`.v"
		gone   = "DROP TABLE IF EXISTS `d`.t"
	)
	for name, c := range map[string]struct {
		all  []string
		left []int
	}{
		"once":                      {[]string{table, v, ofV}, nil},
		"three times":               {[]string{table, v, v, v}, []int{1, 2}},
		"tables of a view may go":   {[]string{table, v, gone, table, v}, []int{1}},
		"another view needs it":     {[]string{table, v, ofV, v}, nil},
		"that is left out, too":     {[]string{table, v, ofV, v, ofV}, []int{1, 2}},
		"rows come from it":         {[]string{table, v, fill, v}, nil},
		"quoted":                    {[]string{table, v, quoted, v}, nil},
		"the second of three":       {[]string{v, fill, v, v}, []int{2}},
		"dropped":                   {[]string{table, v, drop}, []int{1}},
		"dropped, and made again":   {[]string{v, drop, v}, []int{0}},
		"a drop is never left out":  {[]string{drop, v, drop}, []int{1}},
		"a table is never left out": {[]string{table, gone, table, "CREATE OR REPLACE VIEW `d`.t AS SELECT 1"}, nil},
		"another database's":        {[]string{v, "INSERT INTO `d`.t SELECT a FROM `other`.v", v}, nil},
	} {
		got := slices.Clone(c.all)
		leaveOut(got)
		for i, statement := range c.all {
			if slices.Contains(c.left, i) {
				statement = madeLater + statement
			}
			if got[i] != statement {
				t.Errorf("%s: statement %d: got %q, want %q", name, i, got[i], statement)
			}
		}
	}
}

// TestLeaveOutGoesOn: what is left out of a version's way up is the same,
// whatever versions come before.
func TestLeaveOutGoesOn(t *testing.T) {
	t.Parallel()
	s, err := New(&clickhouse.Options{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.waysUp()
	if err != nil {
		t.Fatal(err)
	}
	marked := 0
	for len(s.files) > 0 {
		some, err := s.waysUp()
		if err != nil {
			t.Fatal(err)
		}
		for version, text := range some {
			if text != all[version] {
				t.Errorf("version %d differs where those before %d are applied", version, s.files[0].version)
			}
		}
		marked += strings.Count(some[s.files[0].version], madeLater)
		s.files = s.files[1:]
	}
	if marked < 16 {
		t.Errorf("%d views are left out", marked)
	}
}

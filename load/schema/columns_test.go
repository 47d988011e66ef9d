package schema

import (
	"testing"
	"testing/fstest"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/load/retry"
)

// TestColumns checks the template words for columns.
func TestColumns(t *testing.T) {
	t.Parallel()
	const blocks = "{{define \"all\"}}\n    a UInt8 COMMENT 'it''s, a',\n    `b.c` Array(String) COMMENT 'b',\n\n" +
		"    d Date MATERIALIZED toDate('x') COMMENT 'd' CODEC(Delta, ZSTD(1)),\n    {{columns \"more\"}}\n{{end -}}\n" +
		"{{define \"more\"}}e_min Nullable(Float64) COMMENT 'e',{{end -}}\n{{define \"wrong\"}}a UInt8{{end -}}\n"
	for text, want := range map[string]string{
		`{{columns "all"}}`:                                                             "a UInt8 COMMENT 'it''s, a',\n    `b.c` Array(String) COMMENT 'b',\n    d Date MATERIALIZED toDate('x') COMMENT 'd' CODEC(Delta, ZSTD(1)),\n    e_min Nullable(Float64) COMMENT 'e'",
		`{{columns "all" | compressed 1}}`:                                              "a UInt8 COMMENT 'it''s, a' CODEC(ZSTD(1)),\n    `b.c` Array(String) COMMENT 'b' CODEC(ZSTD(1)),\n    d Date MATERIALIZED toDate('x') COMMENT 'd' CODEC(Delta, ZSTD(1)),\n    e_min Nullable(Float64) COMMENT 'e' CODEC(ZSTD(1))",
		`{{columns "all" | shown}}`:                                                     "a UInt8 COMMENT 'it''s, a',\n    `b.c` Array(String) COMMENT 'b',\n    d Date COMMENT 'd',\n    e_min Nullable(Float64) COMMENT 'e'",
		`{{columns "all" | names}}`:                                                     "a, `b.c`, d, e_min",
		`{{columns "all" | without "min" "max" | names}}`:                               "a, `b.c`, d",
		`{{measure "m" "It's" | without "avg" "min" "p50" "p95" "max"}}`:                "m_samples UInt64 COMMENT 'Samples of: it''s'",
		`{{measure "m" "M" | names}}`:                                                   "m_samples, m_avg, m_min, m_p50, m_p95, m_max",
		`{{range list (sums "s" "S" "Some")}}{{.Stored | names}}: {{.Selected}}{{end}}`: "s: s.samples AS s_samples, s.sum AS s_sum, s.min AS s_min, s.max AS s_max",
		`{{(histogram "s" "S" "Some").Shown | names}}`:                                  "s_samples, s_sum, s_min, s_max, s_values, s_counts",
		"{{define \"l\"}}\n  a = f({{.}})\n  b = g(a)\n and c = h(a)\n  (b, c)\n{{end}}{{let \"l\" \"x\"}}": "arrayMap((a) -> arrayMap((c, b) -> (b, c), [h(a)], [g(a)])[1], [f(x)])[1]",
		"{{define \"l\"}}and a = f()\na\n{{end}}{{let \"l\" 0}}":                                            "",
		"{{define \"l\"}}f()\na\n{{end}}{{let \"l\" 0}}":                                                    "",
		`{{columns "wrong"}}`: "",
		`{{columns "none"}}`:  "",
		`{{without "min"}}`:   "",
	} {
		s, err := New(&clickhouse.Options{}, Options{FS: fstest.MapFS{"x.sql": {Data: []byte(blocks + text)}}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.render("x.sql")
		if got != want || (err != nil) != (want == "") || err != nil && retry.Helps(err) {
			t.Errorf("%s: got %q, %v; want %q", text, got, err, want)
		}
	}
}

package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// written returns a result in a format.
func written(t *testing.T, format string, width int, cols []column, rows ...[]any) (out, note string) {
	t.Helper()
	var b bytes.Buffer
	f, err := FindFormat(format)
	if err != nil {
		t.Fatal(err)
	}
	w := f(Sheet{W: &b, Width: width, Note: func(s string) { note += s }})
	err = w.columns(cols)
	for _, r := range rows {
		err = errors.Join(err, w.row(r))
	}
	if err = errors.Join(err, w.end()); err != nil {
		t.Fatal(err)
	}
	return b.String(), note
}

var (
	columns = []column{{"n", "Nullable(UInt64)"}, {"name\x1b", "String"}}
	rows    = [][]any{{uint64(7), "a\tb\\\"<ä>\x1b"}, {nil, "長\nx"}}
)

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format string
		width  int
		want   string
		noted  bool
	}{
		{"table", 0, `
╭──────┬─────────────────╮
│    n │ name\x1b        │
├──────┼─────────────────┤
│    7 │ a\tb\\\"<ä>\x1b │
│ NULL │ 長              │
│      │ x               │
╰──────┴─────────────────╯
`, false},
		{"table", 25, "\nRow 1\n  n         7\n  name\\x1b  a\\tb\\\\\\\"<ä>\\x1b\nRow 2\n  n         NULL\n  name\\x1b  長\n            x\n", true},
		{"Pretty", 26, "", false},
		{"vertical", 0, "\nRow 1\n  n         7\n  name\\x1b  a\\tb\\\\\\\"<ä>\\x1b\nRow 2\n  n         NULL\n  name\\x1b  長\n            x\n", false},
		{"CSVWithNames", 5, "\nn,name\x1b\n7,\"a\tb\\\"\"<ä>\x1b\"\n,\"長\nx\"\n", false},
		{"tsv", 5, "\nn\tname\x1b\n7\ta\\tb\\\\\"<ä>\x1b\n\\N\t長\\nx\n", false},
		{"JSONEachRow", 5, "\n{\"n\":7,\"name\\u001b\":\"a\\tb\\\\\\\"<ä>\\u001b\"}\n{\"n\":null,\"name\\u001b\":\"長\\nx\"}\n", false},
	} {
		got, note := written(t, c.format, c.width, columns, rows...)
		if c.want == "" { // as wide as it needs
			c.want, _ = written(t, "table", 0, columns, rows...)
		}
		if got != strings.TrimPrefix(c.want, "\n") || (note != "") != c.noted {
			t.Errorf("%s, %d columns: note %q, got\n%swant\n%s", c.format, c.width, note, got, c.want)
		}
	}
	if got, note := written(t, "table", 1, columns); got != "╭───┬──────────╮\n│ n │ name\\x1b │\n├───┼──────────┤\n╰───┴──────────╯\n" || note != "" {
		t.Errorf("no rows: %q\n%s", note, got)
	}
	if _, err := FindFormat("xml"); err == nil || !strings.Contains(err.Error(), "use csv, jsonl, table, tsv, vertical") {
		t.Errorf("an unknown format: %v", err)
	}
}

// TestTableGoesOn: rows after those that decide the widths are whole and legible.
func TestTableGoesOn(t *testing.T) {
	var all [][]any
	for i := range 2 * TableRows {
		all = append(all, []any{uint64(i), "a\nb"})
	}
	all[TableRows+500][1] = strings.Repeat("長", 20)
	out, _ := written(t, "table", 80, []column{{"n", "UInt64"}, {"text", "String"}}, all...)
	lines := strings.Split(out, "\n")
	if want := []string{"╭─────┬──────╮", "│   n │ text │", "├─────┼──────┤", "│   0 │ a    │", "│     │ b    │"}; !slices.Equal(lines[:5], want) {
		t.Errorf("got\n%s", strings.Join(lines[:5], "\n"))
	}
	if len(lines) != 3+2*2*TableRows-1+1+1 || lines[len(lines)-2] != "╰─────┴──────╯" {
		t.Errorf("%d lines, at last %q", len(lines), lines[len(lines)-2:])
	}
	if at := 3 + 2*(TableRows+500); lines[at] != fmt.Sprintf("│ %d │ %s │", TableRows+500, strings.Repeat("長", 20)) {
		t.Errorf("the long row is %q", lines[at])
	}
}

// TestFormatsHoldLittle: no format holds more than the rows that decide its widths.
func TestFormatsHoldLittle(t *testing.T) {
	const most = 8 << 20
	long := strings.Repeat("x", 1<<14)
	for _, name := range FormatNames() {
		w := formats[name](Sheet{W: io.Discard, Width: 80, Note: func(string) {}})
		_ = w.columns([]column{{"s", "String"}})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range 4000 { // 64 MB
			if err := w.row([]any{fmt.Sprint(i, long)}); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		if runtime.ReadMemStats(&after); after.HeapAlloc > before.HeapAlloc+most {
			t.Errorf("%s holds %d MB", name, (after.HeapAlloc-before.HeapAlloc)>>20)
		}
		runtime.KeepAlive(w)
	}
}

// TestValues makes values of the client plain, as text for people and as JSON.
func TestValues(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	huge, _ := new(big.Int).SetString("-170141183460469231731687303715884105728", 10)
	text := "x"
	for _, c := range []struct {
		kind   string
		value  any
		people string
		json   string // "": the same
	}{
		{"UInt64", uint64(math.MaxUint64), "18446744073709551615", ""},
		{"Int8", int8(-1), "-1", ""},
		{"Int128", huge, huge.String(), ""},
		{"Bool", true, "true", ""},
		{"Float64", 1e6, "1000000", ""},
		{"Float64", 1.5e-9, "1.5e-9", ""},
		{"Float64", 1e21, "1e21", ""},
		{"Float64", 0.0, "0", ""},
		{"Float32", float32(0.1), "0.1", ""},
		{"Float64", math.NaN(), "nan", "null"},
		{"Float64", math.Inf(-1), "-inf", "null"},
		{"Float64", math.Inf(1), "inf", "null"},
		{"String", `a"b<ä>`, `a"b<ä>`, `"a\"b<ä>"`},
		{"LowCardinality(Nullable(String))", &text, "x", `"x"`},
		{"Nullable(String)", (*string)(nil), "NULL", "null"},
		{"Nothing", nil, "NULL", "null"},
		{"Date", at, "2026-01-02", `"2026-01-02"`},
		{"DateTime('UTC')", at, "2026-01-02 03:04:05", `"2026-01-02 03:04:05"`},
		{"DateTime64(3, 'UTC')", at, "2026-01-02 03:04:05.678", `"2026-01-02 03:04:05.678"`},
		{"DateTime64(0)", at, "2026-01-02 03:04:05", `"2026-01-02 03:04:05"`},
		{"Time", -(25*time.Hour + time.Second), "-25:00:01", `"-25:00:01"`},
		{"Time64(2)", 1230 * time.Millisecond, "00:00:01.23", `"00:00:01.23"`},
		{"IPv6", net.ParseIP("::ffff:1.2.3.4").To16(), "::ffff:1.2.3.4", `"::ffff:1.2.3.4"`},
		{"Array(Nullable(UInt8))", []*uint8{nil, new(uint8)}, "[null,0]", ""},
		{"Array(Float64)", []float64{math.NaN(), 0.5}, "[nan,0.5]", "[null,0.5]"},
		{"Map(String, UInt8)", map[string]uint8{"b": 2, "a": 1}, `{"a":1,"b":2}`, ""},
		{"Tuple(UInt8, Array(Tuple(x String)), Date)", []any{uint8(1), []map[string]any{{"x": "y"}}, at}, `[1,[{"x":"y"}],"2026-01-02"]`, ""},
		{"Tuple(`odd, name` UInt8, z Decimal(9, 2))", map[string]any{"odd, name": uint8(1), "z": "1.5"}, `{"odd, name":1,"z":"1.5"}`, ""},
		{"SimpleAggregateFunction(sum, UInt64)", uint64(3), "3", ""},
		{"Enum8('a,b' = 1, 'it\\'s' = 2)", "it's", "it's", `"it's"`},
	} {
		v := reflect.New(reflect.TypeFor[any]()).Elem()
		if c.value != nil {
			v.Set(reflect.ValueOf(c.value))
		}
		plain := plainOf(c.kind)(v)
		if got := cell(plain); got != c.people {
			t.Errorf("%s of %v: %s, want %s", c.kind, c.value, got, c.people)
		}
		want := c.json
		if want == "" {
			want = c.people
		}
		if got := appendJSON(nil, plain, false); string(got) != want || !json.Valid(got) {
			t.Errorf("%s of %v: JSON %s, want %s", c.kind, c.value, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	exception := func(code int32, text string) error {
		return fmt.Errorf("send: %w", &clickhouse.Exception{Code: code, Message: text})
	}
	const quotes = "; user_id, room_id and comm_id are strings: put quotes around the value, as in user_id = '1716'"
	readonly := exception(164, "Cannot execute query in readonly mode")
	for _, c := range []struct {
		err   error
		write bool
		want  string
	}{
		{errors.New("no route\nto host"), false, "query: no route"},
		{exception(47, "Unknown identifier oops\nmore (UNKNOWN_IDENTIFIER)"), false, "query: Unknown identifier oops (code 47)"},
		{exception(47, "Unknown oops (UNKNOWN_IDENTIFIER) (version 26.7.1 (official build))"), false, "query: Unknown oops (code 47)"},
		{exception(386, "There is no supertype for types String, UInt16 because some are String"), false, "query: There is no supertype for types String, UInt16 (code 386)" + quotes},
		{exception(386, "There is no supertype for types Date, UInt16"), false, "query: There is no supertype for types Date, UInt16 (code 386)"},
		{exception(53, "Cannot convert string '1' to type UInt8"), false, "query: Cannot convert string '1' to type UInt8 (code 53)" + quotes},
		{readonly, false, errOnlyReads.Error() + " (code 164)"},
		{readonly, true, "query: the user in CLICKHOUSE_DSN may only read (code 164)"},
		{exception(164, "Cannot modify 'max_threads' setting in readonly mode"), false, "query: Cannot modify 'max_threads' setting in readonly mode (code 164): the user in CLICKHOUSE_DSN may only read"},
		{exception(164, "Cannot modify 'readonly' setting in readonly mode"), false, errOnlyReads.Error() + " (code 164)"},
	} {
		if got := (&Session{Write: c.write}).explain(Error(c.err)); got.Error() != c.want {
			t.Errorf("got  %v\nwant %s", got, c.want)
		}
	}
}

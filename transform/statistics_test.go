package transform

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
)

const statisticsApp call.AppID = 1400353843

// statisticsDay is the window of the tests' questions.
var statisticsDay = call.Window{Start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 3, 4, 23, 59, 59, 0, time.UTC)}

func statistics(t *testing.T, shape call.Shape, body string) ([]call.Statistic, Info) {
	t.Helper()
	rows, info, err := new(Decoder).Statistics(call.Statement{Shape: shape}, statisticsApp, statisticsDay, AllLines(), []byte(`{"Response":{`+body+`,"RequestId":"x"}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows, info
}

// said is a row in words.
func said(x call.Statistic) string {
	at := ""
	if !x.At.IsZero() {
		at = x.At.Format(" 01-02T15:04")
	}
	return fmt.Sprintf("%s%s %q%d %s=%v%s", x.TimeKey, at, x.RoomID, x.Line, x.Name, x.Value, x.Text)
}

func TestStatisticsShapes(t *testing.T) {
	for name, c := range map[string]struct {
		shape  call.Shape
		body   string
		rows   []string
		list   ListState
		damage []string
		nulls  int
	}{
		"usage, names after the list": {
			call.ShapeUsage, `"UsageList":[{"TimeKey":"2026-03-01 00:00:00","TimeStampKey":1772294400,"UsageValue":[1.5,null,"3"]}],"UsageKey":["Audio","SD","SD"]`,
			[]string{`2026-03-01 00:00:00 02-28T16:00 ""0 Audio=1.5`, `2026-03-01 00:00:00 02-28T16:00 ""0 SD#2=3`}, ListPresent, nil, 1,
		},
		"usage, values that do not fit": {
			call.ShapeUsage, `"UsageKey":["A"],"UsageList":[{"TimeKey":"2026-03-01","UsageValue":[1,2]},{"TimeKey":"2026-03-02","UsageValue":null},{"TimeKey":"soon","UsageValue":[1]},{"TimeKey":"2026-03-03","UsageValue":[NaN]},7]`,
			nil, ListPresent, []string{": expected an object, found a number", "2026-03-01: 2 values of 1 names", `soon: TimeKey: expected a time that begins with a day, such as 2026-11-30`, `2026-03-03: A: expected a number, found the word "NaN"`}, 1,
		},
		"usage of milliseconds": {
			call.ShapeUsage, `"UsageKey":["A"],"UsageList":[{"TimeKey":"2026-03-01","TimeStampKey":1772294400000,"UsageValue":[0]}]`,
			[]string{`2026-03-01 02-28T16:00 ""0 A=0`}, ListPresent, nil, 0,
		},
		"usage is null":  {call.ShapeUsage, `"UsageKey":null,"UsageList":null`, nil, ListNull, nil, 0},
		"usage is empty": {call.ShapeUsage, `"UsageKey":null,"UsageList":[]`, nil, ListPresent, nil, 0},
		"no usage":       {call.ShapeUsage, `"UsageKey":[]`, nil, ListAbsent, nil, 0},
		"usage twice":    {call.ShapeUsage, `"UsageList":[],"UsageList":[]`, nil, ListWrong, nil, 0},
		"fields": {
			call.ShapeFields, `"SdkAppIdUsages":[{"SdkAppId":"1400353843","Usages":[{"TimeKey":"2026-03-01","AudioTime":7,"Class9":null,"Note":"x"}]},{"SdkAppId":"2","Usages":[{"TimeKey":"2026-03-01","AudioTime":8}]}]`,
			[]string{`2026-03-01 ""0 AudioTime=7`, `2026-03-01 ""0 Note=0x`}, ListPresent, nil, 1,
		},
		"fields of two lists": {
			call.ShapeFields, `"Usages":[{"A":[{"TimeKey":"2026-03-01","Sd":1}],"B":[{"TimeKey":"2026-03-01","Sd":2}],"TotalNum":2,"SdkAppId":1400353843}]`,
			[]string{`2026-03-01 ""0 A.Sd=1`, `2026-03-01 ""0 B.Sd=2`}, ListPresent, nil, 0,
		},
		"a table": {
			call.ShapeTable, `"Data":"\ufeffAudio,RoomId,SD,\r\n1,\"a,\"\"b\"\"\n\u00e9\",2.5,x y\r\n,r,,0\r\n1,2\n"`,
			[]string{`""`}, ListPresent, nil, 0,
		},
		"a table without rooms":  {call.ShapeTable, `"Data":"A,B\n1,2\n"`, nil, ListWrong, nil, 0},
		"an empty table":         {call.ShapeTable, `"Data":""`, nil, ListPresent, nil, 0},
		"a header":               {call.ShapeTable, `"Data":"RoomId,A\n"`, nil, ListPresent, nil, 0},
		"no table":               {call.ShapeTable, `"Data":null`, nil, ListNull, nil, 0},
		"a table that is a list": {call.ShapeTable, `"Data":[]`, nil, ListWrong, nil, 0},
		"series": {
			call.ShapeSeries, `"Data":{"Series":[{"Values":[{"RowValue":[5,1772323200,null]},{"RowValue":null,"RowValueFloat":[0.25,1772326800,3]},{"RowValue":null,"RowValueFloat":null},{"RowValue":[1]}],"Columns":["users","ts",""]}]}`,
			[]string{` 03-01T00:00 ""0 users=5`, ` 03-01T01:00 ""0 users=0.25`, ` 03-01T01:00 ""0 column 3=3`}, ListPresent, []string{"row 4: 1 values of 3 names"}, 2,
		},
		"series without names of times": {
			call.ShapeSeries, `"Data":{"Series":[{"Columns":["a","b"],"Values":[{"RowValue":[2026030101,7]},{"RowValue":[2026030102,8]}]},{"Columns":["Time","b"],"Values":[{"RowValue":[1772323200000,9]}]}]}`,
			[]string{` 03-01T01:00 ""0 b=7`, ` 03-01T02:00 ""0 b=8`, ` 03-01T00:00 ""0 b#2=9`}, ListPresent, nil, 0,
		},
		"series out of the window": {
			call.ShapeSeries, `"Data":{"Series":[{"Columns":["ts","b"],"Values":[{"RowValue":[1672323200,7]},{"RowValue":[1772323200,8]}]}]}`,
			[]string{` 03-01T00:00 ""0 b=8`}, ListPresent, []string{"row 1: ts is no time in the window asked for"}, 0,
		},
		"series of no time": {
			call.ShapeSeries, `"Data":{"Series":[{"Columns":["a"],"Values":[{"RowValue":[7]}]}]}`, nil, ListPresent, []string{"row 1: none of its columns is a time: a"}, 0,
		},
		"null series": {call.ShapeSeries, `"Data":{"Series":[{"Columns":null,"Values":null},null]}`, nil, ListPresent, nil, 0},
		"series null": {call.ShapeSeries, `"Data":{"Series":null,"Total":0}`, nil, ListNull, nil, 0},
		"data null":   {call.ShapeSeries, `"Data":null`, nil, ListNull, nil, 0},
		"data a text": {call.ShapeSeries, `"Data":"x"`, nil, ListWrong, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			rows, info := statistics(t, c.shape, c.body)
			var got, damage []string
			for _, x := range rows {
				got = append(got, said(x))
			}
			for _, d := range info.Damage {
				damage = append(damage, d.Key+": "+d.Problem)
			}
			if name == "a table" {
				c.rows = []string{` "a,\"b\"` + `\né"1 Audio=1`, ` "a,\"b\"` + `\né"1 SD=2.5`, ` "a,\"b\"` + `\né"1 column 4=0x y`, ` "r"2 column 4=0`}
				c.damage, c.nulls = []string{"line 3: 2 values of 4 names"}, 2
			}
			if !slices.Equal(got, c.rows) || !slices.Equal(damage, c.damage) || info.List != c.list || info.Nulls != c.nulls {
				t.Errorf("rows %q, want %q\ndamage %q, want %q\nlist %v, want %v; %d nulls, want %d", got, c.rows, damage, c.damage, info.List, c.list, info.Nulls, c.nulls)
			}
		})
	}
	if _, info := statistics(t, call.ShapeUsage, `"TotalUsage":[3],"UsageKey":["A"],"UsageList":[{"TimeKey":"2026-03-01","UsageValue":[1]},{"TimeKey":"2026-03-02","UsageValue":[1]}]`); info.Differs == "" {
		t.Error("a total that differs is not told")
	}
}

// tableReference reads a table with the standard library's readers of the whole.
func tableReference(body []byte) (rows []call.Statistic, ok bool) {
	var answer struct{ Response struct{ Data *string } }
	if json.Unmarshal(body, &answer) != nil || answer.Response.Data == nil {
		return nil, false
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(*answer.Response.Data, "\ufeff")))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil, errors.Is(err, io.EOF)
	}
	names := named(header)
	room := call.RoomColumn(names)
	for line := uint32(1); room >= 0; line++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, true
		}
		if err != nil || len(record) != len(names) {
			continue
		}
		for i, cell := range record {
			if cell = strings.TrimSpace(cell); i == room || cell == "" {
				continue
			}
			x := call.Statistic{RoomID: strings.ToValidUTF8(record[room], "\ufffd"), Line: line, Name: names[i]}
			if json.Valid([]byte(cell)) && json.Unmarshal([]byte(cell), &x.Value) != nil {
				x.Value = 0
			}
			if !json.Valid([]byte(cell)) || cell[0] != '-' && (cell[0] < '0' || cell[0] > '9') || json.Unmarshal([]byte(cell), new(float64)) != nil {
				x.Value, x.Text = 0, cell
			}
			rows = append(rows, x)
		}
	}
	return nil, false
}

// FuzzTable: a hostile table costs the lines that it damages, is read the same in pieces, and
// as the standard library reads it.
func FuzzTable(f *testing.F) {
	for _, text := range []string{
		"RoomId,Audio,SD\na,1,2\n", "\ufeffroom_id;x\n", "Audio,\"Room Id\"\n\"1\",\"a\"\"b,\n\r\"\n1,\"open\n", "RoomId,RoomId\n1,2\n1\n,,,\n\n\"x\"y,1\n",
		"RoomId,A\nx,NaN\nx,1e400\nx,-0\nx,0x1\nx,1_0\n\x00,\x00\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, _ := json.Marshal(text)
		body := slices.Concat([]byte(`{"Response":{"Data":`), data, []byte(`}}`))
		var d Decoder
		s := call.Statement{Shape: call.ShapeTable}
		all, info, err := d.Statistics(s, 1, statisticsDay, AllLines(), body, nil)
		if err != nil {
			t.Fatal(err)
		}
		var pieces []call.Statistic
		for from := uint32(1); from <= uint32(info.Items); from += 2 {
			if pieces, _, err = d.Statistics(s, 1, statisticsDay, Lines{from, from + 1}, body, pieces); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(all, pieces) {
			t.Fatalf("%d rows at once, %d in pieces of %q", len(all), len(pieces), text)
		}
		want, ok := tableReference(body)
		if ok != (info.List == ListPresent) || ok && !slices.Equal(all, want) {
			t.Fatalf("rows %v, reference %v (%v) of %q", all, want, ok, text)
		}
	})
}

// FuzzStatistics: whatever the vendor sends, damage is told in plain lines, no number comes
// from nowhere, and the same body gives the same answer.
func FuzzStatistics(f *testing.F) {
	for _, body := range []string{
		`{"Response":{"UsageKey":["A"],"UsageList":[{"TimeKey":"2026-03-01","TimeStampKey":1,"UsageValue":[1]}],"TotalUsage":[2]}}`,
		`{"Response":{"SdkAppIdUsages":[{"SdkAppId":"1","Usages":[{"TimeKey":"2026-03-01","AudioTime":1}]}]}}`,
		`{"Response":{"Data":{"Series":[{"Columns":["ts","a"],"Values":[{"RowValue":[1772323200,1],"RowValueFloat":[]}]}]}}}`,
		`{"Response":{"Data":"RoomId,A\nx,1\n"}}`,
	} {
		for shape := range 4 {
			f.Add([]byte(body), uint8(shape))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, shape uint8) {
		s := call.Statement{Shape: call.Shape(shape % 4)}
		rows, info, err := new(Decoder).Statistics(s, 1, statisticsDay, AllLines(), body, nil)
		again, _, _ := new(Decoder).Statistics(s, 1, statisticsDay, AllLines(), bytes.Clone(body), nil)
		if !slices.EqualFunc(rows, again, func(a, b call.Statistic) bool { return said(a) == said(b) }) {
			t.Fatalf("two answers of one body: %v, %v", rows, again)
		}
		if err != nil {
			if len(rows) > 0 {
				t.Fatalf("%d rows and %v", len(rows), err)
			}
			return
		}
		for _, x := range rows {
			if x.Name == "" || x.Text != "" && x.Value != 0 {
				t.Fatalf("row %+v of %q", x, body)
			}
		}
		accounted(t, body, Info{Damage: info.Damage, DamageCount: info.DamageCount}, 0, false)
	})
}

package transform

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/call"
)

func TestListStates(t *testing.T) {
	var d Decoder
	for field, want := range map[string]ListState{
		``: ListAbsent, `"RoomList":null,`: ListNull, `"RoomList":[],`: ListPresent,
		`"roomlist":[],`: ListAbsent, `"RoomList":[],"RoomList":null,`: ListWrong,
		`"RoomList":{"a":[1]},`: ListWrong, `"RoomList":"",`: ListWrong, `"RoomList":None,`: ListWrong,
	} {
		_, info, err := d.Rooms([]byte(`{"Response":{`+field+`"RequestId":"x"}}`), 7, nil)
		if err != nil || info.List != want {
			t.Errorf("%s: %v, %v", field, info.List, err)
		}
	}
}

func TestErrorsTellWhere(t *testing.T) {
	var d Decoder
	for body, want := range map[string]string{
		``:                                `decode rooms at byte 0: expected an object, found the end of the body`,
		`<html>`:                          `decode rooms at byte 0: expected an object, found '<'`,
		"\xff":                            `decode rooms at byte 0: expected an object, found byte 0xff`,
		`{}`:                              `decode rooms at byte 0: no "Response" in the body`,
		`{"response":{}}`:                 `decode rooms at byte 0: no "Response" in the body`,
		`{"Response":null}`:               `decode rooms at byte 12: expected an object, found 'n'`,
		`{"Response":{}} x`:               `decode rooms at byte 16: expected the end of the body, found 'x'`,
		`{"Response":{}}}`:                `decode rooms at byte 15: expected the end of the body, found '}'`,
		`{"Response":{"RoomList":[{},]}}`: `decode rooms at byte 28: expected a value, found ']'`,
		`{"Response":{"RoomList":[{}}}`:   `decode rooms at byte 27: expected "," or "]", found '}'`,
		`{"Response":{"Total":1?}}`:       `decode rooms at byte 22: expected "," or "}", found '?'`,
		`{"Response":{"Total":?}}`:        `decode rooms at byte 21: expected a value, found '?'`,
		`{"Response":{"Total":NaN"x"}}`:   `decode rooms at byte 24: expected "," or "}", found '"'`,
		`{"Response":{"Total":12`:         `decode rooms at byte 23: expected "," or "}", found the end of the body`,
		`{"Response":{"RequestId":"a` + "\n" + `"}}`: `decode rooms at byte 27: expected '"', found '\n'`,
		`{"Response":{"X":"\x"}}`:                    `decode rooms at byte 19: expected an escape, found 'x'`,
		`{"Response":{"X":[1,]}}`:                    `decode rooms at byte 20: expected a value, found ']'`,
		`{"Response":{"X":1,}}`:                      `decode rooms at byte 19: expected a field name, found '}'`,
	} {
		_, _, err := d.Rooms([]byte(body), 7, nil)
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", body, err, want)
		}
		comparisons["rooms"](t, &d, []byte(body))
	}
}

func TestVendorError(t *testing.T) {
	var d Decoder
	before := []call.Room{{CommID: "before"}}
	rows, _, err := d.Rooms([]byte(`{"Response":{"RoomList":[{"CommId":"c","CreateTime":5}],
		"Error":{"Code":"InternalError","Message":"no","Detail":{}},"RequestId":"x"}}`), 7, before)
	var vendor *VendorError
	if !errors.As(err, &vendor) || *vendor != (VendorError{"InternalError", "no", "x"}) {
		t.Errorf("error %v", err)
	}
	if len(rows) != 1 || rows[0].CommID != "before" {
		t.Errorf("rows %v", rows)
	}
}

func TestStrings(t *testing.T) {
	var d Decoder
	for _, text := range []string{
		`a\u00e9\n\"\\\/\b\f\r\t`, `\ud83d\ude00`, `\ud83d`, `\ud83dx`, `\ud83d\n`, `\ud83d\ud83d\ude00`, `\ude00\ud83d`,
		`\ud83d\u0041`, `\uD83D\uDE00`, `\ufffd`, `\u0000`, "\xff\xfe", "é\xc3", "\xed\xa0\xbd", "房間", `\ud83`, `\ud83d\u12`,
		`\uzzzz`, `\`, "\x7f", "\x1f",
	} {
		comparisons["rooms"](t, &d, []byte(`{"Response":{"RoomList":[{"CommId":"`+text+`","CreateTime":5,"`+text+`":1}]}}`))
	}
	comparisons["rooms"](t, &d, []byte(`{"Respons\u0065":{"Room\u004cist":[{"\u0043ommId":"x","CreateTime":5}]}}`))
}

// The results must not change when the memory of the body is used again.
func TestResultsDoNotShareTheBody(t *testing.T) {
	var d Decoder
	for name, body := range readBodies(t) {
		if !strings.HasPrefix(name, "detail") {
			continue
		}
		var dst, want Detail
		if _, err := d.Detail(body, call.Window{}, nil, &dst); err != nil {
			t.Fatal(err)
		}
		if _, err := new(Decoder).Detail(append([]byte(nil), body...), call.Window{}, nil, &want); err != nil {
			t.Fatal(err)
		}
		for i := range body {
			body[i] = 'x'
		}
		if diff := cmp.Diff(want, dst, sameBits); diff != "" {
			t.Error(diff)
		}
		if d.scan.buf != nil {
			t.Error("the decoder holds on to the body")
		}
	}
}

func TestDepth(t *testing.T) {
	var d Decoder
	for _, pair := range []string{"[]", `{"":}`} {
		half := len(pair) - 1
		deep := strings.Repeat(pair[:half], 1<<20) + `[NaN,{"a":{}}]` + strings.Repeat(pair[half:], 1<<20)
		body := `{"Response":{"X":` + deep + `,"RoomList":[{"CommId":` + deep + `},` + deep + `]}}`
		_, info, err := d.Rooms([]byte(body), 7, nil)
		if err != nil || info.DamageCount != 2 || info.Items != 2 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

func TestKeep(t *testing.T) {
	body := []byte(`{"Response":{"Data":[
		{"Content":[{"Time":10,"Value":1},{"Time":11,"Value":null},{"Time":12,"Value":3},{"Time":13,"Value":null}],"UserId":"a","PeerId":null,"DataType":"rtt"},
		{"Content":[{"Time":10,"Value":4},{"Time":12,"Value":null}],"UserId":"b","PeerId":null,"DataType":"rtt"}]}}`)
	var d Decoder
	var dst Detail
	info, err := d.Detail(body, call.Window{}, func(user string) (from, to uint32) {
		if user == "a" {
			return 11, 12
		}
		return 1, 0
	}, &dst)
	if err != nil {
		t.Fatal(err)
	}
	want := call.Samples{
		Series: []call.Series{{UserID: "a", Metric: "rtt", Rows: 1}}, Time: []uint32{12}, Value: []float64{3}, Nulls: 1,
	}
	if diff := cmp.Diff(want, dst.Samples); diff != "" || info.Dropped != 4 || info.Items != 2 {
		t.Errorf("%+v\n%s", info, diff)
	}
}

func TestSecondsForMilliseconds(t *testing.T) {
	var d Decoder
	for text, want := range map[string]time.Time{
		`1589975272`: {}, `"1589975272790"`: time.Date(2020, 5, 20, 11, 47, 52, 790e6, time.UTC),
	} {
		rows, info, err := d.Events([]byte(`{"Response":{"Data":[{"PeerId":"","Content":[
			{"Time":`+text+`,"EventId":1,"Type":0,"ParamOne":0,"ParamTwo":0}]}]}}`), "u", "r", nil)
		switch {
		case err != nil || len(rows)+info.DamageCount != 1 || (len(rows) == 0) != want.IsZero():
			t.Errorf("%s: %v, %+v, %v", text, rows, info, err)
		case len(rows) == 1 && !rows[0].Time.Equal(want):
			t.Errorf("%s is %v", text, rows[0].Time)
		}
	}
}

func TestReadingAgainDoesNotAllocate(t *testing.T) {
	body, points := benchBody(2, 600)
	var d Decoder
	var dst Detail
	allocs := testing.AllocsPerRun(10, func() {
		dst.Reset()
		if _, err := d.Detail(body, call.Window{}, nil, &dst); err != nil || dst.Samples.Rows() != points {
			t.Fatal(dst.Samples.Rows(), err)
		}
	})
	if allocs > 8 {
		t.Errorf("%v allocations for a response", allocs)
	}
}

func TestInternerIsBounded(t *testing.T) {
	var n interner
	for i := range 3 * maxNames {
		n.intern([]byte{'x', byte(i), byte(i >> 8), byte(i >> 16)})
	}
	n.intern(make([]byte, maxNameLen+1))
	if len(n.names) > maxNames {
		t.Errorf("%d strings held", len(n.names))
	}
}

package transform

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/call"
)

const (
	aRoom    = `{"CommId":"c%d","RoomString":"r","CreateTime":5,"DestroyTime":9,"IsFinished":true,"UserId":"u"}`
	aSession = `{"RoomStr":"r","UserId":"u%d","JoinTs":5,"LeaveTs":9,"Finished":true,"DeviceType":"","SdkVersion":"","ClientIp":""}`
	anEvent  = `{"Type":0,"Time":1589975272790,"EventId":1,"ParamOne":%d,"ParamTwo":0}`
	aCause   = `{"AbnormalEventId":%d,"PeerId":""}`
)

// many returns n different elements of a list, and the first of them again.
func many(element string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, element, 0)
	for i := range n {
		fmt.Fprintf(&b, ","+element, i)
	}
	return b.String()
}

func TestRowsAreBounded(t *testing.T) {
	var d Decoder
	check := func(what string, rows int, info Info, err error, most, received int) {
		t.Helper()
		want := []Damage{{What: what, Problem: fmt.Sprintf("more than %d rows in one answer", most), Count: 7}}
		if diff := cmp.Diff(want, info.Damage); err != nil || diff != "" || rows != most || info.DamageCount != 7 ||
			info.Repeated != 1 || info.Received != received {
			t.Errorf("%s: %d rows, %+v, %v\n%s", what, rows, info, err, diff)
		}
	}
	rooms, info, err := d.Rooms([]byte(`{"Response":{"RoomList":[`+many(aRoom, mostRows+7)+`]}}`), 7, nil)
	check("room", len(rooms), info, err, mostRows, mostRows+8)
	users := []byte(`{"Response":{"UserList":[` + many(aSession, mostRows+7) + `]}}`)
	sessions, info, err := d.Users(users, nil)
	check("session", len(sessions), info, err, mostRows, mostRows+8)
	var dst Detail
	detail, err := d.Detail(users, call.Window{}, nil, &dst)
	check("session", len(dst.Sessions), detail.Info, err, mostRows, mostRows+8)
	events, info, err := d.Events([]byte(`{"Response":{"Data":[{"PeerId":"","Content":[`+many(anEvent, mostEvents/2)+
		`]},{"PeerId":"p","Content":[`+many(anEvent, mostEvents/2+7)+`]}]}}`), "u", "r", nil)
	info.Repeated-- // each list repeats one
	check("event", len(events), info, err, mostEvents, mostEvents+9)
	unusual, info, err := d.UnusualEvents([]byte(`{"Response":{"AbnormalExperienceList":[{"UserId":"u","RoomId":"r","EventTime":5,
		"ExperienceId":4,"AbnormalEventList":[`+many(aCause, mostRows-1)+`]},{"UserId":"v","RoomId":"r","EventTime":5,
		"ExperienceId":4,"AbnormalEventList":[`+strings.TrimPrefix(many(aCause, 8), fmt.Sprintf(aCause+",", 0))+`]}]}}`), nil)
	check("experience", len(unusual), info, err, mostRows, 2)
}

// Earlier rows are neither counted nor compared with.
func TestRowsBeforeStayApart(t *testing.T) {
	var d Decoder
	body := []byte(`{"Response":{"RoomList":[` + many(aRoom, 30) + `]}}`)
	before, _, err := d.Rooms(body, 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	all, info, err := d.Rooms(body, 7, before)
	if err != nil || len(all) != 60 || info.Repeated != 1 {
		t.Errorf("%d rooms, %+v, %v", len(all), info, err)
	}
}

func TestDamageIsBoundedAndCounted(t *testing.T) {
	var b strings.Builder
	for i := range 3 * mostDamage {
		fmt.Fprintf(&b, `{"Content":[{"Time":5,"Value":bad%d},{"Time":6,"Value":"x"}],"PeerId":"","UserId":"u%d","DataType":"rtt"},`, i, i%2)
	}
	body := `{"Response":{"Total":-1,"Data":[` + b.String() + `{}]}}`
	var d Decoder
	info, err := d.Detail([]byte(body), call.Window{}, nil, &Detail{})
	sum, users := 0, map[string]bool{}
	for _, x := range info.Damage {
		sum += x.Count
		users[x.User+x.Problem] = true
	}
	if err != nil || len(info.Damage) > mostDamage+4 || sum != info.DamageCount || sum != 6*mostDamage+2 || !users["u0"+moreDamage] || !users["u1"+moreDamage] {
		t.Errorf("%d damages, %d of %d, %v", len(info.Damage), sum, info.DamageCount, err)
	}
}

func TestOutsideTheWindowAsked(t *testing.T) {
	body := []byte(`{"Response":{"Data":[{"UserId":"u","PeerId":"p","DataType":"rtt","Content":[{"Time":939,"Value":1},{"Time":940,"Value":2},
		{"Time":1000,"Value":3},{"Time":1000,"Value":null},{"Time":1160,"Value":4},{"Time":1161,"Value":null}]}]}}`)
	asked := call.Window{Start: time.Unix(1000, 0), End: time.Unix(1100, 0)}
	var d Decoder
	var dst Detail
	info, err := d.Detail(body, asked, func(string) (from, to uint32) { return 1000, 1100 }, &dst)
	want := []Damage{{What: "samples", User: "u", Key: "rtt from p", Problem: "Time is outside the window of the request", Count: 2}}
	if diff := cmp.Diff(want, info.Damage); err != nil || diff != "" || info.Dropped != 2 || dst.Samples.Nulls != 1 {
		t.Errorf("%+v, %v\n%s", info, err, diff)
	}
	if diff := cmp.Diff([]float64{3}, dst.Samples.Value); diff != "" {
		t.Error(diff)
	}
}

func TestTotals(t *testing.T) {
	var d Decoder
	for text, want := range map[string]Info{
		`3`: {Total: 3, HasTotal: true}, `"3"`: {Total: 3, HasTotal: true}, `3.0`: {Total: 3, HasTotal: true}, `null`: {},
		`-1`: {DamageCount: 1}, `2147483648`: {DamageCount: 1}, `[3]`: {DamageCount: 1}, `many`: {DamageCount: 1},
		`1,"Total":null`: {DamageCount: 1}, `[],"Total":3`: {DamageCount: 1}, `3,"Total":[]`: {DamageCount: 1},
	} {
		_, info, err := d.Rooms([]byte(`{"Response":{"Total":`+text+`}}`), 7, nil)
		if info.Damage = nil; err != nil || !cmp.Equal(info, want) {
			t.Errorf("%s: %+v, %v", text, info, err)
		}
	}
}

func TestErrorsOfOddTypes(t *testing.T) {
	var d Decoder
	for text, want := range map[string]VendorError{
		`{"Code":"A.B","Message":"m"}`:     {Code: "A.B", Message: "m"},
		`{"Code":17,"Message":{"a":1}}`:    {Code: "17"},
		`{"Code":["A"],"Message":4}`:       {Code: UnreadableError, Message: "4"},
		`{"Message":null}`:                 {Code: UnreadableError},
		`"down"`:                           {Code: UnreadableError, Message: "down"},
		`[]`:                               {Code: UnreadableError, Message: "expected a string, found a list"},
		`{"Code":"A"},"Error":{"Code":""}`: {Code: UnreadableError},
	} {
		_, _, err := d.Rooms([]byte(`{"Response":{"Error":`+text+`}}`), 7, nil)
		var got *VendorError
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	if _, _, err := d.Rooms([]byte(`{"Response":{"Error":{},"Error":null}}`), 7, nil); err != nil {
		t.Error(err)
	}
}

// A field that is repeated has no value.
func TestEqualNames(t *testing.T) {
	var d Decoder
	for body, damage := range map[string]int{
		`{"Response":{"Total":[],"RoomList":[1,2]},"Response":{"RoomList":[` + fmt.Sprintf(aRoom, 1) + `]}}`:                            0,
		`{"Response":{"RoomList":[` + strings.Replace(fmt.Sprintf(aRoom, 1), `{`, `{"UserId":"u",`, 1) + `]}}`:                          1,
		`{"Response":{"RoomList":[` + strings.Replace(fmt.Sprintf(aRoom, 1), `{`, `{"Note":"x","Note":"y",`, 1) + `],"RequestId":"a"}}`: 0,
	} {
		rows, info, err := d.Rooms([]byte(body), 7, nil)
		if err != nil || len(rows) != 1 || info.DamageCount != damage || info.Received != 1 {
			t.Errorf("%s: %+v, %v", body, info, err)
		}
		comparisons["rooms"](t, &d, []byte(body))
	}
	comparisons["rooms"](t, &d, []byte(`{"Response":{"RoomList":[1,2],"RoomList":[`+fmt.Sprintf(aRoom, 1)+`]}}`))
	comparisons["detail"](t, &d, []byte(`{"Response":{"Data":[7,{"Content":[1,{"Time":6,"Value":null}],"Content":[{"Time":5,"Value":1}],
		"PeerId":"","UserId":"u","DataType":"rtt"}],"UserList":[1],"UserList":[2,3]}}`))
	comparisons["events"](t, &d, []byte(`{"Response":{"Data":[{"PeerId":"","Content":[1,`+fmt.Sprintf(anEvent, 1)+`],"Content":[2]}]}}`))
}

func TestLongWordsAreCutShort(t *testing.T) {
	var d Decoder
	body := `{"Response":{"Total":` + strings.Repeat("x", 1000) + `}}`
	_, info, err := d.Rooms([]byte(body), 7, nil)
	if err != nil || len(info.Damage) != 1 || strings.Count(info.Damage[0].Problem, "x") > mostQuoted+1 {
		t.Errorf("%+v, %v", info, err)
	}
}

package trtc

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/call"
)

var (
	seedApp    = call.AppID(1400353843)
	seedComm   = "1400353843_218695_1590065777"
	seedWindow = call.Window{Start: time.Unix(1590065777, 0), End: time.Unix(1590065877, 0)}
)

// TestSeedRequest compares the request on the vendor's page with the one that the client
// sends for the same question. The page has it as a query, the client posts JSON.
func TestSeedRequest(t *testing.T) {
	page, err := os.ReadFile("testdata/seed-request.txt")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(strings.ReplaceAll(string(page), "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for k, v := range u.Query() {
		want[k] = v[0]
	}

	d := Legacy()
	p := d.params(seedApp, seedWindow)
	p.CommId, p.DataType = &seedComm, []string{"bigvCapFps"}
	p.app(seedApp)
	got := flatten(t, Request{d.Series, p})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// flatten writes a request as the vendor's pages do.
func flatten(t *testing.T, r Request) map[string]string {
	t.Helper()
	body, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"Action": r.Action}
	for k, v := range fields {
		if list, ok := v.([]any); ok {
			for i, x := range list {
				out[fmt.Sprintf("%s.%d", k, i)] = fmt.Sprint(x)
			}
			continue
		}
		out[k] = fmt.Sprint(v)
	}
	return out
}

func TestRequests(t *testing.T) {
	w := seedWindow
	for _, c := range []struct {
		r    Request
		want string
	}{
		{Legacy().Rooms(seedApp, w, "", 0, 100), `DescribeRoomInformation {"StartTime":1590065777,"EndTime":1590065877,"SdkAppId":"1400353843","PageNumber":"0","PageSize":"100"}`},
		{Current().Rooms(seedApp, w, "a_b", 2, 100), `DescribeRoomInfo {"StartTime":1590065777,"EndTime":1590065877,"SdkAppId":1400353843,"RoomId":"a_b","PageNumber":2,"PageSize":100}`},
		{Legacy().UserList(seedApp, seedComm, w, nil, 1, 100), `DescribeCallDetail {"CommId":"1400353843_218695_1590065777","StartTime":1590065777,"EndTime":1590065877,"SdkAppId":"1400353843","PageNumber":"1","PageSize":"100"}`},
		{Current().UserList(seedApp, seedComm, w, nil, 1, 100), `DescribeUserInfo {"CommId":"1400353843_218695_1590065777","StartTime":1590065777,"EndTime":1590065877,"SdkAppId":1400353843,"PageNumber":1,"PageSize":100}`},
		{Legacy().SeriesOf(seedApp, seedComm, w, []string{"1716", `"`}, 0), `DescribeCallDetail {"CommId":"1400353843_218695_1590065777","StartTime":1590065777,"EndTime":1590065877,"SdkAppId":"1400353843","UserIds":["1716","\""],"DataType":["all"],"PageNumber":"0","PageSize":"6"}`},
		{Current().SeriesOf(seedApp, seedComm, w, []string{"1716"}, 1), `DescribeCallDetailInfo {"CommId":"1400353843_218695_1590065777","StartTime":1590065777,"EndTime":1590065877,"SdkAppId":1400353843,"UserIds":["1716"],"DataType":["all"],"PageNumber":1,"PageSize":6}`},
		{Legacy().EventsOf(seedApp, seedComm, "218695", "1716", w), `DescribeDetailEvent {"CommId":"1400353843_218695_1590065777","StartTime":1590065777,"EndTime":1590065877,"UserId":"1716","RoomId":"218695"}`},
		{Current().EventsOf(seedApp, seedComm, "218695", "1716", w), `DescribeUserEvent {"CommId":"1400353843_218695_1590065777","StartTime":1590065777,"EndTime":1590065877,"SdkAppId":1400353843,"UserId":"1716","RoomId":"218695"}`},
		{Legacy().UnusualEvents(seedApp, w, ""), `DescribeAbnormalEvent {"StartTime":1590065777,"EndTime":1590065877,"SdkAppId":"1400353843"}`},
		{Current().UnusualEvents(seedApp, w, "461"), `DescribeUnusualEvent {"StartTime":1590065777,"EndTime":1590065877,"SdkAppId":1400353843,"RoomId":"461"}`},
		{Legacy().DailyScale(seedApp, w), `DescribeHistoryScale {"StartTime":1590065777,"EndTime":1590065877,"SdkAppId":"1400353843"}`},
		{Current().DailyScale(seedApp, w), `DescribeScaleInfo {"StartTime":1590065777,"EndTime":1590065877,"SdkAppId":1400353843}`},
	} {
		body, err := c.r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if got := c.r.Action + " " + string(body); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

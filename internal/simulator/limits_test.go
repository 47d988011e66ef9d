package simulator

import (
	"maps"
	"testing"
	"time"
)

// Parameters of valid requests; tests change one thing.
func good(c *client, action string) object {
	now := fixed.Unix()
	var room Room
	for room = range c.s.Truth(fixed).Rooms() {
		break
	}
	params := object{"SdkAppId": DefaultApp, "StartTime": now - 1800, "EndTime": now}
	a := actionByName(action)
	if a.dialect == legacy {
		params["SdkAppId"] = "1400353843"
	}
	for _, name := range a.required {
		switch name {
		case "CommId":
			params[name] = room.CommID
		case "RoomId":
			params[name] = room.RoomID
		case "UserId":
			params[name] = room.CreatorUserID
		}
	}
	if action == "DescribeDetailEvent" {
		delete(params, "SdkAppId")
	}
	return params
}

type change struct {
	set  object
	want string
}

func with(name string, value any) object { return object{name: value} }

func checkChanges(t *testing.T, action string, changes []change) {
	t.Helper()
	c := newClient(t, Options{Seed: 1, Calls: 5, Apps: []uint32{DefaultApp, 1400353844}})
	for _, change := range changes {
		params := good(c, action)
		maps.Copy(params, change.set)
		for name, value := range params {
			if value == nil {
				delete(params, name)
			}
		}
		code, message := errorOf(c.call(action, params))
		if code != change.want || code != "" && message == "" {
			t.Errorf("%s with %v: %q (%s), want %q", action, change.set, code, message, change.want)
		}
	}
}

func TestCommonLimits(t *testing.T) {
	now := fixed.Unix()
	edge := now - 14*86400
	for i := range actions {
		a := &actions[i]
		checkChanges(t, a.name, []change{
			{nil, ""},
			{with("Surprise", 1), "UnknownParameter"},
			{with("StartTime", nil), "MissingParameter.StartTs"},
			{with("EndTime", nil), "MissingParameter.EndTs"},
			{with("StartTime", "1779260000"), "InvalidParameter"},
			{with("StartTime", 1.5), "InvalidParameter"},
			{with("StartTime", []string{"x"}), "InvalidParameter"},
			{with("StartTime", true), "InvalidParameter"},
			{object{"StartTime": now, "EndTime": now - 1}, "InvalidParameter.StartTs"},
			{object{"StartTime": now, "EndTime": now}, ""},
			{object{"StartTime": edge, "EndTime": edge + 60}, ""},
		})
		oversize := "InvalidParameter.StartTimeOversize"
		if a.dialect == legacy {
			oversize = "InvalidParameter.StartTsOversize"
		}
		edge -= a.limits.grace
		checkChanges(t, a.name, []change{{object{"StartTime": edge - 1, "EndTime": edge + 60}, oversize}})
		edge += a.limits.grace
		if a.name == "DescribeDetailEvent" {
			checkChanges(t, a.name, []change{{with("SdkAppId", "1400353843"), "UnknownParameter"}})
			continue
		}
		wrongType, foreign := any("1400353843"), any(1400000000)
		if a.dialect == legacy {
			wrongType, foreign = 1400353843, "1400000000"
		}
		checkChanges(t, a.name, []change{
			{with("SdkAppId", wrongType), "InvalidParameter"},
			{with("SdkAppId", foreign), "InvalidParameter.SdkAppId"},
			{with("SdkAppId", nil), "MissingParameter.SdkAppId"},
		})
	}
}

func TestWindowLimits(t *testing.T) {
	start := fixed.Unix() - 3*86400
	window := func(seconds int64) object { return object{"StartTime": start, "EndTime": start + seconds} }
	const scale = "InvalidParameter.QueryScaleOversize"
	checkChanges(t, "DescribeRoomInfo", []change{{window(86400), ""}, {window(86401), scale}})
	checkChanges(t, "DescribeRoomInformation", []change{{window(86401), ""}})
	checkChanges(t, "DescribeUserInfo", []change{{window(14400), ""}, {window(14401), scale}})
	checkChanges(t, "DescribeUserInformation", []change{{window(14400), ""}, {window(14401), scale}})
	checkChanges(t, "DescribeCallDetail", []change{{window(3600), ""}, {window(3601), scale}})
	checkChanges(t, "DescribeCallDetailInfo", []change{{window(14400), ""}, {window(14401), scale}})
	checkChanges(t, "DescribeUnusualEvent", []change{{window(3600), ""}, {window(3601), scale}})
	checkChanges(t, "DescribeAbnormalEvent", []change{{window(3600), ""}, {window(3601), scale}})
	series := window(3601)
	series["DataType"] = []string{"all"}
	checkChanges(t, "DescribeCallDetail", []change{{series, scale}})
	checkChanges(t, "DescribeCallDetailInfo", []change{{series, ""}})
}

func TestPageLimits(t *testing.T) {
	users := func(n int) []string { return []string{"a", "b", "c", "d", "e", "f", "g"}[:n] }
	page := func(number, size any) object { return object{"PageNumber": number, "PageSize": size} }
	const oversize = "InvalidParameter.PageSizeOversize"
	for _, action := range []string{"DescribeRoomInfo", "DescribeUserInfo", "DescribeCallDetailInfo"} {
		checkChanges(t, action, []change{
			{page(0, 100), ""},
			{page(0, 101), oversize},
			{page(0, 0), "InvalidParameter.PageSize"},
			{page(0, -1), "InvalidParameter.PageSize"},
			{page(-1, 6), "InvalidParameter.PageNumber"},
			{page("0", 6), "InvalidParameter"},
			{page(0, "6"), "InvalidParameter"},
			{page(1<<30, 100), ""},
		})
	}
	for _, action := range []string{"DescribeRoomInformation", "DescribeUserInformation", "DescribeCallDetail"} {
		checkChanges(t, action, []change{
			{page("0", "100"), ""},
			{page("0", "101"), oversize},
			{page("0", "six"), "InvalidParameter.PageSize"},
			{page("x", "6"), "InvalidParameter.PageNumber"},
			{page(0, "6"), "InvalidParameter"},
			{page("0", 6), "InvalidParameter"},
		})
	}
	for action, size := range map[string][2]any{"DescribeCallDetail": {"6", "7"}, "DescribeCallDetailInfo": {6, 7}} {
		zero := any("0")
		if action == "DescribeCallDetailInfo" {
			zero = 0
		}
		checkChanges(t, action, []change{
			{object{"DataType": []string{"all"}, "PageNumber": zero, "PageSize": size[0]}, ""},
			{object{"DataType": []string{"all"}, "PageNumber": zero, "PageSize": size[1]}, oversize},
			{object{"UserIds": users(2), "PageNumber": zero, "PageSize": size[1]}, oversize},
			{with("UserIds", users(6)), ""},
			{with("UserIds", users(7)), "InvalidParameter.UserIdsMorethanSix"},
			{with("UserIds", "a"), "InvalidParameter"},
			{with("UserIds", []int{1}), "InvalidParameter"},
			{with("DataType", []string{"appCpu", "unheardOf"}), "InvalidParameter"},
			{with("DataType", []string{"bigvQp"}), "InvalidParameter"},
		})
	}
	checkChanges(t, "DescribeCallDetail", []change{{with("DataType", []string{"rtt"}), "InvalidParameter"}})
	checkChanges(t, "DescribeCallDetailInfo", []change{{with("DataType", []string{"rtt"}), ""}})
	checkChanges(t, "DescribeUserInfo", []change{{with("UserIds", users(7)), ""}})
	checkChanges(t, "DescribeUserInformation", []change{{with("UserIds", users(7)), "InvalidParameter.UserIdsMorethanSix"}})
}

func TestCallParameters(t *testing.T) {
	for _, action := range []string{"DescribeUserInfo", "DescribeCallDetail", "DescribeUserEvent"} {
		checkChanges(t, action, []change{
			{with("CommId", nil), "MissingParameter.CommId"},
			{with("CommId", ""), "MissingParameter.CommId"},
			{object{"CommId": nil, "SdkAppId": nil}, "MissingParameter.CommIdOrSdkAppId"},
			{with("CommId", 5), "InvalidParameter"},
			{with("CommId", "nonsense"), "InvalidParameter"},
			{with("CommId", "1400353843_1_1779260000"), ""},
		})
	}
	checkChanges(t, "DescribeDetailEvent", []change{
		{with("CommId", "1400000000_1_1779260000"), "InvalidParameter.SdkAppId"},
		{with("UserId", nil), "MissingParameter.UserId"},
		{with("RoomId", nil), "MissingParameter.RoomId"},
	})
}

func TestDialects(t *testing.T) {
	for _, test := range []struct {
		options Options
		action  string
		want    string
	}{
		{Options{Legacy: true}, "DescribeRoomInformation", ""},
		{Options{Legacy: true}, "DescribeRoomInfo", "UnsupportedOperation"},
		{Options{Current: true}, "DescribeRoomInformation", "InvalidAction"},
		{Options{Current: true}, "DescribeRoomInfo", ""},
	} {
		c := newClient(t, test.options)
		if code, _ := errorOf(c.call(test.action, good(c, test.action))); code != test.want {
			t.Errorf("%s: %q, want %q", test.action, code, test.want)
		}
	}
}

func TestRegions(t *testing.T) {
	c := newClient(t, Options{Calls: 2})
	for action, want := range map[string]string{
		"DescribeRoomInfo": "", "DescribeScaleInfo": "", "DescribeUserInfo": "UnsupportedRegion",
	} {
		c.region = "na-toronto"
		if code, _ := errorOf(c.call(action, good(c, action))); code != want {
			t.Errorf("%s in na-toronto: %q, want %q", action, code, want)
		}
	}
	c.region = "ap-singapore"
	if code, _ := errorOf(c.call("DescribeUnusualEvent", good(c, "DescribeUnusualEvent"))); code != "UnsupportedRegion" {
		t.Errorf("DescribeUnusualEvent in ap-singapore: %q", code)
	}
}

// TestRetentionEdgeMoves requests the same window before and after the edge has passed it.
func TestRetentionEdgeMoves(t *testing.T) {
	now := fixed
	c := newClient(t, Options{Calls: 5, Now: func() time.Time { return now }})
	params := object{"SdkAppId": DefaultApp, "StartTime": now.Unix() - 14*86400 + 30, "EndTime": now.Unix() - 13*86400}
	c.must("DescribeRoomInfo", params)
	now = now.Add(31 * time.Second)
	if code, _ := errorOf(c.call("DescribeRoomInfo", params)); code != "InvalidParameter.StartTimeOversize" {
		t.Errorf("code %q past the edge", code)
	}
}

package simulator

import (
	"bytes"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// callOf returns the first call of a shape.
func callOf(t *testing.T, s *Simulator, sh shape) *call {
	t.Helper()
	for _, app := range s.options.Apps {
		for i := range s.calls[app] {
			if s.calls[app][i].shape == sh {
				return &s.calls[app][i]
			}
		}
	}
	t.Fatalf("no call of shape %d", sh)
	return nil
}

// about returns the parameters of a request about a call, from its start.
func about(c *call, seconds int64) object {
	return object{"SdkAppId": c.app, "CommId": c.commID(), "StartTime": c.start, "EndTime": c.start + seconds}
}

func TestMissingPagingParameter(t *testing.T) {
	c := newClient(t, Options{Calls: 400})
	web := callOf(t, c.s, webinar)
	list := object{"SdkAppId": DefaultApp, "StartTime": fixed.Unix() - 86400, "EndTime": fixed.Unix()}
	for name, value := range map[string]any{"PageNumber": 3, "PageSize": 50, "": nil} {
		users, rooms := about(web, 3600), object{}
		for k, v := range list {
			rooms[k] = v
		}
		if name != "" {
			users[name], rooms[name] = value, value
		}
		answer := c.must("DescribeUserInfo", users)
		if n := len(rows(answer["UserList"])); n != 6 || integer(answer["Total"]) < 20 {
			t.Errorf("with %q only: %d of %v users, want 6 of many", name, n, answer["Total"])
		}
		answer = c.must("DescribeRoomInfo", rooms)
		if n := len(rows(answer["RoomList"])); n != 10 || integer(answer["Total"]) != 10 {
			t.Errorf("with %q only: %d rooms, Total %v, want 10 and 10", name, n, answer["Total"])
		}
	}
}

func TestLongWindowIsSilentlyNull(t *testing.T) {
	c := newClient(t, Options{Calls: 12})
	params := about(callOf(t, c.s, dayLong), 3601)
	params["DataType"] = []string{"all"}
	answer := c.must("DescribeCallDetailInfo", params)
	if data, present := answer["Data"]; !present || data != nil {
		t.Errorf("Data of a window over an hour: %v", data)
	}
	if len(rows(answer["UserList"])) == 0 {
		t.Error("no UserList")
	}
	params["EndTime"] = params["StartTime"].(int64) + 3600
	if len(rows(c.must("DescribeCallDetailInfo", params)["Data"])) == 0 {
		t.Error("no data within the hour")
	}
}

// TestWindowEndsAreInclusive requests two windows that share a second.
func TestWindowEndsAreInclusive(t *testing.T) {
	c := newClient(t, Options{Calls: 12})
	long := callOf(t, c.s, dayLong)
	times := func(from, to int64) []int64 {
		params := about(long, 0)
		params["StartTime"], params["EndTime"], params["DataType"] = from, to, []string{"appCpu"}
		var all []int64
		for _, sample := range rows(rows(c.must("DescribeCallDetailInfo", params)["Data"])[0]["Content"]) {
			all = append(all, integer(sample["Time"]))
		}
		return all
	}
	joined := long.start
	if got, want := times(joined, joined+7), []int64{joined + 2, joined + 4, joined + 6}; !slices.Equal(got, want) {
		t.Errorf("times %v, want %v", got, want)
	}
	if got, want := times(joined+6, joined+8), []int64{joined + 6, joined + 8}; !slices.Equal(got, want) {
		t.Errorf("times %v, want %v", got, want)
	}
}

// TestSeriesPageIsOfUsers checks a call of two users with three or four sessions.
func TestSeriesPageIsOfUsers(t *testing.T) {
	c := newClient(t, Options{Calls: 8})
	back := callOf(t, c.s, rejoin)
	params := about(back, back.end-back.start)
	if answer := c.must("DescribeUserInfo", params); integer(answer["Total"]) != 4 {
		t.Errorf("Total %v of the user list, want 4 sessions", answer["Total"])
	}
	params["DataType"] = []string{"aBit"}
	answer := c.must("DescribeCallDetailInfo", params)
	if integer(answer["Total"]) != 2 || len(rows(answer["UserList"])) != 4 {
		t.Errorf("Total %v and %d rows, want 2 users and their 4 sessions", answer["Total"], len(rows(answer["UserList"])))
	}
	params["PageNumber"], params["PageSize"] = 1, 1
	second := c.must("DescribeCallDetailInfo", params)
	if len(rows(second["UserList"])) != 3 {
		t.Errorf("the second user has %d rows, want 3", len(rows(second["UserList"])))
	}
}

// TestTimeGoesOn follows a running call past its end.
func TestTimeGoesOn(t *testing.T) {
	now := fixed
	c := newClient(t, Options{Calls: 3, Now: func() time.Time { return now }})
	running := callOf(t, c.s, pairOn)
	room := func() object {
		for _, r := range rows(c.must("DescribeRoomInfo", object{"SdkAppId": DefaultApp, "StartTime": running.start, "EndTime": now.Unix()})["RoomList"]) {
			if r["CommId"] == running.commID() {
				return r
			}
		}
		t.Fatal("running room not listed")
		return nil
	}
	if r := room(); r["IsFinished"] != false || integer(r["DestroyTime"]) != 0 {
		t.Errorf("running room %v", r)
	}
	before := c.s.Truth(now)
	now = now.Add(3 * time.Hour)
	if r := room(); r["IsFinished"] != true || integer(r["DestroyTime"]) != running.end {
		t.Errorf("ended room %v", r)
	}
	after := map[UserEvent]bool{}
	for e := range c.s.Truth(now).UserEvents() {
		after[e] = true
	}
	for e := range before.UserEvents() {
		if !after[e] {
			t.Errorf("event %+v has vanished", e)
		}
	}
}

// TestBusyHour checks that only the room filter gives all experiences of the busy second.
func TestBusyHour(t *testing.T) {
	c := newClient(t, Options{Calls: 120})
	second := callOf(t, c.s, busy).start + busyLead
	perSecond, inHour, causes, perRoom := 0, 0, map[int]int{}, map[string]int{}
	for _, call := range c.s.calls[DefaultApp] {
		for _, x := range c.s.open(&call, fixed.Unix()).experiences() {
			causes[len(x.causes)]++
			if x.at/3600 == second/3600 {
				inHour++
			}
			if x.at == second {
				perSecond++
				perRoom[x.v.room]++
			}
		}
	}
	if perSecond < 25 || len(perRoom) < 5 || inHour < 40 || causes[0] == 0 || causes[1] == 0 || causes[3] == 0 {
		t.Errorf("%d in the second, %d rooms, %d in the hour, causes %v", perSecond, len(perRoom), inHour, causes)
	}
	params := object{"SdkAppId": DefaultApp, "StartTime": second, "EndTime": second}
	if n := len(rows(c.must("DescribeUnusualEvent", params)["AbnormalExperienceList"])); n != 20 {
		t.Errorf("%d experiences, want 20 and no more", n)
	}
	for room, want := range perRoom {
		params["RoomId"] = room
		if n := len(rows(c.must("DescribeUnusualEvent", params)["AbnormalExperienceList"])); n != want {
			t.Errorf("%d experiences in room %q, want %d", n, room, want)
		}
	}
}

// TestForeignCall requests the call of another app.
func TestForeignCall(t *testing.T) {
	c := newClient(t, Options{Calls: 4, Apps: []uint32{DefaultApp, 1400353844}})
	own := &c.s.calls[DefaultApp][0]
	params := about(own, 60)
	params["SdkAppId"] = 1400353844
	if answer := c.must("DescribeUserInfo", params); integer(answer["Total"]) != 0 || len(rows(answer["UserList"])) != 0 {
		t.Errorf("answer %v", answer)
	}
}

// TestMessagesFollowTheLanguage checks both languages of an error.
func TestMessagesFollowTheLanguage(t *testing.T) {
	c := newClient(t, Options{})
	_, english := errorOf(c.call("DescribeScaleInfo", object{"Typo": 1}))
	c.edit = func(r *httpRequest) { r.Header.Set("X-TC-Language", "zh-CN") }
	_, chinese := errorOf(c.call("DescribeScaleInfo", object{"Typo": 1}))
	if english != "The parameter `Typo` is not recognized." || chinese != "未知参数`Typo`。" {
		t.Errorf("messages %q and %q", english, chinese)
	}
}

// TestVariety checks that the calls of a demo have the oddities.
func TestVariety(t *testing.T) {
	c := newClient(t, Options{Calls: 120})
	var body bytes.Buffer
	for _, call := range c.s.calls[DefaultApp] {
		params := about(&call, min(3600, call.end-call.start))
		params["DataType"] = []string{"all"}
		recorder := httptest.NewRecorder()
		c.s.ServeHTTP(recorder, c.request("DescribeCallDetailInfo", mustJSON(t, params)))
		body.Write(recorder.Body.Bytes())
	}
	text := body.String()
	for _, want := range []string{
		`"Content":null`, `"Content":[]`, `"PeerId":null`, `"PeerId":""`, `"Data":[]`, `"Data":null`, `"UserList":null`,
		`"Value":1e-07`, `"Value":1.5e9`, `"Value":0.`, `"DataType":"bigvQp"`, `"NetType":4`, `"Unit":""`, `o'neil`, `\\b`, "😀",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in all answers", want)
		}
	}
	reused := map[string]int{}
	for room := range c.s.Truth(fixed).Rooms() {
		reused[room.RoomID]++
		for other := range c.s.Truth(fixed).Rooms() {
			if other.RoomID == room.RoomID && other.CreatedAt > room.CreatedAt && other.CreatedAt <= room.DestroyedAt {
				t.Errorf("room %q is used by two calls at once", room.RoomID)
			}
		}
	}
	if len(reused) > 118 {
		t.Errorf("%d room ids of 120 calls: too few are reused", len(reused))
	}
}

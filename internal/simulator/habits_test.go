package simulator

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// lastDay returns the parameters of the room list of the last day.
func lastDay() object {
	return object{"SdkAppId": DefaultApp, "StartTime": fixed.Unix() - 86400, "EndTime": fixed.Unix()}
}

// habitual returns a client of a vendor with faults as text, and a server of it.
func habitual(t *testing.T, calls int, text string) (*client, *httptest.Server) {
	t.Helper()
	f, err := ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseFaults(f.String()); err != nil || again.String() != f.String() {
		t.Errorf("%s reads as %s: %v", text, again, err)
	}
	c := newClient(t, Options{Calls: calls, Faults: f})
	server := httptest.NewServer(c.s)
	t.Cleanup(server.Close)
	c.serve = func(w http.ResponseWriter, r *http.Request) {
		o := c.overRequest(server, r)
		w.WriteHeader(o.status)
		_, _ = io.WriteString(w, o.body)
	}
	return c, server
}

// overRequest sends a signed request to a server.
func (c *client) overRequest(server *httptest.Server, r *http.Request) outcome {
	r.RequestURI, r.URL.Host = "", strings.TrimPrefix(server.URL, "http://")
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return outcome{status: response.StatusCode, body: string(body), err: err}
}

// met returns how often an action has met a fault.
func (c *client) met(action string, kind FaultKind) int64 { return c.s.Stats().Faults[action][kind] }

func TestJumble(t *testing.T) {
	c, _ := habitual(t, 1000, "jumble=1,seed=3")
	rows, twice := c.pages("DescribeRoomInfo", "RoomList", "CommId", lastDay(), 10)
	again, _ := c.pages("DescribeRoomInfo", "RoomList", "CommId", lastDay(), 10)
	one, _ := c.pages("DescribeRoomInfo", "RoomList", "CommId", lastDay(), 100)
	if twice == 0 || len(rows)+twice != len(one) || maps.Equal(rows, again) || c.met("DescribeRoomInfo", FaultJumble) == 0 {
		t.Errorf("%d rooms and %d twice, then %d, of %d", len(rows), twice, len(again), len(one))
	}
	web := about(callOf(t, c.s, webinar), 3600)
	web["PageNumber"], web["PageSize"] = 0, 5
	first := c.must("DescribeUserInfo", web)
	if second := c.must("DescribeUserInfo", web); bytes.Equal(mustJSON(t, first["UserList"]), mustJSON(t, second["UserList"])) || integer(first["Total"]) < 20 {
		t.Errorf("the same page twice, Total %v", first["Total"])
	}
}

func TestPageSize(t *testing.T) {
	c, _ := habitual(t, 1000, "page-size=7")
	params := lastDay()
	params["PageSize"] = 100
	var ids []string
	for page := 0; ; page++ {
		params["PageNumber"] = page
		answer := c.must("DescribeRoomInfo", params)
		found := rows(answer["RoomList"])
		if len(found) > 7 || integer(answer["Total"]) != int64(len(found)) {
			t.Errorf("%d rooms on page %d, Total %v", len(found), page, answer["Total"])
		}
		for _, row := range found {
			ids = append(ids, str(row["CommId"]))
		}
		if len(found) < 7 {
			break
		}
	}
	want := c.s.overlapping(DefaultApp, fixed.Unix()-86400, fixed.Unix(), fixed.Unix())
	if slices.Sort(ids); len(slices.Compact(ids)) != len(want) || len(want) < 20 || c.met("DescribeRoomInfo", FaultPageSize) == 0 {
		t.Errorf("%d rooms of %d", len(ids), len(want))
	}
}

func TestTwice(t *testing.T) {
	c, _ := habitual(t, 60, "twice=1")
	for action, params := range questions(t, c) {
		if action == detail {
			continue
		}
		answer := c.must(action, params)
		list := answer[actionByName(action).family().list()]
		if action == "DescribeUserEvent" {
			list = rows(list)[0]["Content"]
		} else if n := len(rows(list)); integer(answer["Total"]) < int64(n) {
			t.Errorf("%s: Total %v of %d rows", action, answer["Total"], n)
		}
		found := rows(list)
		for i := 0; i+1 < len(found); i += 2 {
			if !bytes.Equal(mustJSON(t, found[i]), mustJSON(t, found[i+1])) {
				t.Errorf("%s: row %d comes once", action, i)
			}
		}
		if len(found)%2 != 0 || len(found) == 0 || c.met(action, FaultTwice) != 1 {
			t.Errorf("%s: %d rows", action, len(found))
		}
	}
}

// TestHabitsOfCalls asks for the series of a call that has each habit.
func TestHabitsOfCalls(t *testing.T) {
	for kind, check := range map[FaultKind]func(point object) bool{
		FaultValueless:  func(p object) bool { v, there := p["Value"]; return there && v == nil && integer(p["Time"]) > 0 },
		FaultTextValues: func(p object) bool { _, isText := p["Value"].(string); return isText },
		FaultDateTimes: func(p object) bool {
			_, err := time.Parse(time.DateTime, fmt.Sprint(p["Time"]))
			return err == nil
		},
	} {
		c, _ := habitual(t, 60, string(kind)+"=0.5,seed=1")
		drawn, users := c.s.Drawn(kind), map[string]string{}
		for _, m := range c.s.Valueless() {
			users[m.CommID] = m.UserID
		}
		odd, plain := 0, 0
		for i := range c.s.calls[DefaultApp] {
			x := &c.s.calls[DefaultApp][i]
			params := about(x, 60)
			params["DataType"] = []string{"all"}
			for _, series := range rows(c.must(detail, params)["Data"]) {
				for _, point := range rows(series["Content"]) {
					want := slices.Contains(drawn, x.commID()) && (kind != FaultValueless || users[x.commID()] == series["UserId"])
					if check(point) != want {
						t.Fatalf("%s: %v of %v, drawn %v", kind, point, series["UserId"], want)
					}
					if want {
						odd++
					} else {
						plain++
					}
				}
			}
		}
		if odd == 0 || plain == 0 {
			t.Errorf("%s: %d points so, %d not", kind, odd, plain)
		}
	}
}

func TestListless(t *testing.T) {
	c, _ := habitual(t, 60, "listless=1")
	for action, params := range questions(t, c) {
		for range 2 {
			if answer := c.must(action, params); len(answer) != 1 {
				t.Errorf("%s: %v", action, answer)
			}
		}
		if c.met(action, FaultListless) != 2 {
			t.Errorf("%s: not counted", action)
		}
	}
}

// TestOdd checks that each odd value is in some row, the same each time.
func TestOdd(t *testing.T) {
	c, _ := habitual(t, 60, "odd=0.7")
	var all []string
	for i := range c.s.calls[DefaultApp] {
		x := &c.s.calls[DefaultApp][i]
		series := about(x, 30)
		series["DataType"] = []string{"all"}
		all = append(all, string(c.body(detail, series)), string(c.body("DescribeUserInfo", about(x, 3600))))
		if v := c.s.open(x, fixed.Unix()); len(v.users) > 0 {
			event := about(x, 3600)
			event["UserId"], event["RoomId"] = v.users[0].id, v.room
			all = append(all, string(c.body("DescribeUserEvent", event)))
		}
	}
	rooms := string(c.body("DescribeRoomInfo", lastDay()))
	if again := string(c.body("DescribeRoomInfo", lastDay())); anonymous(again) != anonymous(rooms) {
		t.Error("other odd values of the same rooms")
	}
	text := strings.Join(append(all, rooms), "\n")
	for _, want := range []string{
		`"DestroyTime":null,"IsFinished":true`, `"LeaveTs":0,"Finished":true`, `"Value":NaN`, `"Value":1e400`, `"Value":"abc"`,
		`"EventId":1099511627776`, `"ParamTwo":18446744073709551615`, `"Total":-1`, `000,"Value"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if !regexp.MustCompile(`"Time":\d+}`).MatchString(text) {
		t.Error("no sample without Value")
	}
	odds := len(c.s.Odd())
	c.body("DescribeRoomInfo", lastDay())
	if touched := c.s.Touched(); c.met(detail, FaultOdd) == 0 || odds < 100 || len(c.s.Odd()) != odds || len(touched.Calls) < 30 {
		t.Errorf("%d odd values, then %d, in %d calls", odds, len(c.s.Odd()), len(touched.Calls))
	}
}

func TestFailingDays(t *testing.T) {
	c, _ := habitual(t, 60, "failing-days=0.4,seed=2")
	failed := 0
	for start := fixed.Unix() - fixed.Unix()%86400 - 12*86400; start < fixed.Unix()-86400; start += 86400 {
		params := object{"SdkAppId": DefaultApp, "StartTime": start, "EndTime": start + 86400}
		half := object{"SdkAppId": DefaultApp, "StartTime": start + 600, "EndTime": start + 1200}
		for _, p := range []object{params, half, params} {
			code, _ := errorOf(c.call("DescribeRoomInfo", p))
			if want := c.s.FailingDay(DefaultApp, time.Unix(start, 0)); want != (code == codeES) || !want && code != "" {
				t.Errorf("day %d: code %q, failing %v", start, code, want)
			}
			if code != "" {
				failed++
			}
		}
	}
	if failed < 6 || failed > 30 || c.met("DescribeRoomInfo", FaultFailingDay) != int64(failed) {
		t.Errorf("%d of 33 failed", failed)
	}
}

// TestRefusals checks errors that follow from the request alone.
func TestRefusals(t *testing.T) {
	c, _ := habitual(t, 60, "deep-pages=50,too-large=1800,code=DescribeUserEvent:LimitExceeded.Foo,code=DescribeScaleInfo:InternalError")
	deep, short := about(callOf(t, c.s, webinar), 600), about(callOf(t, c.s, webinar), 1801)
	deep["PageSize"] = 25
	for page, want := range []string{"", "", codeES, codeES} {
		deep["PageNumber"] = page
		if code, _ := errorOf(c.call("DescribeUserInfo", deep)); code != want {
			t.Errorf("page %d: %q, want %q", page, code, want)
		}
	}
	for _, action := range []string{"DescribeUserInfo", detail} {
		if code, _ := errorOf(c.call(action, short)); code != "ResponseSizeLimitExceeded" {
			t.Errorf("%s of half an hour: %q", action, code)
		}
	}
	q := questions(t, c)
	for action, want := range map[string]string{"DescribeUserEvent": "LimitExceeded.Foo", "DescribeScaleInfo": "InternalError", "DescribeUnusualEvent": ""} {
		for range 5 {
			if code, message := errorOf(c.call(action, q[action])); code != want || want != "" && message == "" {
				t.Errorf("%s: %q %q, want %q", action, code, message, want)
			}
		}
	}
}

func TestEndlessAndSamePage(t *testing.T) {
	c, _ := habitual(t, 60, "endless=DescribeRoomInfo,endless=DescribeUserInfo,same-page=DescribeRoomInformation")
	for _, list := range []struct{ action, name, key string }{{"DescribeRoomInfo", "RoomList", "CommId"}, {"DescribeUserInfo", "UserList", "UserId"}} {
		params, seen := lastDay(), map[string]bool{}
		if list.key == "UserId" {
			params = about(callOf(t, c.s, pair), 60)
		}
		for page := range 20 {
			params["PageNumber"], params["PageSize"] = page, 50
			for _, row := range rows(c.must(list.action, params)[list.name]) {
				seen[str(row[list.key])] = true
			}
		}
		if len(seen) < 990 {
			t.Errorf("%s: %d of 1000 rows are new", list.action, len(seen))
		}
	}
	params := object{"SdkAppId": fmt.Sprint(DefaultApp), "StartTime": fixed.Unix() - 86400, "EndTime": fixed.Unix(), "PageSize": "3"}
	var pages []string
	for page := range 3 {
		params["PageNumber"] = fmt.Sprint(page)
		pages = append(pages, string(mustJSON(t, c.must("DescribeRoomInformation", params)["RoomList"])))
	}
	if pages[0] != pages[1] || pages[1] != pages[2] {
		t.Errorf("pages differ: %v", pages)
	}
}

func TestHang(t *testing.T) {
	c, server := habitual(t, 60, "hang=DescribeUserInfo,hang-for=1m")
	x := callOf(t, c.s, pair)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r := c.request("DescribeUserInfo", mustJSON(t, about(x, 60))).WithContext(ctx)
	r.RequestURI, r.URL.Host = "", strings.TrimPrefix(server.URL, "http://")
	if _, err := http.DefaultTransport.RoundTrip(r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	c.must("DescribeRoomInfo", lastDay())
	if c.met("DescribeUserInfo", FaultHang) != 1 {
		t.Error("hang is not counted")
	}
	set(t, c.s, Faults{Hang: []string{"DescribeUserInfo"}, HangFor: time.Millisecond})
	c.must("DescribeUserInfo", about(x, 60))
}

func TestBusyAndDown(t *testing.T) {
	c, server := habitual(t, 60, "busy=1,in-a-row=2")
	for n := range 3 {
		r := c.request("DescribeRoomInfo", mustJSON(t, lastDay()))
		w := c.record(r)
		if busy := n < 2; (w.Code == 429) != busy || (w.Header().Get("Retry-After") == "1") != busy {
			t.Errorf("request %d: %d %v", n+1, w.Code, w.Header())
		}
	}
	set(t, c.s, Faults{DownFor: 300 * time.Millisecond})
	begun, kinds := time.Now(), map[string]int{}
	for n := 0; time.Since(begun) < 250*time.Millisecond; n++ {
		params := lastDay()
		params["EndTime"] = fixed.Unix() - int64(n)
		o := c.over(server, "DescribeRoomInfo", params)
		kinds[fmt.Sprint(o.status, o.err != nil, strings.HasPrefix(o.body, "<"))]++
		if json.Valid([]byte(o.body)) && time.Since(begun) < 300*time.Millisecond {
			t.Errorf("answered while down: %d %v %.80s", o.status, o.err, o.body)
		}
	}
	if len(kinds) < 3 {
		t.Errorf("kinds %v", kinds)
	}
	time.Sleep(350*time.Millisecond - time.Since(begun))
	if o := c.over(server, "DescribeRoomInfo", lastDay()); !json.Valid([]byte(o.body)) {
		t.Errorf("still down: %+v", o)
	}
}

func TestGzip(t *testing.T) {
	c, _ := habitual(t, 60, "gzip=1")
	told := map[string]int{}
	for n := range 20 {
		params := lastDay()
		params["EndTime"] = fixed.Unix() - int64(n)
		w := c.record(c.request("DescribeRoomInfo", mustJSON(t, params)))
		told[w.Header().Get("Content-Encoding")]++
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(z); err != nil || !json.Valid(body) {
			t.Errorf("%v: %.100s", err, body)
		}
	}
	if told[""] == 0 || told["gzip"] == 0 || len(told) != 2 {
		t.Errorf("Content-Encoding %v", told)
	}
}

// TestFlood reads the beginning of each flood and closes the connection.
func TestFlood(t *testing.T) {
	for kind, want := range map[FloodKind]string{
		FloodSpaces: "      ", FloodRows: `{"Response":{"Total":1000000,"UserList":[{"RoomStr":`, FloodDeep: `{"Response":{"Total":1,"UserList":[[[`,
		FloodBomb: `{"Response":{"RequestId":"aaaa`, FloodLength: `{"Response":{"Total":`,
	} {
		c, server := habitual(t, 60, "flood=DescribeUserInfo:"+string(kind))
		r := c.request("DescribeUserInfo", mustJSON(t, about(callOf(t, c.s, pair), 60)))
		r.RequestURI, r.URL.Host = "", strings.TrimPrefix(server.URL, "http://")
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		body := make([]byte, 8<<20)
		n, err := io.ReadFull(response.Body, body)
		if !strings.HasPrefix(string(body[:n]), want) || (n < len(body)) != (kind == FloodDeep || kind == FloodLength) || kind == FloodLength && response.ContentLength != 1<<62 {
			t.Errorf("%s: %d bytes, %v, length %d: %.60s", kind, n, err, response.ContentLength, body[:n])
		}
		response.Body.Close()
		server.Close() // waits for the handler
		if c.met("DescribeUserInfo", FaultFlood) != 1 {
			t.Errorf("%s is not counted", kind)
		}
	}
}

package simulator

import (
	"bytes"
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
	"syscall"
	"testing"
	"time"
)

const detail = "DescribeCallDetailInfo"

// outcome is what a client over TCP sees of a request.
type outcome struct {
	status int
	body   string
	err    error // of the request or of reading the body
	took   time.Duration
}

// over sends a signed request to a server.
func (c *client) over(server *httptest.Server, action string, params object) outcome {
	c.t.Helper()
	r := c.request(action, mustJSON(c.t, params))
	r.RequestURI, r.URL.Host = "", strings.TrimPrefix(server.URL, "http://")
	begun := time.Now()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return outcome{err: err, took: time.Since(begun)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return outcome{response.StatusCode, string(body), err, time.Since(begun)}
}

var requestIDs = regexp.MustCompile(`"RequestId":"[^"]*"`)

// anonymous removes from a body what differs each time.
func anonymous(body string) string { return requestIDs.ReplaceAllString(body, "") }

// TestFaultsOverTCP makes the first request fail in each way, by a script, and the second
// succeed.
func TestFaultsOverTCP(t *testing.T) {
	c := newClient(t, Options{Calls: 26})
	server := httptest.NewServer(c.s)
	defer server.Close()
	params := about(callOf(t, c.s, busy), 600)
	params["DataType"] = []string{"all"}
	truth := anonymous(c.over(server, detail, params).body)
	for kind, check := range map[FaultKind]func(outcome) bool{
		FaultError: func(o outcome) bool { return o.status == 200 && strings.Contains(o.body, `"Code":"InternalError`) },
		FaultLimit: func(o outcome) bool {
			return o.status == 200 && strings.Contains(o.body, `"Code":"RequestLimitExceeded"`)
		},
		FaultHTML: func(o outcome) bool { return o.err == nil && strings.HasPrefix(o.body, "<html>") },
		FaultCut:  func(o outcome) bool { return errors.Is(o.err, io.ErrUnexpectedEOF) && len(o.body) > 0 },
		FaultTruncated: func(o outcome) bool {
			return o.err == nil && len(o.body) > 0 && !json.Valid([]byte(o.body))
		},
		FaultStall: func(o outcome) bool {
			return o.err == nil && o.took >= 50*time.Millisecond && anonymous(o.body) == truth
		},
		FaultDrop:      func(o outcome) bool { return o.took >= 50*time.Millisecond && errors.Is(o.err, io.ErrUnexpectedEOF) },
		FaultReset:     func(o outcome) bool { return o.status == 0 && errors.Is(o.err, syscall.ECONNRESET) },
		FaultResetLate: func(o outcome) bool { return o.status == 200 && errors.Is(o.err, syscall.ECONNRESET) },
		FaultNull: func(o outcome) bool {
			return o.err == nil && anonymous(o.body) != truth && strings.Contains(o.body, `":null`)
		},
		FaultSlow: func(o outcome) bool { return o.err == nil && anonymous(o.body) == truth },
	} {
		before := c.s.Stats().Faults[detail][kind]
		f := Faults{Script: map[Step]FaultKind{{detail, 2}: kind}, StallFor: 50 * time.Millisecond, SlowFor: time.Millisecond}
		if err := c.s.SetFaults(f); err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			o := c.over(server, detail, params)
			if n == 1 && !check(o) {
				t.Errorf("%s: status %d, error %v after %s, %.300s", kind, o.status, o.err, o.took, o.body)
			}
			if n != 1 && anonymous(o.body) != truth {
				t.Errorf("%s: request %d went wrong: %v %.300s", kind, n+1, o.err, o.body)
			}
		}
		if n := c.s.Stats().Faults[detail][kind] - before; n != 1 {
			t.Errorf("%s counted %d times", kind, n)
		}
	}
}

// record sends a request without a connection that could be reset.
func (c *client) record(r *http.Request) (w *httptest.ResponseRecorder) {
	w = httptest.NewRecorder()
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			w.Body.Reset()
		} else if p != nil {
			panic(p)
		}
	}()
	c.s.ServeHTTP(w, r)
	return w
}

// everyKind has all faults inside responses, often.
var everyKind = Faults{Error: 0.1, HTML: 0.1, Cut: 0.1, Reset: 0.1, Null: 0.2, Limit: 0.1, Stall: 0.05, Slow: 0.1, StallFor: 1, SlowFor: 1}

// TestFaultsFollowFromTheContent sends the same requests in two orders.
func TestFaultsFollowFromTheContent(t *testing.T) {
	ask := func(seed uint64, backwards bool) map[string]string {
		faults := everyKind
		faults.Seed = seed
		c := newClient(t, Options{Seed: 1, Calls: 60, Faults: faults})
		calls, seen := slices.Clone(c.s.calls[DefaultApp]), map[string]string{}
		if backwards {
			slices.Reverse(calls)
		}
		for attempt := range 4 {
			for i := range calls {
				w := c.record(c.request("DescribeUserInfo", mustJSON(t, about(&calls[i], 3600))))
				seen[fmt.Sprint(calls[i].commID(), attempt)] = fmt.Sprint(w.Code) + anonymous(w.Body.String())
			}
		}
		return seen
	}
	if !maps.Equal(ask(1, false), ask(1, true)) {
		t.Error("the order of requests changes the faults")
	}
	if maps.Equal(ask(1, false), ask(2, false)) {
		t.Error("the seed does not change the faults")
	}
}

// TestTruthComesThroughFaults walks an account that misbehaves all the time. It repeats
// each request until it has two responses, and compares the result with the truth.
func TestTruthComesThroughFaults(t *testing.T) {
	c := newClient(t, Options{Seed: 5, Calls: 8, Faults: everyKind})
	c.serve = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		best, good := []byte(nil), 0
		for tries := 0; good < 2; tries++ {
			if tries > 8 {
				t.Fatalf("no answer after %d requests", tries)
			}
			again := r.Clone(r.Context())
			again.Body = io.NopCloser(bytes.NewReader(body))
			got := c.record(again).Body.Bytes()
			if !json.Valid(got) || bytes.Contains(got, []byte(`{"Response":{"Error"`)) {
				continue
			}
			if good++; len(got) > len(best) {
				best = got
			}
		}
		_, _ = w.Write(best)
	}
	w := archiveWith(c, current, fixed.Unix())
	checkWalk(t, w, c.s.Truth(fixed))
	met := map[FaultKind]int64{}
	for _, kinds := range c.s.Stats().Faults {
		for kind, n := range kinds {
			met[kind] += n
		}
	}
	for _, kind := range []FaultKind{FaultError, FaultHTML, FaultCut, FaultTruncated, FaultStall, FaultDrop, FaultReset, FaultResetLate, FaultNull, FaultLimit, FaultSlow} {
		if met[kind] == 0 {
			t.Errorf("no %s in %v", kind, met)
		}
	}
}

func checkWalk(t *testing.T, w *walker, truth *Truth) {
	t.Helper()
	summary := truth.Summary()
	for _, relation := range Relations() {
		if relation != "quality_samples" {
			compare(t, truth, relation, summary.Relations[relation], w.lines[relation])
		}
	}
	compareSamples(t, truth, summary.Relations["quality_samples"], w.samples)
}

// TestNullMeetsARequestOnce repeats requests for rooms, days and users.
func TestNullMeetsARequestOnce(t *testing.T) {
	c := newClient(t, Options{Calls: 40, Faults: Faults{Null: 1}})
	for action, list := range map[string]string{"DescribeRoomInfo": "RoomList", "DescribeScaleInfo": "ScaleList"} {
		params := object{"SdkAppId": DefaultApp, "StartTime": fixed.Unix() - 86400, "EndTime": fixed.Unix()}
		if action == "DescribeScaleInfo" {
			params["StartTime"] = fixed.Unix() - 5*86400
		}
		first := c.must(action, params)
		if value, present := first[list]; !present || value != nil {
			t.Errorf("%s: %v at first, want null", action, value)
		}
		for range 5 {
			if len(rows(c.must(action, params)[list])) == 0 {
				t.Errorf("%s: null again", action)
			}
		}
	}
}

func TestInARow(t *testing.T) {
	c := newClient(t, Options{Calls: 3, Faults: Faults{Error: 1, InARow: 2}})
	params := about(&c.s.calls[DefaultApp][0], 60)
	var got []bool
	for range 6 {
		code, _ := errorOf(c.call("DescribeUserInfo", params))
		got = append(got, code == "")
	}
	if want := []bool{false, false, true, false, false, true}; !slices.Equal(got, want) {
		t.Errorf("answered %v, want %v", got, want)
	}
}

// TestFaultHook checks that a function can decide by number, attempt and call.
func TestFaultHook(t *testing.T) {
	var seen []Asked
	c := newClient(t, Options{Calls: 3, Fault: func(a Asked) FaultKind {
		seen = append(seen, a)
		if a.N == 2 {
			return FaultError
		}
		return NoFault
	}})
	params := about(&c.s.calls[DefaultApp][0], 60)
	for n := range 3 {
		if code, _ := errorOf(c.call("DescribeUserInfo", params)); (code != "") != (n == 1) {
			t.Errorf("request %d: code %q", n+1, code)
		}
	}
	if want := (Asked{Step{"DescribeUserInfo", 3}, 3, c.s.calls[DefaultApp][0].commID()}); seen[2] != want {
		t.Errorf("asked %+v, want %+v", seen[2], want)
	}
}

func TestPoison(t *testing.T) {
	c := newClient(t, Options{Calls: 300, Faults: Faults{Poison: 0.3, Seed: 3}})
	poisoned := map[string]Poison{}
	for _, p := range c.s.Poisoned() {
		poisoned[p.CommID] = p
	}
	if n := len(poisoned); n < 60 || n > 120 {
		t.Fatalf("%d of 300 calls are poisoned", n)
	}
	kinds := map[FaultKind]int{}
	for i := range c.s.calls[DefaultApp] {
		x := &c.s.calls[DefaultApp][i]
		for range 3 {
			w := c.record(c.request("DescribeUserInfo", mustJSON(t, about(x, 3600))))
			list := bytes.Contains(w.Body.Bytes(), []byte(`"UserList":[{`)) && json.Valid(w.Body.Bytes())
			p := poisoned[x.commID()]
			if want := x.shape != empty && !slices.Contains(p.Actions, "DescribeUserInfo"); list != want {
				t.Errorf("shape %d, poison %+v: %.200s", x.shape, p, w.Body)
			}
			if slices.Contains(p.Actions, "DescribeUserInfo") {
				kinds[p.Kind]++
			}
		}
	}
	if len(kinds) != 3 || c.s.Stats().Faults["DescribeUserInfo"][FaultPoison] == 0 {
		t.Errorf("kinds %v, stats %v", kinds, c.s.Stats().Faults)
	}
}

// TestSkew puts the vendor's clock ahead.
func TestSkew(t *testing.T) {
	c := newClient(t, Options{Calls: 3, Faults: Faults{Skew: 2 * time.Minute}})
	running := callOf(t, c.s, pairOn)
	for _, session := range rows(c.must("DescribeUserInfo", about(running, 4*3600))["UserList"]) {
		if session["Finished"] == false && integer(session["LeaveTs"]) != fixed.Unix()+120 {
			t.Errorf("LeaveTs %v, want the vendor's now", session["LeaveTs"])
		}
	}
	if err := c.s.SetFaults(Faults{Skew: 6 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	if code, _ := errorOf(c.call("DescribeUserInfo", about(running, 60))); code != "AuthFailure.SignatureExpire" {
		t.Errorf("code %q six minutes off", code)
	}
}

// TestRepeatedAndRedundant counts repeated requests in any order.
func TestRepeatedAndRedundant(t *testing.T) {
	c := newClient(t, Options{Calls: 3, Faults: Faults{Script: map[Step]FaultKind{{"DescribeUserInfo", 1}: FaultError}}})
	params := about(&c.s.calls[DefaultApp][0], 60)
	for _, users := range [][]string{{"a", "b"}, {"b", "a"}, {"a", "b"}, {"a"}} {
		params["UserIds"] = users
		c.call("DescribeUserInfo", params)
	}
	stats := c.s.Stats()
	if stats.Repeated["DescribeUserInfo"] != 2 || stats.Redundant["DescribeUserInfo"] != 1 {
		t.Errorf("repeated %v, redundant %v, want 2 and 1", stats.Repeated, stats.Redundant)
	}
}

package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// httpRequest shortens the signatures of test helpers.
type httpRequest = http.Request

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// codes sends n requests at once and counts the codes.
func (c *client) codes(action string, params object, n int) map[string]int {
	c.t.Helper()
	counts := map[string]int{}
	for range n {
		code, _ := errorOf(c.call(action, params))
		counts[code]++
	}
	return counts
}

func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Options{QPS: 20, Apps: []uint32{1, 2}, Now: time.Now})
		params := func(app int) object {
			return object{"SdkAppId": app, "StartTime": time.Now().Unix() - 60, "EndTime": time.Now().Unix()}
		}
		if got := c.codes("DescribeRoomInfo", params(1), 12); got[""] != 12 {
			t.Errorf("first twelve: %v", got)
		}
		time.Sleep(600 * time.Millisecond)
		if got := c.codes("DescribeRoomInfo", params(2), 10); got[""] != 8 || got["RequestLimitExceeded"] != 2 {
			t.Errorf("ten more for another app: %v, want eight of them good", got)
		}
		if got := c.codes("DescribeScaleInfo", params(1), 20); got[""] != 20 {
			t.Errorf("another action: %v", got)
		}
		// The first twelve leave the sliding second. Refused requests were never in it.
		time.Sleep(400 * time.Millisecond)
		if got := c.codes("DescribeRoomInfo", params(1), 13); got[""] != 12 || got["RequestLimitExceeded"] != 1 {
			t.Errorf("a second after the first: %v, want twelve good", got)
		}
		stats := c.s.Stats()
		if stats.Requests["DescribeRoomInfo"] != 35 || stats.Errors["DescribeRoomInfo"]["RequestLimitExceeded"] != 3 || stats.Peak["DescribeRoomInfo"] != 23 {
			t.Errorf("stats %+v, want 35 requests, 3 refused, at most 23 in a second", stats)
		}
	})
}

func TestSlowAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for qps, want := range map[int]int{20: 1, 5: 1, 60: 3, -1: 10} {
			c := newClient(t, Options{QPS: qps, Now: time.Now})
			params := object{"SdkAppId": fmt.Sprint(DefaultApp), "StartTime": time.Now().Unix() - 60, "EndTime": time.Now().Unix()}
			if got := c.codes("DescribeAbnormalEvent", params, 10); got[""] != want {
				t.Errorf("QPS %d: %v, want %d good", qps, got, want)
			}
		}
	})
}

func TestLatencyHonoursTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Options{Latency: time.Second, Now: time.Now})
		params := object{"SdkAppId": DefaultApp, "StartTime": time.Now().Unix() - 60, "EndTime": time.Now().Unix()}
		begun := time.Now()
		c.must("DescribeScaleInfo", params)
		if took := time.Since(begun); took != time.Second {
			t.Errorf("took %s, want 1s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begun = time.Now()
		recorder := httptest.NewRecorder()
		c.s.ServeHTTP(recorder, c.request("DescribeScaleInfo", mustJSON(t, params)).WithContext(ctx))
		if took := time.Since(begun); took != 100*time.Millisecond || recorder.Body.Len() > 0 {
			t.Errorf("took %s and %d bytes after the client had gone", took, recorder.Body.Len())
		}
	})
}

package simulator

import (
	"testing"
	"time"
)

// pages reads a list page by page. It returns the distinct rows by a field, and the number
// of repeated rows.
func (c *client) pages(action, list, key string, params object, size int) (found map[string]bool, twice int) {
	c.t.Helper()
	found = map[string]bool{}
	params["PageSize"] = size
	for page := 0; ; page++ {
		params["PageNumber"] = page
		got := rows(c.must(action, params)[list])
		for _, row := range got {
			name := str(row[key])
			if list == "UserList" {
				name += string(mustJSON(c.t, row["JoinTs"]))
			}
			if found[name] {
				twice++
			}
			found[name] = true
		}
		if len(got) < size {
			return found, twice
		}
	}
}

// TestRoomsShift reads the list of the last day repeatedly while it moves.
func TestRoomsShift(t *testing.T) {
	now := fixed
	c := newClient(t, Options{Calls: 2000, Retention: 2 * 24 * time.Hour, Ahead: 3 * time.Hour, Now: func() time.Time { return now }, Faults: Faults{Shift: 1}})
	now = now.Add(3 * time.Hour)
	params := object{"SdkAppId": DefaultApp, "StartTime": now.Unix() - 4*3600, "EndTime": now.Unix()}
	first, twice := c.pages("DescribeRoomInfo", "RoomList", "CommId", params, 50)
	again, none := c.pages("DescribeRoomInfo", "RoomList", "CommId", params, 50)
	if twice == 0 || len(first) >= len(again) || none != 0 || len(again) < 100 {
		t.Errorf("%d rooms and %d twice, then %d and %d twice", len(first), twice, len(again), none)
	}
	if c.s.Stats().Faults["DescribeRoomInfo"][FaultShift] == 0 {
		t.Error("shift is not counted")
	}
	params = object{"SdkAppId": DefaultApp, "StartTime": now.Unix() - 8*3600, "EndTime": now.Unix() - 4*3600}
	if _, twice := c.pages("DescribeRoomInfo", "RoomList", "CommId", params, 50); twice != 0 {
		t.Errorf("%d rooms twice of hours that are over", twice)
	}
}

// TestUsersShift reads the users of a running webinar in the same way.
func TestUsersShift(t *testing.T) {
	now := fixed
	c := newClient(t, Options{Calls: 120, Ahead: 20 * 24 * time.Hour, Now: func() time.Time { return now }, Faults: Faults{Shift: 1}})
	for i := range c.s.calls[DefaultApp] {
		x := &c.s.calls[DefaultApp][i]
		if x.shape != webinar || x.start < fixed.Unix() {
			continue
		}
		now = time.Unix((x.start+x.end)/2, 0)
		params := about(x, 4*3600)
		first, twice := c.pages("DescribeUserInfo", "UserList", "UserId", params, 20)
		again, none := c.pages("DescribeUserInfo", "UserList", "UserId", params, 20)
		if len(first) >= len(again) || none != 0 || twice == 0 {
			t.Errorf("%d sessions and %d twice, then %d and %d twice", len(first), twice, len(again), none)
		}
		return
	}
	t.Fatal("no webinar ahead")
}

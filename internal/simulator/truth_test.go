package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestLongTruthIsWhatTheAPIReturns walks the whole account over the API, in both
// dialects, and compares each relation with the truth, row by row.
func TestLongTruthIsWhatTheAPIReturns(t *testing.T) {
	calls := 26 // each special shape
	if testing.Short() {
		calls = 10
	}
	s, err := New(Options{Seed: 42, Calls: calls, Apps: []uint32{DefaultApp, 1400353844}, QPS: -1, Now: func() time.Time { return fixed }})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []dialect{legacy, current} {
		t.Run(d.String(), func(t *testing.T) {
			truth := s.Truth(fixed)
			if d == legacy {
				truth = truth.Legacy()
			}
			w := archive(t, s, d, fixed.Unix())
			summary := truth.Summary()
			for _, relation := range Relations() {
				if summary.Relations[relation].Rows == 0 {
					t.Errorf("%s: truth has no rows", relation)
				}
				if relation != "quality_samples" {
					compare(t, truth, relation, summary.Relations[relation], w.lines[relation])
				}
			}
			compareSamples(t, truth, summary.Relations["quality_samples"], w.samples)
		})
	}
}

func compare(t *testing.T, truth *Truth, relation string, want RelationSummary, got map[string]int) {
	t.Helper()
	if int64(len(got)) != want.Rows {
		t.Errorf("%s: walked %d rows, truth has %d", relation, len(got), want.Rows)
	}
	var checksum uint64
	for line := range got {
		checksum += xxh64([]byte(line))
	}
	if checksum == want.Checksum {
		return
	}
	c := &columns{format: asLine}
	truth.each(relation, c, func() bool {
		if got[string(c.dst)] == 0 {
			t.Errorf("%s: truth has a row that the API does not return: %q", relation, c.dst)
			return false
		}
		delete(got, string(c.dst))
		return true
	})
	for line := range got {
		t.Errorf("%s: the API returns a row that truth has not: %q", relation, line)
		break
	}
}

// compareSamples is compare for the many: by the hashes of their lines.
func compareSamples(t *testing.T, truth *Truth, want RelationSummary, got map[uint64]bool) {
	t.Helper()
	var checksum uint64
	for hash := range got {
		checksum += hash
	}
	if int64(len(got)) == want.Rows && want.Rows > 0 && checksum == want.Checksum {
		return
	}
	t.Errorf("quality_samples: walked %d rows, truth has %d", len(got), want.Rows)
	c := &columns{format: asLine}
	truth.each("quality_samples", c, func() bool {
		if !got[xxh64(c.dst)] {
			t.Errorf("truth has a row that the API does not return: %q", c.dst)
			return false
		}
		return true
	})
}

// TestOverHTTP reads truth and stats the way programs in other languages do.
func TestOverHTTP(t *testing.T) {
	c := newClient(t, Options{Calls: 4})
	server := httptest.NewServer(c.s)
	defer server.Close()
	var summary Summary
	getJSON(t, server.URL+"/truth?dialect=legacy", &summary)
	if summary.At != fixed.Unix() || summary.Relations["rooms"].Rows != 4 || summary.Dialect != "legacy" {
		t.Errorf("summary %+v", summary)
	}
	var room struct {
		CommID      string `json:"comm_id"`
		DestroyedAt *int64 `json:"destroyed_at"`
	}
	getJSON(t, server.URL+"/truth/rooms", &room)
	for first := range c.s.Truth(fixed).Rooms() {
		if room.CommID != first.CommID || room.DestroyedAt == nil {
			t.Errorf("first room %+v, want %+v", room, first)
		}
		break
	}
	c.must("DescribeScaleInfo", object{"SdkAppId": DefaultApp, "StartTime": fixed.Unix() - 60, "EndTime": fixed.Unix()})
	var stats Stats
	getJSON(t, server.URL+"/stats", &stats)
	if stats.Requests["DescribeScaleInfo"] != 1 || stats.Bytes == 0 {
		t.Errorf("stats %+v", stats)
	}
	for path, want := range map[string]int{"/truth/nothing": 404, "/truth?at=x": 400, "/truth/rooms?format=xml": 400, "/elsewhere": 404} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, response.StatusCode, want)
		}
	}
}

// getJSON decodes the first JSON value at an address.
func getJSON(t *testing.T, url string, into any) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
}

// TestScaleAgreesWithSessions counts the days again from the rows of rooms
// and sessions, and checks that it is the same whether users are counted once
// a day or once a room and day.
func TestScaleAgreesWithSessions(t *testing.T) {
	for _, options := range []Options{{Calls: 3000}, {Calls: 3000, Apps: twoApps, Troubles: true}} {
		s := newClient(t, options).s
		for _, app := range s.Apps() {
			scaleAgrees(t, s.Truth(fixed), app)
		}
	}
}

func scaleAgrees(t *testing.T, truth *Truth, app uint32) {
	t.Helper()
	entries, rooms := map[int64]int64{}, map[int64]int64{}
	inDay, inRoom := map[int64]map[string]bool{}, map[int64]map[string]bool{}
	for room := range truth.Rooms() {
		if room.SdkAppID == app {
			rooms[beijingDay(room.CreatedAt)]++
		}
	}
	for s := range truth.UserSessions() {
		if s.SdkAppID != app {
			continue
		}
		d := beijingDay(s.JoinedAt)
		if inDay[d] == nil {
			inDay[d], inRoom[d] = map[string]bool{}, map[string]bool{}
		}
		entries[d]++
		inDay[d][s.UserID] = true
		inRoom[d][s.CommID+" "+s.UserID] = true
	}
	n := 0
	for d := range truth.DailyScale() {
		if d.SdkAppID != app {
			continue
		}
		n++
		at := d.DayStart
		if time.Unix(at, 0).UTC().Hour() != 16 {
			t.Errorf("day starts at %s", time.Unix(at, 0).UTC())
		}
		if d.RoomNumbers != rooms[at] || d.UserCount != entries[at] || d.UserNumber != int64(len(inDay[at])) || len(inDay[at]) != len(inRoom[at]) {
			t.Errorf("%+v, counted %d rooms, %d entries, %d or %d users", d, rooms[at], entries[at], len(inDay[at]), len(inRoom[at]))
		}
	}
	if n != 13 {
		t.Errorf("%d whole days in 14, want 13", n)
	}
}

package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// questions returns requests of each family whose healthy response has some rows.
func questions(t *testing.T, c *client) map[string]object {
	t.Helper()
	x := callOf(t, c.s, busy)
	v := c.s.open(x, fixed.Unix())
	series, event := about(x, 40), about(x, 3600)
	series["DataType"] = []string{"all"}
	event["UserId"], event["RoomId"] = v.users[0].id, v.room
	app := object{"SdkAppId": DefaultApp, "StartTime": fixed.Unix() - 86400, "EndTime": fixed.Unix()}
	days := maps.Clone(app)
	days["StartTime"] = fixed.Unix() - 6*86400
	return map[string]object{
		"DescribeRoomInfo": app, "DescribeUserInfo": about(x, 3600), detail: series, "DescribeUserEvent": event,
		"DescribeUnusualEvent": {"SdkAppId": DefaultApp, "StartTime": x.start, "EndTime": x.start + 3600}, "DescribeScaleInfo": days,
	}
}

func (c *client) body(action string, params object) []byte {
	return c.record(c.request(action, mustJSON(c.t, params))).Body.Bytes()
}

// at returns the value at a path of Mutation, nil if there is none.
func (n *node) at(path string) *node {
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		var i int
		if _, err := fmt.Sscan(step, &i); err == nil && n != nil && n.kind == '[' {
			if i >= len(n.items) {
				return nil
			}
			n = n.items[i]
			continue
		}
		n = n.get(step)
	}
	return n
}

// differences returns the paths of values that differ, none inside another. Objects with
// other keys and lists of other lengths differ as a whole.
func differences(a, b *node, path string) []string {
	if a.kind != b.kind || len(a.items) != len(b.items) || !slices.Equal(a.keys, b.keys) {
		return []string{path}
	}
	if len(a.items) == 0 && a.text != b.text {
		return []string{path}
	}
	var all []string
	for i := range a.items {
		if a.items[i].kind != '{' && a.items[i].kind != '[' && a.items[i].text == b.items[i].text {
			continue
		}
		step := fmt.Sprintf("[%d]", i)
		if a.kind == '{' {
			step = "." + a.keys[i]
		}
		all = append(all, differences(a.items[i], b.items[i], path+step)...)
	}
	return all
}

// loose replaces the odd numbers of a body by valid JSON.
func loose(body string) []byte {
	return []byte(strings.NewReplacer(":NaN", `:"NaN"`).Replace(body))
}

// TestMutationsChangeOneThing compares each changed response with the healthy one. They
// differ at Mutation.Path only.
func TestMutationsChangeOneThing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c := newClient(t, Options{Calls: 60})
	kinds, actions := map[string]int{}, map[string]int{}
	for action, params := range questions(t, c) {
		set(t, c.s, Faults{})
		whole := anonymous(string(c.body(action, params)))
		set(t, c.s, Faults{Seed: seed, Mutate: 1, MutateAny: true})
		for range 60 {
			n := len(c.s.Mutations())
			changed := string(c.body(action, params))
			all := c.s.Mutations()
			if len(all) != n+1 {
				t.Fatalf("%s: %d mutations of one answer", action, len(all)-n)
			}
			m := all[n]
			kinds[m.Kind]++
			actions[action]++
			if m.N != n+1 || m.Action != action {
				t.Fatalf("entry %d is %+v", n+1, m)
			}
			checkMutation(t, whole, changed, m)
		}
	}
	for _, kind := range MutationKinds() {
		if kinds[kind] == 0 {
			t.Errorf("no %s in %v", kind, kinds)
		}
	}
	t.Log(kinds, actions)
}

// checkMutation compares a changed response with its Mutation.
func checkMutation(t *testing.T, whole, changed string, m Mutation) {
	t.Helper()
	if m.Kind == "delay" || m.Kind == "truncate" {
		if whole := m.Kind == "delay"; json.Valid([]byte(changed)) != whole || m.Harmless != whole || m.Path != "" {
			t.Errorf("%+v: valid %v", m, !whole)
		}
		return
	}
	root, err := parseNode(loose(changed))
	if err != nil {
		t.Fatalf("%+v: %v in %.300s", m, err, changed)
	}
	healthy, err := parseNode([]byte(strings.Replace(whole, ",}}", `,"RequestId":"id"}}`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if id := root.at("Response.RequestId"); id != nil && !strings.Contains(m.Path, "RequestId") {
		root.get("Response").set("RequestId", healthy.at("Response.RequestId"))
	}
	got := differences(healthy, root, "")
	parent := m.Path[:max(0, strings.LastIndexAny(m.Path, ".["))]
	for i, path := range got {
		got[i] = strings.TrimPrefix(path, ".")
	}
	want := []string{m.Path}
	switch m.Kind {
	case "key", "drop", "repeat":
		want[0] = parent
	case "order":
		if !allUnder(got, m.Path) {
			t.Errorf("%+v: differs at %v", m, got)
		}
		return
	}
	if m.New == "twice, counted" {
		want = append(want, "Response.Total")
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%+v: differs at %v, want %v", m, got, want)
	}
	if m.Kind == "type" || m.Kind == "count" || m.Kind == "value" {
		if now := abridged(root.at(m.Path).String()); now != strings.Replace(m.New, "NaN", `"NaN"`, 1) && m.New != "NaN" {
			t.Errorf("%+v: there is %s", m, now)
		}
	}
}

func allUnder(paths []string, root string) bool {
	return !slices.ContainsFunc(paths, func(p string) bool { return !strings.HasPrefix(p, root) })
}

func set(t *testing.T, s *Simulator, f Faults) {
	t.Helper()
	if err := s.SetFaults(f); err != nil {
		t.Fatal(err)
	}
}

// TestMutationsFollowFromTheSeed sends the same requests to two vendors.
func TestMutationsFollowFromTheSeed(t *testing.T) {
	run := func(f Faults) (all []string) {
		c := newClient(t, Options{Calls: 60, Faults: f})
		q := questions(t, c)
		for _, action := range slices.Sorted(maps.Keys(q)) {
			for range 4 {
				c.body(action, q[action])
			}
		}
		for _, m := range c.s.Mutations() {
			if m.Kind != "delay" {
				all = append(all, fmt.Sprintf("%+v", m))
			}
		}
		return all
	}
	once := run(Faults{Seed: 5, Mutate: 0.7})
	strip := func(entries []string) (all []string) {
		for _, e := range entries {
			_, rest, _ := strings.Cut(e, "Action")
			if !strings.Contains(rest, "RequestId") {
				all = append(all, rest)
			}
		}
		return all
	}
	if again := run(Faults{Seed: 5, Mutate: 0.7}); !slices.Equal(strip(once), strip(again)) || len(once) < 8 {
		t.Errorf("%d mutations, then others:\n%s\n%s", len(once), strings.Join(once, "\n"), strings.Join(again, "\n"))
	}
	if other := run(Faults{Seed: 6, Mutate: 0.7}); slices.Equal(once, other) {
		t.Error("the seed changes nothing")
	}
	if n := len(run(Faults{Seed: 5, Mutate: 1, MutateOnce: true})); n > 6 {
		t.Errorf("%d mutations of 6 questions, want one each", n)
	}
}

// TestStickyMutations checks that a repeated request meets the same damage.
func TestStickyMutations(t *testing.T) {
	c := newClient(t, Options{Calls: 60, Faults: Faults{Seed: 9, MutateSticky: 1}})
	for action, params := range questions(t, c) {
		first := anonymous(string(c.body(action, params)))
		all := c.s.Mutations()
		m := all[len(all)-1]
		again := anonymous(string(c.body(action, params)))
		all = c.s.Mutations()
		if other := all[len(all)-1]; other.Path != m.Path || other.Kind != m.Kind || again != first && !strings.Contains(m.Path+m.Old, "RequestId") && m.Kind != "truncate" {
			t.Errorf("%s: %+v, then %+v", action, m, other)
		}
	}
}

// TestMutationsCanBeNoticed checks that all mutations can be noticed and have the chosen
// kinds.
func TestMutationsCanBeNoticed(t *testing.T) {
	c := newClient(t, Options{Calls: 60, Faults: Faults{Seed: uint64(time.Now().UnixNano()), Mutate: 1, MutateKinds: []string{"type", "drop"}}})
	for action, params := range questions(t, c) {
		for range 30 {
			c.body(action, params)
		}
	}
	for _, m := range c.s.Mutations() {
		if m.Undetectable || m.Kind != "type" && m.Kind != "drop" || m.Kind == "drop" && strings.Contains(m.Path, "Data") {
			t.Errorf("%+v", m)
		}
	}
	if len(c.s.Mutations()) < 100 {
		t.Errorf("%d mutations", len(c.s.Mutations()))
	}
}

// TestTouched summarizes the changes, directly and over HTTP.
func TestTouched(t *testing.T) {
	c := newClient(t, Options{Calls: 60, Faults: Faults{Seed: 2, Mutate: 1}})
	q := questions(t, c)
	for _, action := range slices.Sorted(maps.Keys(q)) {
		for range 10 {
			c.body(action, q[action])
		}
	}
	touched := c.s.Touched()
	x := callOf(t, c.s, busy)
	hourOf := TouchedAt{DefaultApp, x.start - x.start%3600}
	if !touched.Calls[x.commID()] || !touched.Unusual[hourOf] || len(touched.Lists) == 0 || len(touched.Scale) < 5 || !touched.Call(DefaultApp, "?", fixed.Unix()-3600, fixed.Unix()) {
		t.Errorf("touched %+v", touched)
	}
	w := httptest.NewRecorder()
	c.s.ServeHTTP(w, httptest.NewRequest("GET", "/mutations", nil))
	var all []Mutation
	if err := json.NewDecoder(bytes.NewReader(w.Body.Bytes())).Decode(&all); err != nil || len(all) != len(c.s.Mutations()) {
		t.Errorf("GET /mutations: %v, %d of %d", err, len(all), len(c.s.Mutations()))
	}
	if touched := (&Simulator{}).Touched(); len(touched.Calls) != 0 {
		t.Errorf("touched %+v by nothing", touched)
	}
}

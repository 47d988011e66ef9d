package catalogue_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/catalogue"
)

// TestLists: what the lists name is there, once.
func TestLists(t *testing.T) {
	seen := map[string]bool{}
	once := func(name string) {
		if seen[name] {
			t.Errorf("%s is listed twice", name)
		}
		seen[name] = true
	}
	views, tables := catalogue.Views(), map[string]catalogue.Table{}
	for _, x := range catalogue.Tables() {
		once(x.Name)
		tables[x.Name] = x
		if x.HasLoads() != (x.Unit != "") || x.HasLoads() && (strings.Count(x.OfUnit, "?") != 1 || !strings.HasSuffix(x.Name, "_data")) {
			t.Errorf("%s has loads %v: %+v", x.Name, x.HasLoads(), x)
		}
		if of := catalogue.Growth(strings.TrimSuffix(x.Name, "_data")); of != "" && !slices.Contains(views, of) {
			t.Errorf("%s grows with %q", x.Name, of)
		}
	}
	for _, r := range catalogue.Relations() {
		once(r.Name)
		if r.Table == slices.Contains(views, r.Name) {
			t.Errorf("%s: a table %v and a view", r.Name, r.Table)
		}
		if data := tables[r.Name+"_data"]; r.Sent && (!data.HasLoads() || data.Unit != r.Export.Unit || catalogue.Growth(r.Name) != r.Name) {
			t.Errorf("%s, which was sent, has %+v", r.Name, data)
		}
		for _, source := range r.Export.Sources {
			if !slices.Contains(catalogue.Sent(), source) {
				t.Errorf("%s is made from %s, which was not sent", r.Name, source)
			}
		}
		for _, name := range r.Export.Names {
			if !slices.ContainsFunc(catalogue.Relations(), func(x catalogue.Relation) bool { return x.Name == name && x.Export.Time == "" }) {
				t.Errorf("%s looks up %s, which is no relation of the archive as a whole", r.Name, name)
			}
		}
		if on := fmt.Sprintf(r.Export.Within, "x"); r.Export.Within != "" && (strings.Count(on, "x") < 1 || strings.Contains(on, "%!")) {
			t.Errorf("%s is within %s", r.Name, on)
		}
	}
	if catalogue.Growth("raw_responses") != "" {
		t.Error("raw responses grow, though they expire")
	}
}

func TestGrants(t *testing.T) {
	const want = "GRANT ALL ON `a-b`.* TO `it's\\`me`; GRANT ALL ON `a-b_store`.* TO `it's\\`me`"
	if got := catalogue.Grants("a-b", "it's`me"); got != want {
		t.Error(got)
	}
}

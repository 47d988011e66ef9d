package config

import (
	"os"
	"strings"
	"testing"
)

// TestExampleFile checks that packaging/callvault.env names every setting that has a
// variable, once, with a usable value, and nothing else. All of its lines are comments.
func TestExampleFile(t *testing.T) {
	text, err := os.ReadFile("../../packaging/callvault.env")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			t.Errorf("%s is set", line)
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "#"), "=")
		if !ok || strings.ContainsAny(name, " ") {
			continue // a comment
		}
		if named[name] != "" || value == "" {
			t.Errorf("%s comes twice, or without a value", name)
		}
		named[name] = value
	}
	delete(named, "CALLVAULT_CONFIG")
	for _, s := range settingsOf(&Config{}) {
		if s.variable == "" {
			continue
		}
		if value := named[s.variable]; value == "" || flaw(value) != "" || s.set(value) != nil {
			t.Errorf("%s is missing, or cannot be %q", s.variable, value)
		}
		delete(named, s.variable)
	}
	for name := range named {
		t.Errorf("%s is not a setting", name)
	}
}

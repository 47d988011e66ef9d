package config

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/callvault/callvault/internal/words"
)

const prefix = "CALLVAULT_"

// others lists the variables that begin with CALLVAULT_ and are no settings: the name of
// the file, and those of the dbt models in packaging/dbt, of tests and benchmarks.
var others = []string{
	"CALLVAULT_CONFIG", "CALLVAULT_DATABASE",
	"CALLVAULT_SEED", "CALLVAULT_LAW", "CALLVAULT_SOAK", "CALLVAULT_TEST_SEED", "CALLVAULT_TEST_CLOCK", "CALLVAULT_TEST_SERVER", "CALLVAULT_BENCH_SAMPLES",
}

// service matches the variables that Kubernetes sets for a service named callvault, or
// callvault-something.
var service = regexp.MustCompile(`^CALLVAULT_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

func variables(environ []string) map[string]string {
	vars := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		vars[name] = value
	}
	return vars
}

// Secrets are the variables of all settings that are secrets.
func Secrets() (names []string) {
	for _, s := range settingsOf(&Config{}) {
		if s.secret() && s.variable != "" {
			names = append(names, s.variable)
		}
	}
	return names
}

// readEnv reads the variables that are not empty.
func (r *reader) readEnv(vars map[string]string) {
	known := slices.Clone(others)
	for _, s := range settingsOf(r.Config) {
		if s.variable == "" {
			continue
		}
		known = append(known, s.variable)
		text, place := vars[s.variable], s.variable
		if named := s.variable + inFile; s.secret() {
			known = append(known, named)
			switch file := vars[named]; {
			case file != "" && text != "":
				r.bad = append(r.bad, Error{named, "is set together with " + s.variable, "unset one of them"})
				continue
			case file != "":
				text, place = r.content(named, file), named
			}
		}
		switch {
		case text == "":
		case s.key == "": // other programs use it, too; it matters only if traces are on
			s.value.SetString(text)
		default:
			delete(r.where, s.variable)
			if place != s.variable {
				r.where[s.variable] = place
			}
			r.set(s, place, text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if slices.Contains(known, name) || service.MatchString(name) {
			continue
		}
		upper := strings.ToUpper(name)
		if strings.HasPrefix(upper, prefix) {
			r.unknown(name, words.Nearest(upper, known, 4))
		} else if near := words.Nearest(upper, known, 1); near != "" && vars[near] == "" {
			r.unknown(name, near)
		}
	}
}

// inFile ends the names of variables, and inKey those of keys, that name the file of a
// secret. systemd, Docker and Kubernetes use this form.
const inFile, inKey = "_FILE", "_file"

// content returns the content of a file, without the line break at its end.
func (r *reader) content(place, file string) string {
	text, err := os.ReadFile(file)
	switch {
	case err != nil:
		r.bad = append(r.bad, Error{place, err.Error(), "name a file that has the value"})
	case len(bytes.TrimSpace(text)) == 0:
		r.bad = append(r.bad, Error{place, "names a file that is empty: " + file, "name a file that has the value"})
	}
	return strings.TrimRight(string(text), "\r\n")
}

// unknown reports a name that is not a setting.
func (r *reader) unknown(place, near string) {
	try := "docs/operations.md has all settings"
	if near != "" {
		try = "did you mean " + near + "?"
	}
	r.bad = append(r.bad, Error{place, "is not a setting", try})
}

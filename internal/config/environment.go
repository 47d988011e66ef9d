package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/callvault/callvault/internal/words"
)

const prefix = "CALLVAULT_"

// others lists the variables of this name that are no settings: that of the file, of the
// dbt models in packaging/dbt, of tests and benchmarks.
var others = []string{
	"CALLVAULT_CONFIG", "CALLVAULT_DATABASE",
	"CALLVAULT_SEED", "CALLVAULT_LAW", "CALLVAULT_SOAK", "CALLVAULT_TEST_SEED", "CALLVAULT_TEST_CLOCK", "CALLVAULT_BENCH_SAMPLES",
}

// service matches the variables that Kubernetes sets for a service that is called
// callvault, or callvault-something.
var service = regexp.MustCompile(`^CALLVAULT_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

func variables(environ []string) map[string]string {
	vars := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		vars[name] = value
	}
	return vars
}

// readEnv reads the variables that are not empty.
func (r *reader) readEnv(vars map[string]string) {
	known := slices.Clone(others)
	for _, s := range settingsOf(r.Config) {
		if s.variable == "" {
			continue
		}
		known = append(known, s.variable)
		text := vars[s.variable]
		switch {
		case text == "":
		case s.key == "": // it is of other programs, too, and matters only where traces are on
			s.value.SetString(text)
		default:
			delete(r.where, s.variable)
			r.set(s, s.variable, text)
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

// unknown refuses what is no setting.
func (r *reader) unknown(place, near string) {
	try := "docs/operations.md has all settings"
	if near != "" {
		try = "did you mean " + near + "?"
	}
	r.bad = append(r.bad, Error{place, "is not a setting", try})
}

package ui_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/daemon"
	"github.com/callvault/callvault/doctor"
	"github.com/callvault/callvault/internal/ui"
)

// hostile is a text from outside that wants to clear the screen, to turn the line, to begin
// another one, and to be long.
var hostile = "a\x1b[2J\x1b]0;t\a\r\nforged: all is well\u202e\u2028\x00{}" + strings.Repeat("y", 20<<10)

// spoil sets all texts of a value to hostile ones, but for those that are its own words.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() && v.Kind() == reflect.Pointer {
			spoil(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !ownWords[f.Name] {
				spoil(v.Field(i))
			}
		}
	case reflect.String:
		if v.CanSet() && v.String() != "" {
			v.SetString(hostile)
		}
	}
}

// ownWords are fields whose values are callvault's.
var ownWords = map[string]bool{"Verdict": true, "State": true, "Outcome": true, "Command": true, "List": true, "Time": true, "Day": true}

// TestHostileTexts prints every page with texts from outside that are hostile.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	print := func(name string, v any, show func(ui.Screen)) {
		t.Run(name, func(t *testing.T) {
			spoil(reflect.ValueOf(v))
			var out bytes.Buffer
			show(ui.Screen{Out: &out, Err: &out})
			if !strings.Contains(out.String(), "forged") && name != "plan" && name != "space" {
				t.Errorf("nothing hostile was shown:\n%s", out.String())
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if strings.ContainsFunc(line, func(r rune) bool {
					return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
				}) {
					t.Errorf("%.300q", line)
				}
				if strings.HasPrefix(strings.TrimLeft(line, " "), "forged") || len(line) > 5000 {
					t.Errorf("a forged line, or one of %d bytes: %.100q", len(line), line)
				}
			}
		})
	}
	report := archived(now)
	print("report", report, func(s ui.Screen) { s.Report(report, false) })
	forecast := plan(now)
	print("plan", forecast, func(s ui.Screen) { s.Plan(forecast) })
	st := held(now)
	print("status", st, func(s ui.Screen) { s.Status(st) })
	disk := space(now)
	print("space", disk, func(s ui.Screen) { s.Space(disk) })
	v := verified(now)
	print("verification", v, func(s ui.Screen) { s.Verification(v, false) })
	r := &archive.Replay{Calls: 1}
	asked(&r.Failures, `[{"unit": "call x", "reason": "it cannot be read"}]`)
	print("replay", r, func(s ui.Screen) { s.Replayed(r, false) })
	var all []daemon.Scheduled
	asked(&all, `[{"name": "nightly", "job": "archive", "spec": "0 4 * * *", "zone": "UTC", "last": {"began": "1999-12-31T04:00:00Z", "error": "no"}, "next": "2000-01-01T04:00:00Z"}]`)
	print("schedules", &all, func(s ui.Screen) { s.Schedules(all, now) })
	f := doctor.Finding{Check: "clickhouse", Verdict: doctor.OK, Found: "version 26.8", Try: "make room"}
	print("finding", &f, func(s ui.Screen) { s.Finding(f) })
}

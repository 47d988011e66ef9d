package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/callvault/callvault/doctor"
	"github.com/callvault/callvault/internal/simulator"
)

// doctor runs callvault doctor with more settings and returns the findings that
// are not ok.
func (in *installation) doctor(t *testing.T, wantCode int, env ...string) map[string]doctor.Finding {
	t.Helper()
	with := *in
	with.env = append(append([]string(nil), in.env...), env...)
	code, out, errs := with.callvault(t.Context(), "doctor", "--json")
	var all []doctor.Finding
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != wantCode {
		t.Fatalf("doctor: exit code %d, want %d; %v\n%s%s", code, wantCode, err, out, errs)
	}
	bad := map[string]doctor.Finding{}
	for _, f := range all {
		if f.Verdict != doctor.OK {
			bad[f.Check] = f
		}
	}
	if code == exitDone && len(all) < 10 {
		t.Errorf("only %d findings: %+v", len(all), all)
	}
	return bad
}

func TestDoctor(t *testing.T) {
	in := install(t, simulator.Options{Seed: 1, Calls: 5, QPS: -1})
	in.archive(t, exitDone)
	if bad := in.doctor(t, exitDone); len(bad) > 0 {
		t.Errorf("of a healthy installation: %+v", bad)
	}
	for _, c := range []struct {
		setting, check, verdict, says string
	}{
		{"TENCENTCLOUD_SECRET_KEY=not-this-one", "credentials", doctor.Fail, "SignatureFailure"},
		{"CALLVAULT_RETENTION=20d", "retention", doctor.Fail, "CALLVAULT_RETENTION=14d"},
		{"CALLVAULT_RETENTION=7d", "retention", doctor.Warn, "CALLVAULT_RETENTION=14d"},
		{"CALLVAULT_TRTC_ENDPOINT=http://127.0.0.1:1", "endpoint", doctor.Fail, "CALLVAULT_TRTC_ENDPOINT"},
		{"CALLVAULT_CLICKHOUSE_CLUSTER=main", "cluster", doctor.Fail, "docs/cluster.md"},
		{"CLICKHOUSE_DSN=clickhouse://u:not-this-one@127.0.0.1:1/x", "clickhouse", doctor.Fail, "CLICKHOUSE_DSN"},
	} {
		code := exitDone
		if c.verdict == doctor.Fail {
			code = exitFailed
		}
		f := in.doctor(t, code, c.setting)[c.check]
		if text := f.Found + f.Try; f.Verdict != c.verdict || !strings.Contains(text, c.says) || strings.Contains(text, "not-this-one") {
			t.Errorf("with %s: %+v", c.setting, f)
		}
	}
}

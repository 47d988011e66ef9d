package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/status"
)

func (in *installation) status(t *testing.T) (st status.Status, page string) {
	t.Helper()
	code, out, errs := in.callvault(t.Context(), "status", "--json")
	if code != exitDone {
		t.Fatalf("status: exit code %d\n%s", code, errs)
	}
	if err := json.Unmarshal([]byte(out), &st); err != nil {
		t.Fatalf("status: %v\n%s", err, out)
	}
	code, page, errs = in.callvault(t.Context(), "status")
	if code != exitDone || errs != "" {
		t.Fatalf("status: exit code %d\n%s", code, errs)
	}
	for line := range strings.Lines(page) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > ui.Width {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Contains(page, "\x1b") {
		t.Error("colours, though it is no terminal")
	}
	return st, page
}

func TestStatus(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 5, Calls: 30, Mix: simulator.MixAll, QPS: -1, Straddle: true})
	var poisoned []string
	for r := range in.truth.Rooms() {
		if r.IsFinished && len(poisoned) < 2 && time.Since(time.Unix(r.CreatedAt, 0)) < 12*24*time.Hour {
			poisoned = append(poisoned, r.CommID)
		}
	}
	in.refuse(t, poisoned)
	if st, page := in.status(t); page != "no call is archived yet\n" || st.LastSuccess != nil || st.AtRisk.Count != 0 {
		t.Errorf("before the first pass: %+v\n%s", st, page)
	}
	in.archive(t, exitPartial)
	in.archive(t, exitPartial)
	in.lose(t, "a lost call", "nobody asked for it")
	st, page := in.status(t)
	t.Logf("\n%s", page)
	var calls, failed, lost, provisional uint64
	for _, d := range st.Days {
		calls, failed, lost, provisional = calls+d.Calls, failed+d.Incomplete, lost+d.Lost, provisional+d.Provisional
	}
	if len(st.Days) < 15 || calls != 32 || failed != 2 || lost != 1 || provisional == 0 {
		t.Errorf("%d days, %d calls, %d failed, %d lost, %d provisional", len(st.Days), calls, failed, lost, provisional)
	}
	if st.LastSuccess == nil || time.Since(*st.LastSuccess) > time.Minute || st.Bytes["quality_samples"] == 0 {
		t.Errorf("last success %v, bytes %v", st.LastSuccess, st.Bytes)
	}
	if st.Failed.Count != 2 || st.Failed.Units[0].Attempts != 2 || st.Failed.Units[0].Reason == "" {
		t.Errorf("failed %+v", st.Failed)
	}
	if st.AtRisk.Count < 3 || !st.AtRisk.NextDeadline.Equal(st.AtRisk.Units[0].Deadline) || st.AtRisk.Units[0].Deadline.After(st.AtRisk.Units[1].Deadline) {
		t.Errorf("at risk %+v", st.AtRisk)
	}
	if st.Lost.Count != 2 { // and the head of the straddling one
		t.Errorf("lost %+v", st.Lost)
	}
	if len(st.Runs) != 1 || st.Runs[0].LastSuccess != nil || st.Runs[0].Last.Outcome != runs.Partial || st.Runs[0].Last.Reason == "" {
		t.Errorf("runs %+v", st.Runs)
	}
	for _, want := range []string{"last complete", "never succeeded over everything", "last run, ", "at risk", "after 2 attempts", "nobody asked for it", "the vendor had dropped"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// refuse lets the vendor refuse all requests about some calls, for good.
func (in *installation) refuse(t *testing.T, commIDs []string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for _, id := range commIDs {
			if strings.Contains(string(body), `"`+id+`"`) {
				io.WriteString(w, `{"Response":{"Error":{"Code":"InvalidParameter.CommId","Message":"no"},"RequestId":"r"}}`)
				return
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		in.sim.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	in.env = append(in.env, "CALLVAULT_TRTC_ENDPOINT="+server.URL)
}

// lose notes a call as lost.
func (in *installation) lose(t *testing.T, commID, reason string) {
	t.Helper()
	w := load.NewWriter(in.store, "test", load.WriterOptions{})
	at := time.Now().Add(-10 * 24 * time.Hour)
	e := ledger.Entry{Unit: call.Unit{App: call.AppID(in.sim.Apps()[0]), Kind: call.UnitCall, Key: commID}, State: ledger.Lost, Reason: reason, StartsAt: at, Deadline: at}
	if err := w.Note(t.Context(), []ledger.Entry{e}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

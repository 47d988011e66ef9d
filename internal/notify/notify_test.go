package notify

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/runs"
)

// robot is a webhook that gives its answers in order, and then repeats the last.
type robot struct {
	answers []answer
	heard   []string
}

type answer struct {
	code int
	body string
}

func (r *robot) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	b, _ := io.ReadAll(req.Body)
	r.heard = append(r.heard, string(b))
	a := r.answers[min(len(r.heard), len(r.answers))-1]
	w.WriteHeader(a.code)
	io.WriteString(w, a.body)
}

func (r *robot) send(t *testing.T, format string) error {
	t.Helper()
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	w := Webhook{URL: s.URL + "/send?key=hush", Format: format, Attempts: 3, First: time.Microsecond}
	err := w.Send(t.Context(), Event{Event: Failure, Text: "callvault: a pass failed", RunID: "r", Failed: 2})
	if err != nil && strings.Contains(err.Error(), "hush") {
		t.Errorf("the secret shows: %v", err)
	}
	return err
}

func TestFormats(t *testing.T) {
	for format, want := range map[string]string{
		"slack":    `{"mrkdwn":false,"text":"callvault: a pass failed"}`,
		"dingtalk": `{"msgtype":"text","text":{"content":"callvault: a pass failed"}}`,
		"wecom":    `{"msgtype":"text","text":{"content":"callvault: a pass failed"}}`,
	} {
		r := &robot{answers: []answer{{200, `{"errcode":0,"errmsg":"ok"}`}}}
		if err := r.send(t, format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if diff := cmp.Diff([]string{want}, r.heard); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
	r := &robot{answers: []answer{{204, ""}}}
	var e Event
	if err := r.send(t, "json"); err != nil || json.Unmarshal([]byte(r.heard[0]), &e) != nil || e.Failed != 2 || e.Event != Failure {
		t.Errorf("json: %v %q", err, r.heard)
	}
}

func TestAttempts(t *testing.T) {
	for _, c := range []struct {
		name, format string
		answers      []answer
		heard        int
		fails        string
	}{
		{"for a while", "json", []answer{{503, ""}, {429, ""}, {200, ""}}, 3, ""},
		{"always", "json", []answer{{500, ""}}, 3, "HTTP 500"},
		{"wrong", "slack", []answer{{404, "no_service"}}, 1, "HTTP 404"},
		{"wrong within 200", "dingtalk", []answer{{200, `{"errcode":310000,"errmsg":"keywords not in content"}`}}, 1, "310000: keywords"},
		{"too fast within 200", "wecom", []answer{{200, `{"errcode":45009,"errmsg":"api freq out of limit"}`}, {200, `{"errcode":0}`}}, 2, ""},
	} {
		r := &robot{answers: c.answers}
		err := r.send(t, c.format)
		if len(r.heard) != c.heard || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: heard %d, %v", c.name, len(r.heard), err)
		}
	}
}

// TestDeaf checks that Send does not wait for a webhook that never answers, and that
// its error has no URL.
func TestDeaf(t *testing.T) {
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer s.Close()
	defer close(over)
	err := Webhook{URL: s.URL + "?key=hush", Within: time.Millisecond}.Send(t.Context(), Event{})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
	err = Webhook{URL: "http://127.0.0.1:1/?key=hush", Attempts: 1}.Send(context.Background(), Event{})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
	if err := (Webhook{}).Send(t.Context(), Event{}); err != nil {
		t.Errorf("nobody to tell: %v", err)
	}
}

// TestHostileNotices: a name in a reason can neither call somebody, nor make a link, nor break
// or turn a line, nor make the robot refuse the notice.
func TestHostileNotices(t *testing.T) {
	reason := "call <!channel> <@U1> <https://evil.example|here> & \x1b[2J\u202e\u009b\nforged: all is well " + strings.Repeat("会", 20<<10)
	run := runs.Run{Command: "archive", Outcome: runs.Failed, Reason: reason, Host: "host", ID: "run-1"}
	for format, most := range map[string]int{"json": 30 << 10, "slack": 40_000, "dingtalk": 20_000, "wecom": 2048} {
		r := &robot{answers: []answer{{200, "{}"}}}
		s := httptest.NewServer(r)
		defer s.Close()
		if err := Tell(t.Context(), Webhook{URL: s.URL, Format: format}, history{}, run); err != nil || len(r.heard) != 1 {
			t.Fatalf("%s: %v, %d notices", format, err, len(r.heard))
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(r.heard[0]), &m); err != nil {
			t.Fatal(err)
		}
		text, _ := m["text"].(string)
		if robot, ok := m["text"].(map[string]any); ok {
			text, _ = robot["content"].(string)
		}
		if len(text) > most || !strings.HasSuffix(text, "\nhost, run run-1") || strings.Count(text, "\n") != 1 || strings.ContainsAny(text, "\x1b\u202e\u009b") {
			t.Errorf("%s: %d bytes, %d line breaks: %.300q…%q", format, len(text), strings.Count(text, "\n"), text, text[max(0, len(text)-60):])
		}
		if format == "slack" && strings.ContainsAny(text, "<>") || format == "wecom" && strings.Contains(text, "<@") {
			t.Errorf("%s: %.300q", format, text)
		}
	}
}

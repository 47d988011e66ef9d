package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/notify"
	"github.com/callvault/callvault/internal/simulator"
)

// TestNotifications makes a pass fail twice, then succeed.
func TestNotifications(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 3, QPS: -1})
	var heard []notify.Event
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e notify.Event
		if b, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(b, &e) != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		heard = append(heard, e)
	}))
	defer hook.Close()
	in.env = append(in.env, "CALLVAULT_NOTIFY_URL="+hook.URL)
	wrong := *in
	wrong.env = append(append([]string{}, in.env...), "TENCENTCLOUD_SECRET_KEY=wrong")
	for _, pass := range []*installation{&wrong, &wrong, in, in} {
		pass.callvault(t.Context(), "archive", "--quiet")
	}
	if len(heard) != 2 || heard[0].Event != notify.Failure || heard[1].Event != notify.Recovery ||
		!strings.Contains(heard[0].Text, "callvault archive: failed: ") || heard[1].Archived != 3 {
		t.Errorf("heard %+v", heard)
	}
}

// TestDeafWebhook checks that a webhook that does not answer does not delay a pass, and that its address is not shown.
func TestDeafWebhook(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 1, QPS: -1})
	hook := httptest.NewServer(http.NotFoundHandler())
	defer hook.Close()
	in.env = append(in.env, "CALLVAULT_NOTIFY_URL="+hook.URL+"/hush", "TENCENTCLOUD_SECRET_KEY=wrong")
	code, out, errs := in.callvault(t.Context(), "archive", "--quiet")
	if code != exitFailed || !strings.Contains(errs, "send notification: the webhook answers HTTP 404") || strings.Contains(out+errs, "hush") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

package traces_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/traces"
)

// TestFullQueue checks that spans which find the queue full are dropped and counted,
// and that nothing waits for them.
func TestFullQueue(t *testing.T) {
	answer := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-answer }))
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "10")
	tr, err := traces.New(t.Context(), "a run", "1")
	if err != nil {
		t.Fatal(err)
	}
	const all = 1000
	for range all {
		_, s := tr.Tracer().Start(t.Context(), "span")
		s.End()
	}
	close(answer)
	err = tr.Close(t.Context())
	if err == nil || !strings.Contains(err.Error(), "of 1000 spans were not sent") || !strings.Contains(err.Error(), "OTEL_BSP_MAX_QUEUE_SIZE") {
		t.Errorf("got %v", err)
	}
}

// TestRefusal checks that the answer of the collector is reported in one line.
func TestRefusal(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such\nproject "+strings.Repeat("x", 1000), http.StatusForbidden)
	}))
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	tr, err := traces.New(t.Context(), "a run", "1")
	if err != nil {
		t.Fatal(err)
	}
	_, s := tr.Tracer().Start(t.Context(), "span")
	s.End()
	err = tr.Close(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "traces: 1 of 1 spans were not sent") || !strings.Contains(err.Error(), "403 Forbidden") || len(err.Error()) > 400 || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

// TestSilence checks that Close does not wait for a collector longer than its context.
func TestSilence(t *testing.T) {
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer server.Close()
	defer close(over)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	tr, err := traces.New(t.Context(), "a run", "1")
	if err != nil {
		t.Fatal(err)
	}
	_, s := tr.Tracer().Start(t.Context(), "span")
	s.End()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := tr.Close(ctx); err == nil || !strings.Contains(err.Error(), "does not answer in time") || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

package traces_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/callvault/callvault/internal/span"
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
	tr, err := traces.New(t.Context(), "a run", "1", nil)
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
	tr, err := traces.New(t.Context(), "a run", "1", nil)
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
	tr, err := traces.New(t.Context(), "a run", "1", nil)
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

// TestTextsThatAreNotUTF8 checks that such a text keeps no span from being sent.
func TestTextsThatAreNotUTF8(t *testing.T) {
	var sent, keys atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		if r.Header.Get("api-key") == "it's secret" {
			keys.Add(1)
		}
	}))
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	tr, err := traces.New(t.Context(), "a run", "1", map[string]string{"api-key": "it's secret"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, root := tr.Tracer().Start(t.Context(), "run")
	_, s := span.Begin(ctx, "ask", attribute.String("callvault.room", "caf\xe9"), attribute.Int("n", 1))
	span.End(s, errors.New("room caf\xe9 is odd"))
	root.End()
	if err := tr.Close(t.Context()); err != nil || sent.Load() != 1 || keys.Load() != 1 {
		t.Errorf("%d requests, %d with the header: %v", sent.Load(), keys.Load(), err)
	}
}

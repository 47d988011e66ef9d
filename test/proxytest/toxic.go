package proxytest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Toxic is a proxy that disturbs the traffic. See toxiproxy for the toxics.
type Toxic struct{ proxy *toxiproxy.Proxy }

// NewToxic listens before upstream until the end of the test. At first it has no toxics.
func NewToxic(t testing.TB, upstream string) *Toxic {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(server, "clickhouse", "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return &Toxic{p}
}

// Addr returns the address for clients.
func (x *Toxic) Addr() string { return x.proxy.Listen }

// Add adds a toxic to all connections, present and future: its type
// (latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data), the
// stream it acts on (upstream: what the client sends; downstream) and its
// attributes.
func (x *Toxic) Add(t testing.TB, kind, stream string, attributes map[string]any) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"type": kind, "stream": stream, "toxicity": 1.0, "attributes": attributes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
		t.Fatal(err)
	}
}

// Clear removes all toxics, and closes the connections that they have disturbed.
func (x *Toxic) Clear(t testing.TB) {
	t.Helper()
	x.Move(t, x.proxy.Upstream)
	x.proxy.Toxics.ResetToxics(context.Background())
}

// Move ends all connections; new ones lead to upstream.
func (x *Toxic) Move(t testing.TB, upstream string) {
	t.Helper()
	x.proxy.Stop()
	x.proxy.Lock()
	x.proxy.Upstream = upstream
	x.proxy.Unlock()
	if err := x.proxy.Start(); err != nil {
		t.Fatal(err)
	}
}

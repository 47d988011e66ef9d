package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collected holds the spans that a collector got by OTLP over HTTP.
type collected struct {
	url string

	mu       sync.Mutex
	spans    []*trace.Span
	resource map[string]string
	keys     []string // values of the header api-key
	raw      bytes.Buffer
}

func newCollector(t *testing.T) *collected {
	t.Helper()
	c := &collected{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &sent)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		c.take(&sent, body, r.Header.Get("api-key"))
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collected) take(sent *collector.ExportTraceServiceRequest, body []byte, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, key)
	c.raw.Write(body)
	for _, of := range sent.ResourceSpans {
		c.resource = attributes(of.Resource.Attributes)
		for _, scope := range of.ScopeSpans {
			c.spans = append(c.spans, scope.Spans...)
		}
	}
}

// attributes are their values as text; numbers have no quotes.
func attributes(all []*common.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range all {
		switch v := kv.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			m[kv.Key] = v.StringValue
		default:
			m[kv.Key] = kv.Value.String()
		}
	}
	return m
}

// number returns a numeric attribute of a span, or 0 if it is missing.
func number(s *trace.Span, key string) int64 {
	for _, kv := range s.Attributes {
		if kv.Key == key {
			return kv.Value.GetIntValue()
		}
	}
	return 0
}

// named returns the spans with a name.
func (c *collected) named(name string) (found []*trace.Span) {
	for _, s := range c.spans {
		if s.Name == name {
			found = append(found, s)
		}
	}
	return found
}

// sum adds up an attribute of spans.
func sum(spans []*trace.Span, key string) (n int64) {
	for _, s := range spans {
		n += number(s, key)
	}
	return n
}

// tree checks that the spans are one trace with one root, and returns the paths of names
// from the root.
func (c *collected) tree(t *testing.T) (root *trace.Span, paths map[string]int) {
	t.Helper()
	by := map[string]*trace.Span{}
	for _, s := range c.spans {
		by[string(s.SpanId)] = s
		if len(s.ParentSpanId) == 0 {
			if root != nil {
				t.Fatalf("two roots: %s and %s", root.Name, s.Name)
			}
			root = s
		}
	}
	if root == nil {
		t.Fatalf("no root among %d spans", len(c.spans))
	}
	paths = map[string]int{}
	for _, s := range c.spans {
		if !bytes.Equal(s.TraceId, root.TraceId) {
			t.Fatalf("%s is of another trace", s.Name)
		}
		paths[c.path(t, by, s)]++
	}
	return root, paths
}

func (c *collected) path(t *testing.T, by map[string]*trace.Span, s *trace.Span) string {
	t.Helper()
	path := s.Name
	for len(s.ParentSpanId) > 0 {
		parent := by[string(s.ParentSpanId)]
		if parent == nil {
			t.Fatalf("the parent of %s is missing", path)
		}
		if parent.StartTimeUnixNano > s.StartTimeUnixNano {
			t.Errorf("%s begins before its parent %s", path, parent.Name)
		}
		s, path = parent, parent.Name+"/"+path
	}
	return path
}

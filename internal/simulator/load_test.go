package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// BenchmarkNew plans 100,000 calls.
func BenchmarkNew(b *testing.B) {
	var before, after runtime.MemStats
	var s *Simulator
	for b.Loop() {
		s = nil
		runtime.GC()
		runtime.ReadMemStats(&before)
		s, _ = New(Options{Calls: 100_000, Apps: []uint32{1, 2, 3}})
		runtime.GC()
		runtime.ReadMemStats(&after)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-kept")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB-allocated")
	runtime.KeepAlive(s)
}

// BenchmarkSmallCalls serves the series of calls of two users out of 100,000 calls, each
// another, with signature and search.
func BenchmarkSmallCalls(b *testing.B) {
	c := newClient(&testing.T{}, Options{Calls: 100_000, Mix: MixOneToOne, Now: func() time.Time { return fixed }})
	calls, i, bytes := c.s.calls[DefaultApp], 0, int64(0)
	for b.Loop() {
		x := &calls[i%len(calls)]
		i += 7
		params := about(x, min(3600, x.end-x.start))
		params["DataType"] = []string{"all"}
		body, _ := json.Marshal(params)
		c.s.ServeHTTP(discard{http.Header{}, counter{&bytes}}, c.request(detail, body))
	}
	b.ReportMetric(float64(bytes)/b.Elapsed().Seconds()/1e6, "MB/s")
}

// BenchmarkOverLoopback reads the series of a busy call and discards them. Client and
// server share the cores.
func BenchmarkOverLoopback(b *testing.B) {
	c := newClient(&testing.T{}, Options{Calls: 26})
	server := httptest.NewServer(c.s)
	defer server.Close()
	var x *call
	for i := range c.s.calls[DefaultApp] {
		if c.s.calls[DefaultApp][i].shape == busy {
			x = &c.s.calls[DefaultApp][i]
		}
	}
	params := about(x, x.end-x.start)
	params["DataType"] = []string{"all"}
	body, _ := json.Marshal(params)
	for b.Loop() {
		r := c.request(detail, body)
		r.RequestURI, r.URL.Host = "", strings.TrimPrefix(server.URL, "http://")
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			b.Fatal(err)
		}
		n, _ := io.Copy(io.Discard, response.Body)
		response.Body.Close()
		b.SetBytes(n)
	}
}

// counter counts what is written.
type counter struct{ n *int64 }

func (c counter) Write(p []byte) (int, error) {
	*c.n += int64(len(p))
	return len(p), nil
}

package quota_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callvault/callvault/extract/quota"
)

// A server with 300 ms latency counts, over real connections in real time. The server makes
// the latency; no test sleeps.
func TestServerNeverSeesMore(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 8 s")
	}
	t.Parallel()
	var arrived log
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.add(time.Now())
		time.Sleep(300 * time.Millisecond)
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()

	late := stalls(t)
	l := quota.New(quota.Options{})
	var wire log
	queued(12, 8*time.Second, func(ctx context.Context) error {
		pass, err := l.Enter(ctx, action, 0, 0)
		if err != nil {
			return err
		}
		defer pass.Done()
		return get(client, server.URL, func() { wire.add(time.Now()); pass.Sent() })
	})

	at := arrived.at
	perSecond := float64(len(at)-1) / at[len(at)-1].Sub(at[0]).Seconds()
	stall := time.Duration(late.Load())
	t.Logf("%d arrivals, %.2f a second, %d at most in any second; this machine is up to %v late", len(at), perSecond, peak(at, time.Second), stall)
	if n := peak(wire.at, time.Second); n > 20 {
		t.Errorf("%d requests on the wire within a second", n)
	}
	// The server counts the same, within the guard, unless the machine delays either side
	// for longer than that.
	if n := peak(at, time.Second); n > 20 && stall < 15*time.Millisecond {
		t.Errorf("the server saw %d requests within a second", n)
	}
	if least := 0.97 * 20 * (1 - stall.Seconds()/8); perSecond < least {
		t.Errorf("%.2f requests a second, want at least %.2f", perSecond, least)
	}
}

func get(client *http.Client, url string, sent func()) error {
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { sent() }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return cmp.Or(err, resp.Body.Close())
}

// stalls measures, until the test ends, how late this machine runs a due task at most.
func stalls(t *testing.T) *atomic.Int64 {
	var worst atomic.Int64
	const each = 2 * time.Millisecond
	ticker := time.NewTicker(each)
	done := make(chan struct{})
	t.Cleanup(func() { ticker.Stop(); close(done) })
	go func() {
		last := time.Now()
		for {
			select {
			case <-ticker.C:
				worst.Store(max(worst.Load(), int64(time.Since(last)-each)))
				last = time.Now()
			case <-done:
				return
			}
		}
	}()
	return &worst
}

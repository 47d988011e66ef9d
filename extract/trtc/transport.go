package trtc

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/callvault/callvault/internal/recycle"
)

// smallBody is the size up to which the SDK sees a body itself, to look for an
// error in it. The vendor's errors are a few hundred bytes; a larger body is
// data, which the SDK would read three times over.
const smallBody = 64 << 10

// exchange receives the body of one request, through its context.
type exchange struct{ body []byte }

type exchangeKey struct{}

// transport keeps each response's body for the caller and shows the SDK no
// more of it than it needs.
type transport struct {
	next   http.RoundTripper
	bodies bodies
}

func newTransport(o Options) transport {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 60 * time.Second,
		DisableCompression:    true, // unpacking costs more than decoding
	}
	if o.Dial != nil {
		t.Proxy, t.DialContext = nil, o.Dial
	}
	return transport{t, bodies{recycle.NewPool[[]byte](o.Spare)}}
}

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := t.bodies.read(resp)
	if err != nil {
		return nil, &Error{Code: CodeNetwork, Message: oneLine("read response: " + err.Error()), Kind: Retryable, Cause: err}
	}
	if err := notAPI(resp, body); err != nil {
		return nil, err
	}
	if x, ok := req.Context().Value(exchangeKey{}).(*exchange); ok {
		x.body = body
	}
	shown := body
	if len(body) > smallBody {
		shown = []byte(`{"Response":{}}`)
	}
	resp.Body = io.NopCloser(bytes.NewReader(shown))
	resp.ContentLength = int64(len(shown))
	return resp, nil
}

// notAPI tells a gateway's page or a server's failure from the API, whose
// answers and errors are JSON objects under HTTP 200.
func notAPI(resp *http.Response, body []byte) error {
	object := bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{"))
	if resp.StatusCode == http.StatusOK && object {
		return nil
	}
	kind := Retryable
	if s := resp.StatusCode; s >= 400 && s < 500 && s != http.StatusTooManyRequests && s != http.StatusRequestTimeout {
		kind = Permanent
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		kind = Quota
	}
	return &Error{
		Code:    CodeHTTP,
		Message: fmt.Sprintf("%s answered HTTP %d, %q, not the API", resp.Request.URL.Host, resp.StatusCode, oneLine(string(body[:min(len(body), 80)]))),
		Kind:    kind,
	}
}

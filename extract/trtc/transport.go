package trtc

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callvault/callvault/extract/privacy"
	"github.com/callvault/callvault/internal/recycle"
)

// smallAnswer is the size up to which the client looks for the vendor's errors in a body.
// They have a few hundred bytes. A larger body is data, in which the decoder finds an
// error.
const smallAnswer = 64 << 10

// exchange receives the body of one request, through the request's context.
type exchange struct {
	edge      *privacy.Exchange // what the body passes through
	body      *body
	connected atomic.Bool
}

type exchangeKey struct{}

// transport keeps each response's body for the caller and shows the SDK, which only signs,
// an empty one.
type transport struct {
	next   *http.Transport
	bodies bodies
}

// timeouts bound one request.
type timeouts struct {
	head  time.Duration // from sending until the answer begins
	whole time.Duration // for the whole request
}

const (
	headTimeout = 60 * time.Second
	// wholeTimeout is long enough for a body of 23 MB, the largest within the vendor's
	// limits.
	wholeTimeout = 120 * time.Second
)

func newTransport(o Options) transport {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: o.timeouts.head,
		DisableCompression:    true, // unpacking costs more than decoding
		TLSClientConfig:       o.TLS,
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			return proxyRefusal(proxy.Host, resp.Status)
		},
	}
	if o.Dial != nil {
		t.Proxy, t.DialContext = nil, o.Dial
	}
	return transport{t, bodies{recycle.NewPool[[]byte](o.Spare), o.MaxBody, o.Memory}}
}

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("a request that is not Do's")
	}
	resp, err := t.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { x.connected.Store(true) },
	})))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusProxyAuthRequired {
		resp.Body.Close()
		return nil, proxyRefusal(t.proxyOf(req), resp.Status)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, x.refusal(resp, page(resp, x.edge))
	}
	b, err := t.bodies.read(ctx, resp, x.edge)
	if err == nil {
		err = x.look(resp, b)
	}
	if err != nil {
		t.bodies.giveBack(b)
		return nil, t.unread(err)
	}
	x.body = b
	return nothing(resp), nil
}

// proxyOf returns the host of the proxy of a request, or "".
func (t transport) proxyOf(req *http.Request) string {
	if t.next.Proxy == nil {
		return ""
	}
	if proxy, _ := t.next.Proxy(req); proxy != nil {
		return proxy.Host
	}
	return ""
}

// proxyRefusal returns the error of an answer by a proxy in the vendor's place.
func proxyRefusal(proxy, status string) *Error {
	e := &Error{Action: "proxy", Code: CodeNetwork, Message: oneLine(fmt.Sprintf("the proxy %s answers %s", proxy, status)), Kind: Retryable}
	if strings.HasPrefix(status, strconv.Itoa(http.StatusProxyAuthRequired)) {
		e.Code, e.Kind = CodeProxy, Denied
	}
	return e
}

// look returns why a body is not an answer, or nil.
func (x *exchange) look(resp *http.Response, b *body) error {
	if !object(b.bytes) {
		return x.refusal(resp, b.bytes)
	}
	if len(b.bytes) <= smallAnswer {
		return vendorError(resp, b.bytes)
	}
	return nil
}

// unread returns why a body could not be read.
func (t transport) unread(err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	if errors.Is(err, errTooLarge) {
		return &Error{Code: CodeTooLarge, Message: "the answer is larger than " + megabytes(t.bodies.most), Kind: TooLarge, Cause: err}
	}
	return &Error{Code: CodeNetwork, Message: oneLine("read response: " + err.Error()), Kind: Retryable, Cause: err}
}

// nothing returns a response without data.
func nothing(resp *http.Response) *http.Response {
	const empty = `{"Response":{}}`
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: resp.Proto, ProtoMajor: resp.ProtoMajor, ProtoMinor: resp.ProtoMinor,
		Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(empty))), ContentLength: int64(len(empty)), Request: resp.Request,
	}
}

// errWhole ends a request that takes too long.
var errWhole = errors.New("no whole answer in time")

// failure returns the Error of a request that was not answered. ctx is the request's own
// context.
func (c *Client) failure(ctx context.Context, x *exchange, action string, err error) *Error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &Error{Code: cmp.Or(certificateCode(err), CodeNetwork), Message: oneLine(rootText(err)), Cause: err}
		if e.Kind = meaning(e.Code).kind; e.Kind == Denied {
			e.Cause = nil // it is not a passing fault of the network
		}
	}
	e.Action = action
	if e.Code != CodeNetwork || !x.connected.Load() || errors.Is(err, errMemory) {
		return e
	}
	switch ends := context.Cause(ctx) == errWhole; {
	case ends:
		e.Timeout, e.Message = true, fmt.Sprintf("ask %s: no whole answer within %v", c.host, c.timeouts.whole)
	case headLate(err):
		e.Timeout, e.Message = true, fmt.Sprintf("ask %s: no answer within %v", c.host, c.timeouts.head)
	}
	return e
}

// certificateCode returns the code of what is wrong with a certificate, or "".
func certificateCode(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return CodeAuthority
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return CodeServerName
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return CodeExpired
	}
	if text := err.Error(); strings.Contains(text, "remote error: tls:") && strings.Contains(text, "certificate") {
		return CodeClientCertificate
	}
	return ""
}

// headLate reports whether an answer did not begin in time, rather than that the network
// lost the connection.
func headLate(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	_, network := errors.AsType[*net.OpError](err)
	return ok && timeout.Timeout() && !network
}

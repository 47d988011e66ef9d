package trtc

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"github.com/callvault/callvault/extract/privacy"
)

const (
	service = "trtc"
	version = "2019-07-22"
)

// Options are the settings of a Client: whose data to ask for, and where.
type Options struct {
	Credential common.CredentialIface
	Region     string // such as ap-singapore
	Endpoint   string // scheme and host, such as https://trtc.tencentcloudapi.com
	// Spare is the number of bytes of recycled bodies that are kept for reuse.
	Spare int
	// MaxBody is the largest answer that is read, in bytes. 0 and larger values mean the
	// constant MaxBody.
	MaxBody int
	// Memory bounds the memory of all answers together (MaxBody). The clients of a process
	// share one.
	Memory *Memory
	// Privacy is what answers and requests pass through; nil: they pass as they are.
	Privacy *privacy.Edge
	// TLS has settings for an https endpoint; nil: the usual ones.
	TLS *tls.Config
	// Dial, if set, connects to the endpoint, whether or not a proxy is configured.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	timeouts timeouts // zero: the usual ones
}

// Client sends single requests. It is safe for concurrent use.
type Client struct {
	region string
	host   string
	client *common.Client
	bodies bodies

	privacy   *privacy.Edge
	transport transport
	timeouts  timeouts
}

// New returns a client. It sends nothing.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("endpoint %q is not a URL such as https://trtc.tencentcloudapi.com", o.Endpoint)
	}
	if o.Memory == nil {
		o.Memory = NewMemory(MaxBody)
	}
	if o.MaxBody <= 0 || o.MaxBody > MaxBody {
		o.MaxBody = MaxBody
	}
	o.timeouts.head = cmp.Or(o.timeouts.head, headTimeout)
	o.timeouts.whole = cmp.Or(o.timeouts.whole, wholeTimeout)
	p := profile.NewClientProfile()
	p.Language = "en-US"
	p.HttpProfile.Scheme = strings.ToUpper(u.Scheme)
	p.HttpProfile.Endpoint = u.Host
	p.HttpProfile.ReqTimeout = 0 // Do has a timeout of its own
	c := common.NewCommonClient(o.Credential, o.Region, p)
	t := newTransport(o)
	c.WithHttpTransport(t)
	return &Client{region: o.Region, host: u.Host, client: c, bodies: t.bodies, privacy: o.Privacy, transport: t, timeouts: o.timeouts}, nil
}

// Region returns the region of requests that name none.
func (c *Client) Region() string { return c.region }

// Response is the whole body of a successful answer.
type Response struct {
	Action string
	Body   []byte
	// Recycle returns the body for reuse. After it nobody may read the body. It may be
	// called once, and need not be called.
	Recycle func()
}

// Do sends r once, to region ("" for the client's own). The error is an *Error, or the
// context's error if the context has ended.
func (c *Client) Do(ctx context.Context, r Request, region string) (Response, error) {
	named, edge, err := r.named(c.privacy)
	if err != nil {
		return Response{}, err
	}
	x := &exchange{edge: edge}
	timed, cancel := context.WithTimeoutCause(ctx, c.timeouts.whole, errWhole)
	defer cancel()
	req := &sdkRequest{BaseRequest: &tchttp.BaseRequest{}, params: named}
	req.Init().WithApiInfo(service, version, r.Action)
	req.SetContext(context.WithValue(timed, exchangeKey{}, x))
	if region != "" && region != c.region {
		req.SetHeader(map[string]string{"X-TC-Region": region})
	}
	err = c.client.Send(req, &sdkResponse{})
	if err == nil && x.body == nil {
		err = errors.New("the SDK has sent no request")
	}
	if err == nil && ctx.Err() == nil {
		return Response{Action: r.Action, Body: x.body.bytes, Recycle: func() { c.bodies.giveBack(x.body) }}, nil
	}
	if x.body != nil {
		c.bodies.giveBack(x.body)
	}
	if ctx.Err() != nil {
		return Response{}, context.Cause(ctx)
	}
	return Response{}, c.failure(timed, x, r.Action, err)
}

// Nameless is the error of a request that names somebody whom no answer has named; nil: it
// does not.
func (c *Client) Nameless(r Request) error {
	_, _, err := r.named(c.privacy)
	return err
}

// Reach sends one unsigned request that asks for nothing. It returns the endpoint's time,
// or the zero time, and the proxy on the way, or "".
func (c *Client) Reach(ctx context.Context, endpoint string) (date time.Time, proxy string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, endpoint, nil)
	if err != nil {
		return date, "", err
	}
	proxy = c.transport.proxyOf(req)
	resp, err := c.transport.next.RoundTrip(req)
	if err != nil {
		return date, proxy, c.failure(ctx, &exchange{}, "reach", &url.Error{Op: "Head", URL: endpoint, Err: err})
	}
	resp.Body.Close()
	if resp.StatusCode == http.StatusProxyAuthRequired {
		return date, proxy, proxyRefusal(proxy, resp.Status)
	}
	date, _ = http.ParseTime(resp.Header.Get("Date"))
	return date, proxy, nil
}

type sdkRequest struct {
	*tchttp.BaseRequest `json:"-"`
	*params
}

// MarshalJSON leaves out the fields of the SDK's base request.
func (r *sdkRequest) MarshalJSON() ([]byte, error) { return Request{params: r.params}.JSON() }

type sdkResponse struct{ tchttp.BaseResponse }

// rootText returns the text of a network error without the SDK's wrapping.
func rootText(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Sprintf("ask %s: %s", hostOf(e.URL), strings.TrimPrefix(e.Err.Error(), "readLoopPeekFailLocked: "))
	}
	return err.Error()
}

func hostOf(rawURL string) string {
	if u, err := url.Parse(rawURL); err == nil {
		return u.Host
	}
	return rawURL
}

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

// Options say whose data to ask for and where.
type Options struct {
	Credential common.CredentialIface
	Region     string // such as ap-singapore
	Endpoint   string // scheme and host, such as https://trtc.tencentcloudapi.com
	// Spare is how many bytes of bodies that were recycled are kept for those
	// to come.
	Spare int
	// MaxBody is the largest answer that is read, in bytes; 0, and whatever is
	// more, is the constant of that name.
	MaxBody int
	// Memory bounds all answers together (MaxBody); clients of a process share one.
	Memory *Memory
	// Privacy is what answers and requests pass through; nil: they pass as they are.
	Privacy *privacy.Edge
	// TLS is for an endpoint of https; nil: as usual.
	TLS *tls.Config
	// Dial, if set, connects to the endpoint, whatever proxy there is.
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

// New makes a client; it does not ask anything yet.
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
	p.HttpProfile.ReqTimeout = 0 // Do has its own
	c := common.NewCommonClient(o.Credential, o.Region, p)
	t := newTransport(o)
	c.WithHttpTransport(t)
	return &Client{region: o.Region, host: u.Host, client: c, bodies: t.bodies, privacy: o.Privacy, transport: t, timeouts: o.timeouts}, nil
}

// Region is the region asked unless a request names another.
func (c *Client) Region() string { return c.region }

// Response is the whole body of a successful answer.
type Response struct {
	Action string
	Body   []byte
	// Recycle gives the body back, which must not be looked at any more, to be
	// called once at most; it need not be.
	Recycle func()
}

// Do sends r once, to region ("" for the client's own). Every failure is an
// *Error, or the context's error when that has ended.
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
		err = errors.New("the SDK has not asked")
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

// Reach asks the endpoint for nothing in particular, unsigned. It returns what time it is
// there, or the zero time, and the proxy that was asked through, or "".
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

// MarshalJSON leaves out what the SDK's base request embeds.
func (r *sdkRequest) MarshalJSON() ([]byte, error) { return Request{params: r.params}.JSON() }

type sdkResponse struct{ tchttp.BaseResponse }

// rootText tells a network failure without the SDK's wrapping.
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

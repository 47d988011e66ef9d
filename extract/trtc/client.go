package trtc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tcerr "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

const (
	service = "trtc"
	version = "2019-07-22"

	// requestTimeout bounds one request with its body, which holds 23 MB at
	// the most the limits allow.
	requestTimeout = 120 * time.Second
)

// Options say whose data to ask for and where.
type Options struct {
	Credential common.CredentialIface
	Region     string // such as ap-singapore
	Endpoint   string // scheme and host, such as https://trtc.tencentcloudapi.com
	// Spare is how many bytes of bodies that were recycled are kept for those
	// to come.
	Spare int
	// Dial, if set, connects to the endpoint, whatever proxy there is.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client sends single requests. It is safe for concurrent use.
type Client struct {
	region string
	client *common.Client
	bodies bodies
}

// New makes a client; it does not ask anything yet.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("endpoint %q is not a URL such as https://trtc.tencentcloudapi.com", o.Endpoint)
	}
	p := profile.NewClientProfile()
	p.Language = "en-US"
	p.HttpProfile.Scheme = strings.ToUpper(u.Scheme)
	p.HttpProfile.Endpoint = u.Host
	p.HttpProfile.ReqTimeout = int(requestTimeout / time.Second)
	c := common.NewCommonClient(o.Credential, o.Region, p)
	t := newTransport(o)
	c.WithHttpTransport(t)
	return &Client{region: o.Region, client: c, bodies: t.bodies}, nil
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
	x := &exchange{}
	req := &sdkRequest{BaseRequest: &tchttp.BaseRequest{}, params: r.params}
	req.Init().WithApiInfo(service, version, r.Action)
	req.SetContext(context.WithValue(ctx, exchangeKey{}, x))
	if region != "" && region != c.region {
		req.SetHeader(map[string]string{"X-TC-Region": region})
	}
	err := c.client.Send(req, &sdkResponse{})
	if ctx.Err() != nil {
		return Response{}, context.Cause(ctx)
	}
	if err != nil {
		return Response{}, translate(r.Action, err)
	}
	return Response{Action: r.Action, Body: x.body, Recycle: func() { c.bodies.giveBack(x.body) }}, nil
}

type sdkRequest struct {
	*tchttp.BaseRequest `json:"-"`
	*params
}

// MarshalJSON leaves out what the SDK's base request embeds.
func (r *sdkRequest) MarshalJSON() ([]byte, error) { return Request{params: r.params}.JSON() }

type sdkResponse struct{ tchttp.BaseResponse }

// translate turns what the SDK returns into an *Error.
func translate(action string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Action = action
		return e
	}
	if e, ok := errors.AsType[*tcerr.TencentCloudSDKError](err); ok && !strings.HasPrefix(e.Code, "ClientError.") {
		return NewError(action, e.Code, e.Message, e.RequestId)
	}
	if e, ok := errors.AsType[*tcerr.TencentCloudSDKError](err); ok && e.Code == "ClientError.ParseJsonError" { // its text quotes the body
		return &Error{Action: action, Code: CodeHTTP, Message: "the answer breaks off, or is no JSON", Kind: Retryable, Cause: err}
	}
	return &Error{Action: action, Code: CodeNetwork, Message: oneLine(rootText(err)), Kind: Retryable, Cause: err}
}

// rootText tells a network failure without the SDK's wrapping.
func rootText(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Sprintf("ask %s: %v", hostOf(e.URL), e.Err)
	}
	return err.Error()
}

func hostOf(rawURL string) string {
	if u, err := url.Parse(rawURL); err == nil {
		return u.Host
	}
	return rawURL
}

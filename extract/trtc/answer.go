package trtc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// object reports whether a body may be an answer of the API, which is a JSON object.
func object(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{"))
}

// envelope is the form of the vendor's errors: that of API 3.0, or that of its gateway
// before.
type envelope struct {
	Response struct {
		Error     *struct{ Code, Message string }
		RequestId string
	}
	CodeDesc string `json:"codeDesc"`
	Message  string `json:"message"`
}

// vendorError returns the vendor's error in a body, or nil. A body that cannot be read here
// is left to the decoder.
func vendorError(resp *http.Response, body []byte) error {
	if !bytes.Contains(body, []byte(`"Error"`)) && !bytes.Contains(body, []byte(`"codeDesc"`)) {
		return nil
	}
	var r envelope
	if err := json.Unmarshal(body, &r); err != nil {
		if _, odd := errors.AsType[*json.UnmarshalTypeError](err); !odd { // which has decoded everything else
			return nil
		}
	}
	var e *Error
	switch {
	case r.Response.Error != nil && r.Response.Error.Code != "":
		e = NewError("", r.Response.Error.Code, r.Response.Error.Message, r.Response.RequestId)
	case r.Response.Error == nil && r.CodeDesc != "" && r.CodeDesc != "Success":
		e = NewError("", r.CodeDesc, r.Message, "")
	default:
		return nil
	}
	e.After = retryAfter(resp.Header, time.Now())
	return e
}

// refusal returns the error of a response that is not the API's, such as a gateway's page
// or a server's failure. The API's answers and errors are JSON objects under HTTP 200.
func (x *exchange) refusal(resp *http.Response, body []byte) error {
	if err := vendorError(resp, body); err != nil {
		return err
	}
	e := &Error{Code: CodeHTTP, Kind: kindOfStatus(resp.StatusCode), After: retryAfter(resp.Header, time.Now())}
	what := "not the API"
	if e.Kind == Quota {
		what = "and asks to slow down"
	}
	text := quote([]byte(x.edge.Words(string(body))))
	if len(body) > 0 && len(bytes.TrimSpace(body)) == 0 {
		text = "white space"
	}
	e.Message = fmt.Sprintf("%s answered HTTP %d, %s, %s", resp.Request.URL.Host, resp.StatusCode, text, what)
	return e
}

func kindOfStatus(status int) Kind {
	switch {
	case status == http.StatusTooManyRequests:
		return Quota
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return Retryable
	case status >= 400 && status < 500:
		return Permanent
	}
	return Retryable
}

// mostAfter is the longest time for which a server can ask to wait.
const mostAfter = 10 * time.Minute

// retryAfter returns how long a server asks to wait from now on. The header has seconds or
// a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value != "" && strings.Trim(value, "0123456789") == "" {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || n > int64(mostAfter/time.Second) {
			return mostAfter
		}
		return time.Duration(n) * time.Second
	}
	then, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(then.Sub(now), 0), mostAfter)
}

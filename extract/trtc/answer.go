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

// object says that a body may be an answer of the API, which is a JSON object.
func object(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{"))
}

// envelope is what an error of the vendor's may look like: as API 3.0 has it, or as
// its gateway did before.
type envelope struct {
	Response struct {
		Error     *struct{ Code, Message string }
		RequestId string
	}
	CodeDesc string `json:"codeDesc"`
	Message  string `json:"message"`
}

// vendorError finds an error in a body, or returns nil: what cannot be read
// here is for who decodes it.
func vendorError(resp *http.Response, body []byte) error {
	if !bytes.Contains(body, []byte(`"Error"`)) && !bytes.Contains(body, []byte(`"codeDesc"`)) {
		return nil
	}
	var r envelope
	if err := json.Unmarshal(body, &r); err != nil {
		if _, odd := errors.AsType[*json.UnmarshalTypeError](err); !odd { // which has left the rest as it is
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

// refusal tells a gateway's page or a server's failure from the API, whose
// answers and errors are JSON objects under HTTP 200.
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

// mostAfter is the longest that a server can ask to wait.
const mostAfter = 10 * time.Minute

// retryAfter is how long a server asks to wait from now on, in seconds or until
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

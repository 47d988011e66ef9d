package simulator

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// client is a client for tests. It signs and decodes by itself, so that it does not
// share a mistake with the simulator.
type client struct {
	t          *testing.T
	s          *Simulator
	region     string
	edit       func(*http.Request) // after signing
	signedHost string              // in place of the host of the request
	serve      http.HandlerFunc    // in place of the simulator
}

// do sends a request.
func (c *client) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	if c.serve != nil {
		c.serve(w, r)
	} else {
		c.s.ServeHTTP(w, r)
	}
	return w
}

// fixed is an instant in the middle of a Beijing day.
var fixed = time.Date(2026, 5, 20, 9, 30, 12, 0, time.UTC)

func newClient(t *testing.T, options Options) *client {
	t.Helper()
	if options.Now == nil {
		options.Now = func() time.Time { return fixed }
	}
	if options.QPS == 0 {
		options.QPS = -1
	}
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, s: s, region: "ap-guangzhou"}
}

type object = map[string]any

// request builds a signed POST with a JSON body, following the vendor's page on TC3.
func (c *client) request(action string, body []byte) *http.Request {
	r := httptest.NewRequest("POST", "http://127.0.0.1:8199/", bytes.NewReader(body))
	at, host := time.Now(), cmp.Or(c.signedHost, r.Host)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-TC-Action", action)
	r.Header.Set("X-TC-Version", "2019-07-22")
	r.Header.Set("X-TC-Region", c.region)
	r.Header.Set("X-TC-Language", "en-US")
	r.Header.Set("X-TC-Timestamp", strconv.FormatInt(at.Unix(), 10))
	canonical := fmt.Sprintf("POST\n/\n\ncontent-type:application/json\nhost:%s\n\ncontent-type;host\n%x", host, sha256.Sum256(body))
	date := at.UTC().Format("2006-01-02")
	toSign := fmt.Sprintf("TC3-HMAC-SHA256\n%d\n%s/trtc/tc3_request\n%x", at.Unix(), date, sha256.Sum256([]byte(canonical)))
	key := []byte("TC3" + c.s.SecretKey())
	for _, part := range []string{date, "trtc", "tc3_request", toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	r.Header.Set("Authorization", fmt.Sprintf(
		"TC3-HMAC-SHA256 Credential=%s/%s/trtc/tc3_request, SignedHeaders=content-type;host, Signature=%s",
		c.s.SecretID(), date, hex.EncodeToString(key)))
	if c.edit != nil {
		c.edit(r)
	}
	return r
}

// send sends a request and returns "Response".
func (c *client) send(r *http.Request) object {
	c.t.Helper()
	w := c.do(r)
	if w.Code != http.StatusOK {
		c.t.Fatalf("status %d, want 200 for every answer", w.Code)
	}
	var answer struct{ Response object }
	decoder := json.NewDecoder(w.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		c.t.Fatalf("decode answer: %v", err)
	}
	if id, _ := answer.Response["RequestId"].(string); len(id) != 36 || strings.Count(id, "-") != 4 || id[14] != '4' {
		c.t.Fatalf("RequestId %q is no UUID", id)
	}
	return answer.Response
}

func (c *client) call(action string, params object) object {
	c.t.Helper()
	body, err := json.Marshal(params)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.send(c.request(action, body))
}

// must returns call for requests that must succeed.
func (c *client) must(action string, params object) object {
	c.t.Helper()
	answer := c.call(action, params)
	if code, message := errorOf(answer); code != "" {
		c.t.Fatalf("%s %v: %s: %s", action, params, code, message)
	}
	return answer
}

func errorOf(answer object) (code, message string) {
	failure, _ := answer["Error"].(object)
	code, _ = failure["Code"].(string)
	message, _ = failure["Message"].(string)
	return code, message
}

// rows returns a list of objects, empty for null.
func rows(list any) []object {
	items, _ := list.([]any)
	out := make([]object, len(items))
	for i := range items {
		out[i], _ = items[i].(object)
	}
	return out
}

func integer(v any) int64 {
	n, _ := v.(json.Number)
	i, _ := n.Int64()
	return i
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

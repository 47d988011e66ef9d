package trtc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
)

// client asks a server that answers with handle.
func client(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	c, err := New(Options{Credential: common.NewTokenCredential("id", "the-key", "tok"), Region: "ap-singapore", Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reply(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

func roomList() Request { return Current().Rooms(seedApp, seedWindow, "", 0, MaxPageSize) }

func TestSentAsSigned(t *testing.T) {
	var head http.Header
	var body string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		head, body = r.Header, r.Method+" "+r.URL.String()+" "+string(b)
		io.WriteString(w, `{"Response":{"Total":0,"RoomList":[],"RequestId":"r"}}`)
	})
	resp, err := c.Do(t.Context(), roomList(), "ap-guangzhou")
	if err != nil {
		t.Fatal(err)
	}
	if string(resp.Body) != `{"Response":{"Total":0,"RoomList":[],"RequestId":"r"}}` {
		t.Errorf("body %s", resp.Body)
	}
	want, _ := roomList().JSON()
	if body != "POST / "+string(want) {
		t.Errorf("sent %s", body)
	}
	for k, v := range map[string]string{
		"X-TC-Action": "DescribeRoomInfo", "X-TC-Version": "2019-07-22", "X-TC-Region": "ap-guangzhou",
		"X-TC-Language": "en-US", "X-TC-Token": "tok", "Content-Type": "application/json",
	} {
		if head.Get(k) != v {
			t.Errorf("%s: %q, want %q", k, head.Get(k), v)
		}
	}
	if a := head.Get("Authorization"); !strings.HasPrefix(a, "TC3-HMAC-SHA256 Credential=id/") {
		t.Errorf("Authorization %q", a)
	}
}

func TestLargeBodyComesWhole(t *testing.T) {
	body := `{"Response":{"RoomList":[],"Filler":"` + strings.Repeat("x", 1<<20) + `"}}`
	resp, err := client(t, reply(body)).Do(t.Context(), roomList(), "")
	if err != nil || string(resp.Body) != body {
		t.Errorf("%d bytes, err %v", len(resp.Body), err)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		handle http.HandlerFunc
		kind   Kind
		text   string
	}{
		{"vendor's", reply(`{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":"The signature is\nwrong."},"RequestId":"req-1"}}`),
			Denied, "DescribeRoomInfo: AuthFailure.SignatureFailure: The signature is wrong. (RequestId req-1)"},
		{"quota", reply(`{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"slower"},"RequestId":"req-2"}}`),
			Quota, "DescribeRoomInfo: RequestLimitExceeded: slower (RequestId req-2)"},
		{"gateway page", reply("<html><body>502 Bad Gateway</body></html>"), Retryable, "answered HTTP 200, \"<html><body>502 Bad Gateway</body></html>\", not the API"},
		{"status", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "overloaded", 503) }, Retryable, `answered HTTP 503, "overloaded", not the API`},
		{"not found", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 404) }, Permanent, "HTTP 404"},
		{"empty", reply(""), Retryable, "not the API"},
		{"error cut off", reply(`{"Response":{"Error":{"Code":"InternalError"`), -1, ""},
		{"cut JSON", reply(`{"Response":{"RoomList":[`), -1, ""},
		{"no number", reply(`{"Response":{"Total":NaN,"RequestId":7,"Data":[{"UserId":1e400,"PeerId":"Error"}]}}`), -1, ""},
		{"error with odd neighbours", reply(`{"Response":{"RequestId":7,"Error":{"Code":"InternalError.DBError","Message":"m"},"Total":"x"}}`), Retryable, "InternalError.DBError: m"},
		{"error without a code", reply(`{"Response":{"Error":{},"RequestId":"r"}}`), -1, ""},
		{"null error", reply(`{"Response":{"Error":null,"RequestId":"r"}}`), -1, ""},
		{"gateway of old", reply(`{"code":4400,"message":"slow","codeDesc":"RequestLimitExceeded"}`), Quota, "RequestLimitExceeded: slow"},
		{"success of old", reply(`{"code":0,"message":"","codeDesc":"Success"}`), -1, ""},
		{"error with a status", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(403)
			io.WriteString(w, `{"Response":{"Error":{"Code":"AuthFailure.SecretIdNotFound","Message":"m"},"RequestId":"r"}}`)
		}, Denied, "AuthFailure.SecretIdNotFound: m (RequestId r)"},
		{"too many", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "easy", 429) }, Quota, `answered HTTP 429, "easy", and asks to slow down`},
		{"terminal", reply(`{"Response":{"Error":{"Code":"Internal\u001b[2JError\u2028","Message":"a\u0007b\u009bc\u202ed\u0000\u2029e"},"RequestId":"r\u001b"}}`),
			Permanent, "DescribeRoomInfo: Internal [2JError: a b c d e (RequestId r)"},
		{"binary", reply("\x00\x01\x02"), Retryable, "answered HTTP 200, binary, not the API"},
		{"letters cut", reply(strings.Repeat("é", 50) + "!"), Retryable, strings.Repeat("é", 40) + `", not`},
		{"letter cut in two", reply("x" + strings.Repeat("é", 50)), Retryable, "x" + strings.Repeat("é", 39) + `", not`},
		{"cut in the middle", cutReply, Retryable, CodeNetwork},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, err := client(t, c.handle).Do(t.Context(), roomList(), "")
			if c.kind < 0 { // the decoder judges the body
				if err != nil || len(resp.Body) == 0 {
					t.Errorf("body %s, error %v", resp.Body, err)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if e.Kind != c.kind || !strings.Contains(e.Error(), c.text) {
				t.Errorf("kind %d, %s\nwant %d, %s", e.Kind, e, c.kind, c.text)
			}
			if strings.ContainsFunc(e.Error(), func(r rune) bool { return !unicode.IsGraphic(r) }) || strings.Contains(e.Error(), "the-key") {
				t.Errorf("not one clean line: %q", e.Error())
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "601": mostAfter, "99999999999999999999": mostAfter, "-7": 0, "7.5": 0, "soon": 0,
		"Sun, 29 Nov 2026 12:00:30 GMT": 30 * time.Second, "Sun, 29 Nov 2026 11:00:00 GMT": 0, "Sun, 29 Nov 2037 12:00:00 GMT": mostAfter,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
	for status, kind := range map[int]Kind{429: Quota, 503: Retryable} {
		_, err := client(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
		}).Do(t.Context(), roomList(), "")
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != kind || e.After != 7*time.Second {
			t.Errorf("HTTP %d: %+v", status, e)
		}
	}
}

// cutReply promises more bytes than it sends.
func cutReply(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, `{"Response":{`)
}

func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c, err := New(Options{Credential: common.NewCredential("id", "key"), Endpoint: "http://" + l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), roomList(), "")
	if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Retryable || !strings.Contains(e.Error(), "connection refused") {
		t.Errorf("error %v", err)
	}
}

func TestContextEndsARequest(t *testing.T) {
	entered := make(chan struct{})
	c := client(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(entered)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() {
		<-entered
		cancel()
	}()
	if _, err := c.Do(ctx, roomList(), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestBadEndpoint(t *testing.T) {
	for _, endpoint := range []string{"", "trtc.tencentcloudapi.com", "ftp://x", "http://"} {
		if _, err := New(Options{Endpoint: endpoint}); err == nil {
			t.Errorf("endpoint %q was accepted", endpoint)
		}
	}
}

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

func roomList() Request { return Current().Rooms(seedApp, seedWindow, "", 0) }

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
		{"cut JSON", reply(`{"Response":{"RoomList":[`), Retryable, "UnexpectedReply: the answer breaks off"},
		{"cut in the middle", cutReply, Retryable, CodeNetwork},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := client(t, c.handle).Do(t.Context(), roomList(), "")
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if e.Kind != c.kind || !strings.Contains(e.Error(), c.text) {
				t.Errorf("kind %d, %s\nwant %d, %s", e.Kind, e, c.kind, c.text)
			}
			if strings.ContainsAny(e.Error(), "\n\r") || strings.Contains(e.Error(), "the-key") {
				t.Errorf("not one clean line: %q", e.Error())
			}
		})
	}
}

// cutReply promises more than it sends.
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

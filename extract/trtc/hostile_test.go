package trtc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
)

// clientOf is client with options.
func clientOf(t *testing.T, o Options, handle http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	o.Credential, o.Region, o.Endpoint = common.NewCredential("id", "the-key"), "ap-singapore", s.URL
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// raw returns a handler that sends any bytes and closes the connection.
func raw(write func(w io.Writer)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		write(conn)
	}
}

// endless writes one text again and again until nobody reads it, or for 1 GB.
type endless struct{ wrote atomic.Int64 }

func (e *endless) write(w io.Writer, what string) {
	chunk := bytes.Repeat([]byte(what), 1+64<<10/len(what))
	for e.wrote.Load() < 1<<30 {
		n, err := w.Write(chunk)
		e.wrote.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// fails sends one request and returns its error.
func fails(t *testing.T, c *Client, kind Kind, text string) *Error {
	t.Helper()
	_, err := c.Do(t.Context(), roomList(), "")
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != kind || !strings.Contains(e.Error(), text) {
		t.Fatalf("error %v, want kind %d: %s", err, kind, text)
	}
	return e
}

// inTransit is the number of bytes in the system's buffers that nobody has read.
const inTransit = 16 << 20

func TestEndlessBodies(t *testing.T) {
	const most = 8 << 20
	for _, c := range []struct {
		name, begin, on string
		most            int64
		kind            Kind
		text            string
	}{
		{"object", `{"Response":{"Filler":"`, "x", most, TooLarge, "TooLarge: the answer is larger than 8 MiB"},
		{"space within", `{`, " ", most, TooLarge, "TooLarge"},
		{"space", "", " \r\n\t", mostSpace, Retryable, "answered HTTP 200, white space, not the API"},
		{"page", "<html>", "<p>", quoted, Retryable, "<html><p>"},
		{"binary", "", "\x00\x1b[2J", quoted, Retryable, "answered HTTP 200, binary, not the API"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e endless
			done := make(chan struct{})
			client := clientOf(t, Options{MaxBody: most}, func(w http.ResponseWriter, _ *http.Request) {
				defer close(done)
				io.WriteString(w, c.begin)
				e.write(w, c.on)
			})
			fails(t, client, c.kind, c.text)
			<-done
			if n := e.wrote.Load(); n > c.most+inTransit {
				t.Errorf("the server could write %d MB", n>>20)
			}
		})
	}
}

func TestEndlessFailure(t *testing.T) {
	var e endless
	done := make(chan struct{})
	c := clientOf(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		defer close(done)
		w.WriteHeader(http.StatusBadGateway)
		e.write(w, "bad gateway ")
	})
	fails(t, c, Retryable, `answered HTTP 502, "bad gateway bad`)
	<-done
	if n := e.wrote.Load(); n > inTransit {
		t.Errorf("the server could write %d MB", n>>20)
	}
}

// TestLengthThatLies answers with lengths that are too large or wrong.
func TestLengthThatLies(t *testing.T) {
	claim := func(length int64) http.HandlerFunc {
		return raw(func(w io.Writer) {
			fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n{\"Response\":{", length)
		})
	}
	for length, kind := range map[int64]Kind{1 << 62: TooLarge, MaxBody + 1: TooLarge, MaxBody: Retryable, 30 << 20: Retryable} {
		c := client(t, claim(length))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		fails(t, c, kind, "")
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
			t.Errorf("%d claimed: %d MB made", length, n>>20)
		}
	}
}

// TestLargeBodies reads large bodies of known and of unknown length, also into reused
// memory.
func TestLargeBodies(t *testing.T) {
	for _, size := range []int{worthKeeping - 1, worthKeeping, smallBody - 1, smallBody, smallBody + 1, 5 << 20, largestKept - 1, largestKept, largestKept + 1, 40 << 20} {
		for _, known := range []bool{true, false} {
			want := append(append([]byte(`{"Response":{"Filler":"`), bytes.Repeat([]byte("x"), size-26)...), `"}}`...)
			c := clientOf(t, Options{Spare: 64 << 20}, func(w http.ResponseWriter, _ *http.Request) {
				if known {
					w.Header().Set("Content-Length", fmt.Sprint(len(want)))
				}
				w.Write(want)
			})
			for range 2 {
				resp, err := c.Do(t.Context(), roomList(), "")
				if err != nil || !bytes.Equal(resp.Body, want) {
					t.Fatalf("%d bytes, known %v: %d came, %v", size, known, len(resp.Body), err)
				}
				resp.Recycle()
			}
		}
	}
}

func TestMaxBody(t *testing.T) {
	const most = 100 << 10
	body := `{"Response":{"Filler":"` + strings.Repeat("x", most-26) + `"}}`
	if _, err := clientOf(t, Options{MaxBody: most}, reply(body)).Do(t.Context(), roomList(), ""); err != nil {
		t.Errorf("%d bytes: %v", len(body), err)
	}
	fails(t, clientOf(t, Options{MaxBody: most}, reply(body+" ")), TooLarge, "larger than 0.0977 MiB")
	if c := clientOf(t, Options{MaxBody: 1 << 40}, reply(body)); c.bodies.most != MaxBody {
		t.Errorf("at most %d", c.bodies.most)
	}
}

// TestTrickle checks that a slow answer ends with the context, and at the time limit of a
// whole answer.
func TestTrickle(t *testing.T) {
	begun := make(chan struct{}, 1)
	trickle := func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"Response":{"Filler":"`)
		w.(http.Flusher).Flush()
		begun <- struct{}{}
		for tick := time.NewTicker(5 * time.Millisecond); r.Context().Err() == nil; <-tick.C {
			io.WriteString(w, "x")
			w.(http.Flusher).Flush()
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the lease is lost")
	go func() { <-begun; cancel(why) }()
	if _, err := client(t, trickle).Do(ctx, roomList(), ""); !errors.Is(err, why) {
		t.Errorf("error %v", err)
	}
	c := clientOf(t, Options{timeouts: timeouts{whole: 300 * time.Millisecond}}, trickle)
	if e := fails(t, c, Retryable, "no whole answer within 300ms"); !e.Timeout || e.Code != CodeNetwork {
		t.Errorf("%+v", e)
	}
}

// TestHanging checks that an action that hangs and a network that does not work have
// different errors.
func TestHanging(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	for _, limits := range []timeouts{{head: 300 * time.Millisecond}, {whole: 300 * time.Millisecond}} {
		if e := fails(t, clientOf(t, Options{timeouts: limits}, hang), Retryable, "within 300ms"); !e.Timeout || e.Code != CodeNetwork {
			t.Errorf("%+v", e)
		}
	}
	if e := fails(t, client(t, raw(func(io.Writer) {})), Retryable, "EOF"); e.Timeout {
		t.Errorf("%+v", e)
	}
	never := func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	c := clientOf(t, Options{Dial: never, timeouts: timeouts{whole: 20 * time.Millisecond}}, hang)
	if e := fails(t, c, Retryable, ""); e.Timeout {
		t.Errorf("%+v", e)
	}
}

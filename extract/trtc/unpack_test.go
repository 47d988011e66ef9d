package trtc

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func packed(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.Bytes()
}

func TestGzipUnasked(t *testing.T) {
	const body = `{"Response":{"Total":0,"RoomList":[]}}`
	long := `{"Response":{"Filler":"` + strings.Repeat("x", 3<<20) + `"}}`
	send := func(encoding string, b []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if a := r.Header.Get("Accept-Encoding"); a != "" {
				t.Errorf("asked for %s", a)
			}
			if encoding != "" {
				w.Header().Set("Content-Encoding", encoding)
			}
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
			w.Write(b)
		}
	}
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		want   string
	}{
		"header":      {send("gzip", packed(body)), body},
		"no header":   {send("", packed(body)), body},
		"only header": {send("gzip", []byte(body)), body},
		"long":        {send("gzip", packed(long)), long},
	} {
		resp, err := client(t, c.handle).Do(t.Context(), roomList(), "")
		if err != nil || string(resp.Body) != c.want {
			t.Errorf("%s: %d bytes, %v", name, len(resp.Body), err)
		}
	}
	fails(t, client(t, send("gzip", packed(`{"Response":{"Error":{"Code":"InternalError","Message":"m"}}}`))), Retryable, "InternalError: m")
	fails(t, client(t, send("gzip", packed("<html>"))), Retryable, `"<html>", not the API`)
	fails(t, client(t, send("", packed(long)[:100])), Retryable, "unexpected EOF")
	fails(t, client(t, send("br", []byte("\x8b\x02\x80{}\x03"))), Retryable, "binary, not the API")
	fails(t, client(t, send("", packed(string(packed(body))))), Retryable, "binary, not the API")
	fails(t, client(t, send("", []byte("\x1f\x8b\x08"))), Retryable, "unexpected EOF")
}

// TestGzipBombs unpacks bodies that are larger than is read, or that never have data.
func TestGzipBombs(t *testing.T) {
	const most = 4 << 20
	bomb := packed("{" + strings.Repeat(" ", 64<<20))
	c := clientOf(t, Options{MaxBody: most}, func(w http.ResponseWriter, _ *http.Request) { w.Write(bomb) })
	fails(t, c, TooLarge, "larger than 4 MiB")
	var e endless
	done := make(chan struct{})
	c = clientOf(t, Options{MaxBody: most}, func(w http.ResponseWriter, _ *http.Request) {
		defer close(done)
		e.write(w, string(packed("")))
	})
	fails(t, c, TooLarge, "larger than 4 MiB")
	<-done
	if n := e.wrote.Load(); n > most+inTransit {
		t.Errorf("the server could write %d MB", n>>20)
	}
}

package simulator

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without sockets.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p <- server
	return client, nil
}

// TestFaultsInVirtualTime checks that a stall of an hour takes no time, and that a
// connection without a socket can be reset.
func TestFaultsInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Options{Calls: 3, Now: time.Now})
		listener := make(pipes)
		server := &http.Server{Handler: c.s}
		go server.Serve(listener)
		transport := &http.Transport{DialContext: listener.dial}
		defer func() {
			transport.CloseIdleConnections()
			server.Close()
		}()
		ask := func() (took time.Duration, err error) {
			r := c.request("DescribeUserInfo", mustJSON(t, about(&c.s.calls[DefaultApp][0], 60)))
			r.RequestURI = ""
			begun := time.Now()
			response, err := transport.RoundTrip(r)
			if err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			return time.Since(begun), err
		}
		f := Faults{StallFor: time.Hour, Script: map[Step]FaultKind{
			{"DescribeUserInfo", 1}: FaultStall, {"DescribeUserInfo", 2}: FaultReset,
			{"DescribeUserInfo", 3}: FaultResetLate, {"DescribeUserInfo", 4}: FaultCut,
		}}
		if err := c.s.SetFaults(f); err != nil {
			t.Fatal(err)
		}
		if took, err := ask(); err != nil || took != time.Hour {
			t.Errorf("stalled for %s: %v", took, err)
		}
		for n := range 3 {
			if _, err := ask(); err == nil {
				t.Errorf("request %d: no error", n+2)
			}
		}
		if _, err := ask(); err != nil {
			t.Errorf("at last: %v", err)
		}
	})
}

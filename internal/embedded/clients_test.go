package embedded

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func TestBadClients(t *testing.T) {
	s := startTest(t, Options{Path: t.TempDir()})
	addresses := []string{strings.TrimPrefix(s.HTTPURL(), "http://")}
	options, err := clickhouse.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	addresses = append(addresses, options.Addr...)
	for range 10 {
		wrong := strings.Replace(s.DSN(), User+":", User+":wrong", 1)
		if err := connect(t, wrong).Ping(testContext(t)); err == nil {
			t.Fatal("a wrong password was accepted")
		}
		impostor := s.state
		impostor.Password = "wrong"
		if _, err := query(testContext(t), impostor, "SELECT 1"); err == nil {
			t.Fatal("a wrong password was accepted over HTTP")
		}
		for _, address := range addresses {
			for _, junk := range []string{"\x00\xff\xfe junk \r\n\r\n", "GET / HTTP/9.9\r\nContent-Length: -1\r\n\r\n", "\x00\x11ClickHouse", ""} {
				c, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.WriteString(c, junk)
				if junk != "" { // the empty one stays half-open
					_ = c.Close()
				} else {
					defer c.Close()
				}
			}
		}
	}
	if _, err := s.Query(testContext(t), "SELECT 1"); err != nil {
		t.Error(err)
	}
	if n := number(t, connect(t, s.DSN()), "SELECT toUInt64(1)"); n != 1 || s.Err() != nil {
		t.Errorf("after bad clients: %d, %v", n, s.Err())
	}
}

func TestPlay(t *testing.T) {
	s := startTest(t, Options{Path: t.TempDir()})
	resp, err := http.Get(s.PlayURL())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(page), "<html") {
		t.Errorf("play: %s, %d bytes, %v", resp.Status, len(page), err)
	}
}

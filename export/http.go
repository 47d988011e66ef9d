package export

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// httpServer is ClickHouse's HTTP interface.
type httpServer struct {
	address        string
	user, password string
	client         http.Client
}

// FindHTTP returns the address of the HTTP interface of the server that conn is connected
// to. If no address is given, it is the host of the native protocol with the port that the
// server names.
func FindHTTP(ctx context.Context, conn driver.Conn, ch *clickhouse.Options, address string) (*url.URL, error) {
	if address != "" {
		u, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("CALLVAULT_CLICKHOUSE_HTTP: %w", err)
		}
		return u, nil
	}
	scheme := "http"
	if ch.TLS != nil {
		scheme = "https"
	}
	host, _, err := net.SplitHostPort(ch.Addr[0])
	if err != nil {
		return nil, fmt.Errorf("find ClickHouse's HTTP interface: %w", err)
	}
	var port uint16
	if err := conn.QueryRow(ctx, "SELECT toUInt16(getServerPort('"+scheme+"_port'))").Scan(&port); err != nil {
		return nil, fmt.Errorf("ask ClickHouse for its %s port (or set CALLVAULT_CLICKHOUSE_HTTP): %w", scheme, err)
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, strconv.Itoa(int(port)))}, nil
}

// newHTTP finds the HTTP interface of the server that conn is connected to; see
// FindHTTP.
func newHTTP(ctx context.Context, conn driver.Conn, ch *clickhouse.Options, address string) (*httpServer, error) {
	s := &httpServer{user: ch.Auth.Username, password: ch.Auth.Password}
	s.client.Transport = &http.Transport{TLSClientConfig: ch.TLS, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	u, err := FindHTTP(ctx, conn, ch, address)
	if err != nil {
		return nil, err
	}
	params := url.Values{"database": {ch.Auth.Database}, "wait_end_of_query": {"1"}, "cancel_http_readonly_queries_on_client_close": {"1"}}
	for name, value := range settings() {
		params.Set(name, value)
	}
	u.RawQuery = params.Encode()
	s.address = u.String()
	return s, nil
}

// query streams the result of a query. The server keeps the result on its disk until it is
// whole, so that an error is never taken for the end of the rows.
func (s *httpServer) query(ctx context.Context, sql string) (body io.ReadCloser, rows uint64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, strings.NewReader(sql))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("X-ClickHouse-User", s.user)
	req.Header.Set("X-ClickHouse-Key", s.password)
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, 0, fmt.Errorf("ask ClickHouse over HTTP (CALLVAULT_CLICKHOUSE_HTTP names another address): %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 2000))
		line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
		return nil, 0, fmt.Errorf("ask ClickHouse over HTTP: %s: %s", resp.Status, line)
	}
	var sum struct {
		Rows uint64 `json:"result_rows,string"`
	}
	if err := json.Unmarshal([]byte(resp.Header.Get("X-ClickHouse-Summary")), &sum); err != nil {
		resp.Body.Close()
		return nil, 0, fmt.Errorf("ask ClickHouse over HTTP: it does not say how many rows there are: %w", err)
	}
	return resp.Body, sum.Rows, nil
}

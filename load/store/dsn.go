package store

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/churl"

	"github.com/callvault/callvault/internal/words"
)

// Ports of ClickHouse's native protocol.
const (
	port    = "9000"
	portTLS = "9440"
)

// ownDatabases lists the databases that are ClickHouse's own.
var ownDatabases = []string{"system", "information_schema"}

// parseDSN parses the DSN and adds the settings that loading needs. Its errors quote no part
// of the DSN, because any part may be a password.
func parseDSN(dsn string, o Options) (*clickhouse.Options, error) {
	const form = "want clickhouse://user:password@host:9000/database, with special characters of the password as %XX"
	u, err := churl.Parse(dsn)
	if err != nil || u.Host == "" || strings.ContainsAny(strings.TrimPrefix(u.Path, "/"), "/@") { // a slash or @ there comes from a password with a slash
		return nil, fmt.Errorf("parse dsn: %w: %s", ErrDSN, form)
	}
	if !slices.Contains([]string{"clickhouse", "tcp", "native"}, u.Scheme) {
		return nil, fmt.Errorf("parse dsn: %w: the scheme must be clickhouse (native protocol, port 9000)", ErrDSN)
	}
	ch, err := clickhouse.ParseDSN(dsn)
	if name := invalid(u.Query()); name != "" || err != nil {
		return nil, fmt.Errorf("parse dsn: %w: the parameter %s has an invalid value", ErrDSN, cmp.Or(name, "after the ?"))
	}
	for i := range ch.Addr {
		if ch.Addr[i], err = address(ch.Addr[i], ch.TLS != nil); err != nil {
			return nil, fmt.Errorf("parse dsn: %w: %w", ErrDSN, err)
		}
	}
	ch.Auth.Database = cmp.Or(o.Database, ch.Auth.Database, "default")
	if slices.Contains(ownDatabases, strings.ToLower(ch.Auth.Database)) {
		return nil, fmt.Errorf("parse dsn: %w: the database %s is ClickHouse's own; name one for the archive, such as trtc", ErrDSN, ch.Auth.Database)
	}
	if o.TLS != nil && ch.TLS != nil {
		t := o.TLS.Clone()
		t.ServerName, t.InsecureSkipVerify = cmp.Or(t.ServerName, ch.TLS.ServerName), ch.TLS.InsecureSkipVerify
		ch.TLS = t
	}
	if ch.DialTimeout == 0 {
		ch.DialTimeout = cmp.Or(o.DialTimeout, 5*time.Second)
	}
	if ch.MaxOpenConns == 0 {
		ch.MaxOpenConns = cmp.Or(o.MaxConns, 8)
		ch.MaxIdleConns = ch.MaxOpenConns
	}
	if ch.Compression == nil && !loopback(ch.Addr) {
		ch.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	if o.Cluster != "" {
		ch.Settings["distributed_product_mode"] = "global" // a subquery in a condition is read once, for all shards
		// A replica that is behind has fewer rows, or is away. Another one is asked if there is one.
		ch.Settings["max_replica_delay_for_distributed_queries"] = 5
	}
	if o.ReadOnly {
		ch.Settings["readonly"] = 2
		return ch, nil
	}
	ch.Settings["async_insert"] = 0
	if o.Cluster != "" {
		ch.Settings["distributed_foreground_insert"] = 1 // the acknowledgement comes from the shards
		// A replica that has lost Keeper gives up within seconds. Another one may take the rows.
		ch.Settings["distributed_insert_skip_read_only_replicas"] = 1
		ch.Settings["insert_keeper_max_retries"] = 5
		ch.Settings["keeper_max_retries"] = 5
	}
	ch.Settings["insert_deduplicate"] = 0 // every block has new load ids; the server must not drop one as a duplicate
	return ch, nil
}

// wordsOf lists the values of parameters for which the client ignores unknown values.
var wordsOf = map[string][]string{
	"compress":                 {"true", "false", "1", "0", "none", "lz4", "lz4hc", "zstd"},
	"connection_open_strategy": {"in_order", "round_robin", "random"},
}

// invalid returns the name of a parameter whose value the client cannot use, or "".
func invalid(params url.Values) string {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		one := url.Values{name: params[name]}
		if name == "tls_server_name" { // it cannot be alone
			one.Set("secure", params.Get("secure"))
		}
		_, err := clickhouse.ParseDSN("clickhouse://host/?" + one.Encode())
		if known := wordsOf[name]; err != nil || known != nil && !slices.Contains(known, params.Get(name)) {
			return name
		}
	}
	return ""
}

// address returns a host of a DSN with its port.
func address(text string, secure bool) (string, error) {
	usual := port
	if secure {
		usual = portTLS
	}
	host, given, err := net.SplitHostPort(text)
	switch {
	case err != nil && strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		return net.JoinHostPort(strings.Trim(text, "[]"), usual), nil
	case err != nil && strings.Contains(text, ":"):
		return "", fmt.Errorf("an address of IPv6 goes in brackets, as in [::1]:%s", usual)
	case err != nil:
		return net.JoinHostPort(text, usual), nil
	case host == "":
		return "", fmt.Errorf("a host is missing before a port")
	}
	if n, err := strconv.ParseUint(cmp.Or(given, usual), 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("a port is not a number from 1 to 65535")
	}
	return net.JoinHostPort(host, cmp.Or(given, usual)), nil
}

// parameters lists the parameters of a DSN that belong to the client. All others are ClickHouse's settings.
var parameters = []string{
	"secure", "skip_verify", "tls_server_name", "hosts", "alt_hosts", "compress", "compress_level", "max_compression_buffer", "dial_timeout", "read_timeout",
	"block_buffer_size", "connection_open_strategy", "max_open_conns", "max_idle_conns", "conn_max_lifetime", "username", "password", "database", "debug", "client_info_product",
}

// strange returns the parameter of a DSN that ClickHouse has refused as unknown, given the
// server's error.
func strange(ch *clickhouse.Options, said string) string {
	for _, name := range slices.Sorted(maps.Keys(ch.Settings)) {
		if !strings.Contains(said, name) {
			continue
		}
		if near := words.Nearest(name, parameters, 3); near != "" {
			return fmt.Sprintf("the parameter %s is unknown; did you mean %s?", name, near)
		}
		return fmt.Sprintf("the parameter %s is neither the client's nor a setting of ClickHouse", name)
	}
	return "a parameter after the ? is unknown"
}

// loopback reports whether all addresses are this machine's. There compression costs more
// than it saves.
func loopback(addrs []string) bool {
	return !slices.ContainsFunc(addrs, func(addr string) bool {
		host, _, _ := net.SplitHostPort(addr)
		ip := net.ParseIP(host)
		return host != "localhost" && (ip == nil || !ip.IsLoopback())
	})
}

package query

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/internal/words"
)

// formatted prints a result in a format that ClickHouse writes. The native protocol has no
// formats, so the query goes over HTTP.
func (q *Session) formatted(ctx context.Context, s sqltext.Statement) error {
	conn, where, err := q.overHTTP(ctx)
	if err != nil {
		return fmt.Errorf("query: FORMAT %s: %w", s.Format, err)
	}
	defer conn.Close()
	const end = "\n/* the client would take a column called format, in the end, for a clause */"
	body, err := conn.QueryFormat(ctx, s.Format, s.Plain+end)
	if err != nil {
		if _, ok := errors.AsType[*clickhouse.Exception](err); ok {
			return Error(err)
		}
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, which has the password
		}
		return fmt.Errorf("query: FORMAT %s needs ClickHouse's HTTP interface, which does not answer at %s; set CALLVAULT_CLICKHOUSE_HTTP, or use --format instead: %s", s.Format, where, words.FirstLine(err.Error()))
	}
	defer body.Close()
	if _, err := io.Copy(q.To.W, body); err != nil {
		return Error(err)
	}
	return nil
}

// overHTTP returns an HTTP connection with the settings of the native one, including those
// of SET and USE.
func (q *Session) overHTTP(ctx context.Context) (conn driver.Conn, where string, err error) {
	ch, native := *q.Server, q.Conn
	u, err := export.FindHTTP(ctx, native, q.Server, q.HTTP)
	if err != nil {
		return nil, "", err
	}
	where = u.Scheme + "://" + u.Host
	settings, err := q.settings(ctx, ch.Settings)
	if err != nil {
		return nil, "", err
	}
	if err := native.QueryRow(ctx, "SELECT currentDatabase()").Scan(&ch.Auth.Database); err != nil {
		return nil, "", err
	}
	o := &clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{u.Host}, HttpUrlPath: u.Path, Auth: ch.Auth, Settings: settings,
		DialTimeout: ch.DialTimeout, ReadTimeout: 24 * time.Hour, // until a long query has its first row
	}
	if u.Scheme == "https" {
		o.TLS = ch.TLS
		if o.TLS == nil {
			o.TLS = &tls.Config{}
		}
	}
	if len(ch.Settings) == 0 {
		o.DialTimeout = time.Second // with a longer timeout the client sends a setting, which this user may not do
	}
	conn, err = clickhouse.Open(o)
	return conn, where, err
}

// settings returns the settings of the native connection, including those of SET. For a
// user who may not change settings it returns the one that the client sends, with its
// present value.
func (q *Session) settings(ctx context.Context, given clickhouse.Settings) (clickhouse.Settings, error) {
	which := "name = 'http_write_exception_in_output_format'"
	switch {
	case len(given) > 0 && !q.set:
		return given, nil
	case q.set:
		which = "changed AND NOT startsWith(name, 'SQL_')"
	}
	rows, err := q.Conn.Query(ctx, "SELECT name, value FROM system.settings WHERE "+which)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	settings := clickhouse.Settings{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		settings[name] = value
	}
	return settings, rows.Err()
}

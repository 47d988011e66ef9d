package export

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
)

// S3 is a destination in S3-compatible storage. ClickHouse itself writes to it.
type S3 struct {
	conn  driver.Conn
	place string // address of the folder, without a slash at its end
	keys  Keys
}

// Keys are the credentials for object storage. Without an ID, ClickHouse uses
// its own. ClickHouse hides them in its logs and in lists of queries.
type Keys struct{ ID, Secret, Token string }

// IsS3 reports whether a destination is object storage and not a folder.
func IsS3(place string) bool { return strings.Contains(place, "://") }

// NewS3 returns a destination at an address such as s3://bucket/folder or
// https://host/bucket/folder.
func NewS3(conn driver.Conn, place string, keys Keys) (*S3, error) {
	u, err := url.Parse(place)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "s3" && u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("want a folder, s3://bucket/folder or https://host/bucket/folder")
	case u.User != nil || u.RawQuery != "":
		return nil, errors.New("the address must not contain keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	case strings.ContainsAny(u.Path, "*?{}"):
		return nil, errors.New("the address must not contain any of * ? { }")
	case keys.ID != "" && keys.Secret == "":
		return nil, errors.New("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
	}
	return &S3{conn, strings.TrimRight(place, "/"), keys}, nil
}

// function returns the table function of a file or of a pattern of files.
func (s *S3) function(file, format string, structure ...string) string {
	args := []string{s.place + "/" + file}
	if s.keys.ID != "" {
		args = append(args, s.keys.ID, s.keys.Secret)
		if s.keys.Token != "" {
			args = append(args, s.keys.Token)
		}
	}
	args = append(append(args, format), structure...)
	for i := range args {
		args[i] = sqltext.Literal(args[i])
	}
	return "s3(" + strings.Join(args, ", ") + ")"
}

// Done reads the record. It leaves out files that do not exist.
func (s *S3) Done(ctx context.Context, relation string) (manifest, error) {
	var content string
	name := manifestOf(relation)
	q := "SELECT arrayStringConcat(groupArray(line), '\\n') FROM " + s.function(name[:len(name)-1]+"?", "LineAsString", "line String")
	if err := s.conn.QueryRow(s.within(ctx, nil), q).Scan(&content); err != nil {
		return nil, s.mask(err)
	}
	m, err := decodeManifest(relation, []byte(content))
	if err != nil {
		return nil, err
	}
	rows, err := s.conn.Query(s.within(ctx, nil), "SELECT _path, _size FROM "+s.function(path.Join(relation, dayKey+"=*", relation+".*"), "One"))
	if err != nil {
		return nil, s.mask(err)
	}
	defer rows.Close()
	there := manifest{}
	for name, d := range m {
		if d.Rows == 0 {
			there[name] = d
		}
	}
	for rows.Next() {
		var name string
		var size *uint64
		if err := rows.Scan(&name, &size); err != nil {
			return nil, err
		}
		file := path.Join(path.Base(path.Dir(name)), path.Base(name))
		if d, ok := m[file]; ok && size != nil && (d.Bytes == 0 || d.Bytes == *size) {
			d.Bytes = *size
			there[file] = d
		}
	}
	return there, rows.Err()
}

// Write lets ClickHouse write the file. Object storage shows it when it is whole.
func (s *S3) Write(ctx context.Context, relation, file, query string, f Format) (Done, error) {
	var rows atomic.Uint64
	err := s.conn.Exec(s.within(ctx, &rows), "INSERT INTO FUNCTION "+s.function(path.Join(relation, file), f.query)+" "+query)
	return Done{Rows: rows.Load(), Written: time.Now().UTC().Truncate(time.Second)}, s.mask(err)
}

// Note stores the record.
func (s *S3) Note(ctx context.Context, relation string, m manifest) error {
	content, err := m.encode()
	if err != nil {
		return err
	}
	q := "INSERT INTO FUNCTION " + s.function(manifestOf(relation), "RawBLOB", "line String") + " SELECT " + sqltext.Literal(string(content))
	return s.mask(s.conn.Exec(s.within(ctx, nil), q))
}

// within returns a context with the settings for object storage. rows counts the written
// rows. The attempts take about half a minute; ClickHouse's default of hundreds takes hours.
func (s *S3) within(ctx context.Context, rows *atomic.Uint64) context.Context {
	set := clickhouse.Settings{"s3_truncate_on_insert": 1, "s3_retry_attempts": 6}
	for name, value := range settings() {
		set[name] = value
	}
	o := []clickhouse.QueryOption{clickhouse.WithSettings(set)}
	if rows != nil {
		o = append(o, clickhouse.WithProgress(func(p *clickhouse.Progress) { rows.Add(p.WroteRows) }))
	}
	return clickhouse.Context(ctx, o...)
}

// mask returns an error in one line and without the keys.
func (s *S3) mask(err error) error {
	if err == nil {
		return nil
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	for _, secret := range []string{s.keys.Secret, s.keys.Token} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return fmt.Errorf("write to %s: %s", s.place, text)
}

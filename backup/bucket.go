package backup

import (
	"context"
	"path"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
)

// bucket is a folder in object storage. Only ClickHouse reads and writes it.
type bucket struct {
	conn  driver.Conn
	place string // without a slash at its end
	keys  export.Keys
}

func (b *bucket) String() string { return b.place }

// arguments of a table function or of BACKUP: address, keys and the rest.
func (b *bucket) arguments(file string, rest ...string) string {
	args := sqltext.Literal(b.place + "/" + file)
	if b.keys.ID != "" {
		args += ", " + sqltext.Literal(b.keys.ID) + ", " + sqltext.Literal(b.keys.Secret)
	}
	for _, r := range rest {
		args += ", " + sqltext.Literal(r)
	}
	return "(" + args + ")"
}

func (b *bucket) expression(name string) string { return "S3" + b.arguments(name) }

// onBase also keeps the keys out of the files that are written to the bucket.
func (b *bucket) onBase(base string) []string {
	return []string{"base_backup = " + b.expression(base), "use_same_s3_credentials_for_base_backup = 1"}
}

func (b *bucket) mask(text string) string {
	if b.keys.Secret == "" {
		return text
	}
	return strings.ReplaceAll(text, b.keys.Secret, "***")
}

func (b *bucket) notes(ctx context.Context) ([][]byte, error) {
	q := "SELECT note FROM s3" + b.arguments("*Z-*.json", "RawBLOB", "note String")
	var files [][]byte
	var text string
	err := native.Read(b.within(ctx), b.conn, "notes", q, nil, func() { files = append(files, []byte(text)) }, &text)
	return files, err
}

func (b *bucket) there(ctx context.Context) (map[string]bool, error) {
	q := "SELECT DISTINCT _path FROM s3" + b.arguments("*Z-*/"+listOf, "One", "nothing UInt8")
	found := map[string]bool{}
	var file string
	err := native.Read(b.within(ctx), b.conn, "lists of files", q, nil, func() { found[path.Base(path.Dir(file))] = true }, &file)
	return found, err
}

func (b *bucket) begun(ctx context.Context, name string) bool {
	var n uint64
	q := "SELECT count() FROM (SELECT _path FROM s3" + b.arguments(name+"/"+ofShards+"/**", "One", "nothing UInt8") + " LIMIT 1)"
	return b.conn.QueryRow(b.within(ctx), q).Scan(&n) == nil && n > 0
}

func (b *bucket) write(ctx context.Context, name string, note []byte) error {
	q := "INSERT INTO FUNCTION s3" + b.arguments(name+".json", "RawBLOB", "note String") + " SELECT " + sqltext.Literal(string(note))
	return b.conn.Exec(b.within(ctx), q)
}

// read finds the file by a pattern: a pattern that nothing matches is no error.
func (b *bucket) read(ctx context.Context, name string) (text []byte, err error) {
	var found string
	q := "SELECT note FROM s3" + b.arguments(name+".jso?", "RawBLOB", "note String")
	err = native.Read(b.within(ctx), b.conn, "who was erased", q, nil, func() { text = []byte(found) }, &found)
	return text, err
}

// complete does nothing: ClickHouse writes the note and the backup to the same place.
func (b *bucket) complete(context.Context, string) error { return nil }

// within returns a context with the settings for object storage. The attempts take about
// half a minute; ClickHouse's default of hundreds takes hours.
func (b *bucket) within(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"s3_truncate_on_insert": 1, "s3_retry_attempts": 6}))
}

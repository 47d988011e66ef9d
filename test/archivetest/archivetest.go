// Package archivetest lets tests query both databases of an archive at once: relations and
// tables by their bare names.
package archivetest

import (
	"context"
	"regexp"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
)

// Conn is a connection to the database of an archive's relations that finds the
// tables of its store as well.
func Conn(conn driver.Conn, database string) driver.Conn {
	return both{conn, sqltext.Identifier(catalogue.StoreOf(database))}
}

type both struct {
	driver.Conn
	store string // quoted
}

var bare = func() *regexp.Regexp {
	var names []string
	for _, t := range catalogue.Tables() {
		names = append(names, t.Name)
	}
	return regexp.MustCompile(`\b(FROM|INTO|TABLE|JOIN|AS) (` + strings.Join(names, "|") + `)\b`)
}()

func (b both) qualified(query string) string {
	return bare.ReplaceAllStringFunc(query, func(found string) string {
		before, name, _ := strings.Cut(found, " ")
		return before + " " + b.store + "." + name
	})
}

func (b both) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	return b.Conn.Query(ctx, b.qualified(query), args...)
}

func (b both) QueryRow(ctx context.Context, query string, args ...any) driver.Row {
	return b.Conn.QueryRow(ctx, b.qualified(query), args...)
}

func (b both) Exec(ctx context.Context, query string, args ...any) error {
	return b.Conn.Exec(ctx, b.qualified(query), args...)
}

func (b both) PrepareBatch(ctx context.Context, query string, o ...driver.PrepareBatchOption) (driver.Batch, error) {
	return b.Conn.PrepareBatch(ctx, b.qualified(query), o...)
}

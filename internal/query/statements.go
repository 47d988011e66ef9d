// Package query runs SQL statements for people and writes the results, row by row,
// in a format of this program or of ClickHouse.
package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
)

// errOnlyReads is returned for a statement that would write.
var errOnlyReads = errors.New("query: callvault sql only reads; use --write to let it change the archive")

// lasting are statements without a result whose connection must stay open, because it has
// what they set or made.
var lasting = []string{"SET", "USE", "CREATE", "INSERT"}

// Session runs the statements of one command.
type Session struct {
	Conn   driver.Conn
	Server *clickhouse.Options // the options of conn
	Format Format              // of statements that name none
	To     Sheet
	HTTP   string // the address of ClickHouse's HTTP interface; "": the server knows it
	Write  bool
	set    bool // there was a SET
}

// Run runs a statement and prints its result.
func (q *Session) Run(ctx context.Context, s sqltext.Statement) error {
	switch {
	case s.Writes != "" && !q.Write:
		return fmt.Errorf("%w (%s is not known to read only)", errOnlyReads, s.Writes)
	case s.Outfile:
		return errors.New("query: INTO OUTFILE is for clickhouse-client; leave it out and write > file behind the command")
	case s.Format != "":
		return q.explain(q.formatted(ctx, s))
	case slices.Contains(lasting, s.Verb):
		q.set = q.set || s.Verb == "SET"
		return q.explain(Error(q.Conn.Exec(ctx, s.Text)))
	}
	return q.explain(Print(ctx, q.Conn, s.Text, q.Format, q.To))
}

// explain adds to a refused write what to do.
func (q *Session) explain(err error) error {
	e, ok := errors.AsType[*clickhouse.Exception](err)
	switch {
	case !ok || e.Code != codeReadOnly:
		return err
	case q.Write:
		return fmt.Errorf("query: the user in CLICKHOUSE_DSN may only read (code %d)", e.Code)
	case strings.Contains(e.Message, "Cannot modify") && !strings.Contains(e.Message, "'readonly'"):
		return fmt.Errorf("%w: the user in CLICKHOUSE_DSN may only read", err)
	}
	return fmt.Errorf("%w (code %d)", errOnlyReads, e.Code)
}

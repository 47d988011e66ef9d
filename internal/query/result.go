package query

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/words"
)

// Print runs a query and writes its result as the rows come.
func Print(ctx context.Context, conn driver.Conn, query string, format Format, to Sheet) error {
	rows, err := conn.Query(ctx, query) // a statement without a result closes the connection
	if errors.Is(err, io.EOF) {         // the statement is done and has no result
		return nil
	}
	if err != nil {
		return Error(err)
	}
	defer rows.Close()
	types := rows.ColumnTypes()
	if len(types) == 0 { // a statement without a result
		return Error(rows.Err())
	}
	buffer := bufio.NewWriterSize(to.W, 1<<15)
	to.W = buffer
	err = writeRows(rows, format(to))
	if ferr := buffer.Flush(); err == nil {
		err = ferr
	}
	return err
}

func writeRows(rows driver.Rows, out resultWriter) error {
	types := rows.ColumnTypes()
	cols, plain := make([]column, len(types)), make([]plainer, len(types))
	for i, t := range types {
		cols[i] = column{t.Name(), t.DatabaseTypeName()}
		plain[i] = plainOf(t.DatabaseTypeName())
	}
	if err := out.columns(cols); err != nil {
		return err
	}
	for rows.Next() {
		values := make([]any, len(types))
		for i, t := range types {
			values[i] = reflect.New(t.ScanType()).Interface()
		}
		if err := rows.Scan(values...); err != nil {
			return err
		}
		for i := range values {
			values[i] = plain[i](reflect.ValueOf(values[i]).Elem())
		}
		if err := out.row(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return Error(err)
	}
	return out.end()
}

// Codes of ClickHouse's exceptions.
const (
	codeReadOnly     = 164
	codeTypeMismatch = 53
	codeNoSupertype  = 386
)

// explained is an error of ClickHouse in our own words.
type explained struct {
	text string
	*clickhouse.Exception
}

func (e explained) Error() string { return e.text }
func (e explained) Unwrap() error { return e.Exception }

// trailer is the end of ClickHouse's errors over HTTP.
var trailer = regexp.MustCompile(` \([A-Z0-9_]+\)( \(version [^()]*(\([^()]*\))?\))?$`)

// Error shortens the server's explanation to one line, and adds what to try.
func Error(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*clickhouse.Exception](err)
	if !ok {
		return fmt.Errorf("query: %s", words.FirstLine(err.Error()))
	}
	msg := trailer.ReplaceAllString(strings.TrimSpace(words.FirstLine(e.Message)), "")
	if aboutStrings(e) {
		msg, _, _ = strings.Cut(msg, " because ")
		msg = fmt.Sprintf("%s (code %d); user_id, room_id and comm_id are strings: put quotes around the value, as in user_id = '1716'", msg, e.Code)
	} else {
		msg = fmt.Sprintf("%s (code %d)", msg, e.Code)
	}
	return explained{"query: " + msg, e}
}

// aboutStrings reports whether a string was compared with a number.
func aboutStrings(e *clickhouse.Exception) bool {
	types, _, _ := strings.Cut(e.Message, " because ")
	switch e.Code {
	case codeNoSupertype:
		return strings.Contains(types, "String") && strings.Contains(types, "Int")
	case codeTypeMismatch:
		return strings.HasPrefix(types, "Cannot convert string") && strings.Contains(types, "Int")
	}
	return false
}

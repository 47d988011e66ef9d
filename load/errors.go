package load

import (
	"context"
	"errors"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// What Open says is wrong; the error's text is one line without the password.
var (
	ErrDSN         = errors.New("not a ClickHouse address")
	ErrUnreachable = errors.New("ClickHouse cannot be reached")
	ErrAuth        = errors.New("ClickHouse refuses the user or password")
	ErrDatabase    = errors.New("the database does not exist and cannot be created")
)

var (
	// ErrClosed: the writer has been closed.
	ErrClosed = errors.New("writer is closed")
	// ErrOvertaken: the loads to commit were purged by somebody else, who
	// thought this process dead. Nothing of it is in the ledger.
	ErrOvertaken = errors.New("another process has purged the loads being written")
)

// Codes of server exceptions.
const (
	codeUnknownDatabase = 81
	codeAccessDenied    = 497
	codeAuthFailed      = 516
	codeUnknownUser     = 192
	codeWrongPassword   = 193
	codeNeedPassword    = 194
)

// code of the server's exception in err, or 0.
func code(err error) int32 {
	if e, ok := errors.AsType[*clickhouse.Exception](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*ch.Exception](err); ok {
		return int32(e.Code)
	}
	return 0
}

// retryable says whether trying again can help. An error that is not the
// server's own word is about the connection: the outcome is unknown, and rows
// go in again under new load ids.
func retryable(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrOvertaken) {
		return false
	}
	switch code(err) {
	case 0:
		return true
	case 32, 33, 101, 102, // stream ended or damaged
		159, 160, // timeout, too slow
		202, 203, // too many queries, no free connection
		209, 210, // socket timeout, network
		225, 999, // no Keeper, Keeper error
		236,      // aborted
		241,      // memory limit
		242,      // replica is read-only for now
		252,      // too many parts
		285, 319, // too few live replicas, unknown status of insert
		394,      // query was cancelled
		439, 745: // cannot schedule a task, server overloaded
		return true
	}
	return false
}

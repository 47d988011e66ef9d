package store

import "errors"

// The errors of Open. Their texts are one line without the password.
var (
	ErrDSN         = errors.New("not a ClickHouse address")
	ErrUnreachable = errors.New("ClickHouse cannot be reached")
	ErrAuth        = errors.New("ClickHouse refuses the user or password")
	ErrReadOnly    = errors.New("the user may only read (readonly = 1)")
	ErrDatabase    = errors.New("the user may not use or create the database")
	ErrNoDatabase  = errors.New("the database does not exist")
)

// Codes of server exceptions.
const (
	codeUnknownDatabase = 81
	codeReadOnly        = 164
	codeAccessDenied    = 497
	codeAuthFailed      = 516
	codeUnknownUser     = 192
	codeWrongPassword   = 193
	codeNeedPassword    = 194
)

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
	ErrTooOld      = errors.New("ClickHouse is too old")

	// Of ports.
	ErrHTTPPort   = errors.New("this is the port of HTTP, not that of the native protocol")
	ErrSecurePort = errors.New("this port speaks TLS")
	ErrPlainPort  = errors.New("this port does not speak TLS")

	// Of certificates.
	ErrAuthority         = errors.New("the server's certificate is of an unknown authority")
	ErrServerName        = errors.New("the server's certificate is for another name")
	ErrExpired           = errors.New("the server's certificate is not valid now")
	ErrClientCertificate = errors.New("the server refuses the client's certificate, or wants one")
)

// Codes of server exceptions.
const (
	codeUnknownDatabase = 81
	codeUnknownSetting  = 115
	codeReadOnly        = 164
	codeAccessDenied    = 497
	codeAuthFailed      = 516
	codeUnknownUser     = 192
	codeWrongPassword   = 193
	codeNeedPassword    = 194
)

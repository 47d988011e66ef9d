package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/retry"
)

// openError says in one line what is wrong and where.
func openError(ctx context.Context, ch *clickhouse.Options, err error) error {
	where, hint := strings.Join(ch.Addr, ","), ""
	if errors.Is(err, ErrTooOld) {
		return fmt.Errorf("connect to %s: %w", where, err)
	}
	kind := cmp.Or(portError(err), tlsError(err), ErrUnreachable)
	if speaksTLS(ctx, ch, err) {
		kind = ErrSecurePort
	}
	switch retry.Code(err) {
	case codeAuthFailed, codeUnknownUser, codeWrongPassword, codeNeedPassword:
		return fmt.Errorf("connect to %s as %q: %w", where, ch.Auth.Username, ErrAuth)
	case codeReadOnly:
		return fmt.Errorf("connect to %s as %q: %w", where, ch.Auth.Username, ErrReadOnly)
	case codeUnknownDatabase:
		return fmt.Errorf("connect to %s: database %q: %w", where, ch.Auth.Database, ErrNoDatabase)
	case codeUnknownSetting:
		return fmt.Errorf("connect to %s: %w: %s", where, ErrDSN, strange(ch, err.Error()))
	case codeAccessDenied:
		kind = fmt.Errorf("database %q: %w", ch.Auth.Database, ErrDatabase)
		hint = "; " + catalogue.Grants(ch.Auth.Database, ch.Auth.Username)
	}
	text := words.OneLine(err)
	if p := ch.Auth.Password; p != "" {
		text = strings.ReplaceAll(text, p, "***")
	}
	return fmt.Errorf("connect to %s: %w: %s%s", where, kind, text, hint)
}

// The first byte of a server that does not speak the native protocol: the H of HTTP, or an
// alert of TLS.
const (
	firstOfHTTP = "unexpected packet [72]"
	firstOfTLS  = "unexpected packet [21]"
)

// portError says what a port speaks instead of the native protocol, if err shows it.
func portError(err error) error {
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case strings.Contains(err.Error(), firstOfHTTP):
		return ErrHTTPPort
	case strings.Contains(err.Error(), firstOfTLS):
		return ErrSecurePort
	case plain:
		return ErrPlainPort
	}
	return nil
}

// probeWithin bounds the check of what a port speaks.
const probeWithin = 3 * time.Second

// speaksTLS reports whether a port that hung up on the native protocol speaks TLS.
func speaksTLS(ctx context.Context, ch *clickhouse.Options, err error) bool {
	if ch.TLS != nil || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // nothing is sent
	conn, err := d.DialContext(ctx, "tcp", ch.Addr[0])
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// tlsError says what is wrong with a certificate, if err shows it.
func tlsError(err error) error {
	if text := err.Error(); strings.Contains(text, "remote error: tls:") && strings.Contains(text, "certificate") {
		return ErrClientCertificate
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return ErrServerName
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return ErrAuthority
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if e.Reason == x509.Expired {
			return ErrExpired
		}
		return ErrAuthority
	}
	return nil
}

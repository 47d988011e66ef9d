package load

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/retry"
)

// openError says in one line what is wrong and where.
func openError(ch *clickhouse.Options, err error) error {
	where, hint := strings.Join(ch.Addr, ","), ""
	kind := cmpError(portError(err), tlsError(err), ErrUnreachable)
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

// cmpError is the first error that is one.
func cmpError(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// What a server's first byte is where it does not speak the native protocol: the H of
// HTTP, and an alert of TLS.
const (
	firstOfHTTP = "unexpected packet [72]"
	firstOfTLS  = "unexpected packet [21]"
)

// portError says what another port than that of the native protocol is, if err tells.
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

// Alerts of TLS, of RFC 8446, that a server sends where it wants another certificate of
// the client, or one at all.
const (
	alertHandshake   = 40
	alertBadCert     = 42
	alertUnknownCA   = 48
	alertCertMissing = 116
)

// tlsError says what is wrong with a certificate, if err tells.
func tlsError(err error) error {
	var alert tls.AlertError
	if errors.As(err, &alert) {
		switch alert {
		case alertHandshake, alertBadCert, alertUnknownCA, alertCertMissing:
			return ErrClientCertificate
		}
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

package connect

import (
	"context"
	"errors"
	"fmt"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
)

// hints lists what to do if ClickHouse cannot be opened.
var hints = []struct {
	err error
	try string
}{
	{store.ErrAuth, "check user, password and database in CLICKHOUSE_DSN"},
	{store.ErrDatabase, "check user, password and database in CLICKHOUSE_DSN"},
	{store.ErrNoDatabase, "callvault archive creates it, or name another in CLICKHOUSE_DSN"},
	{store.ErrReadOnly, "name another user in CLICKHOUSE_DSN"},
	{store.ErrHTTPPort, "name the native port in CLICKHOUSE_DSN, mostly 9000, or 9440 with ?secure=true"},
	{store.ErrSecurePort, "add ?secure=true to CLICKHOUSE_DSN"},
	{store.ErrPlainPort, "name the port of TLS in CLICKHOUSE_DSN, mostly 9440, or leave secure=true out"},
	{store.ErrAuthority, "name the file with the authority's certificate in CALLVAULT_CLICKHOUSE_CA"},
	{store.ErrServerName, "name the host as the certificate does, in CLICKHOUSE_DSN or in CALLVAULT_CLICKHOUSE_SERVER_NAME"},
	{store.ErrExpired, "renew the server's certificate, or set this machine's clock"},
	{store.ErrClientCertificate, "name a certificate that the server takes in CALLVAULT_CLICKHOUSE_CERT and CALLVAULT_CLICKHOUSE_KEY"},
	{store.ErrUnreachable, "check CLICKHOUSE_DSN, or unset it to use the embedded ClickHouse"},
}

// Store connects. Its error names the setting that may be wrong.
func Store(ctx context.Context, dsn string, o store.Options) (*store.Store, error) {
	s, err := store.Open(ctx, dsn, o)
	if err == nil {
		return s, nil
	}
	if errors.Is(err, store.ErrDSN) {
		return nil, config.Error{Setting: "CLICKHOUSE_DSN", Problem: err.Error()}
	}
	return nil, hinted(err)
}

// hinted adds what to do to an error.
func hinted(err error) error {
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return fmt.Errorf("%w; %s", err, h.try)
		}
	}
	return err
}

// ErrNoArchive is returned if nothing has been archived.
var ErrNoArchive = errors.New("nothing is archived yet; run callvault archive, or set CLICKHOUSE_DSN")

// NoArchive returns ErrNoArchive for a command that has --demo.
func NoArchive(command string) error {
	if command == "" {
		return ErrNoArchive
	}
	return fmt.Errorf("%w (the demo's data: callvault %s --demo)", ErrNoArchive, command)
}

// Schema prepares the schema of a store's database.
func Schema(s *store.Store) (*schema.Schema, error) {
	return schema.New(s.ClickHouse(), schema.Options{Cluster: s.Cluster().Name(), Holder: lease.Holder()})
}

// Version is that of an archive's schema. It returns schema.ErrNewer where that is newer
// than this program.
func Version(ctx context.Context, store *store.Store) (schema.Status, error) {
	sch, err := Schema(store)
	if err != nil {
		return schema.Status{}, err
	}
	version, err := sch.Status(ctx)
	if err == nil {
		err = version.Known()
	}
	return version, err
}

// Migrated returns an error unless the database has the schema of this program:
// ErrNoArchive where it has none.
func Migrated(ctx context.Context, store *store.Store) error {
	version, err := Version(ctx, store)
	switch {
	case err != nil:
		return err
	case version.Current <= 0:
		return ErrNoArchive
	case version.Dirty || version.Pending() > 0:
		return fmt.Errorf("the schema of the archive is older than this program; run callvault migrate up")
	}
	return nil
}

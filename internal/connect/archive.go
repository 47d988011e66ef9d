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

// Store connects, and names the setting in what may go wrong.
func Store(ctx context.Context, dsn string, o store.Options) (*store.Store, error) {
	s, err := store.Open(ctx, dsn, o)
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, store.ErrDSN):
		return nil, config.Error{Setting: "CLICKHOUSE_DSN", Problem: err.Error()}
	case errors.Is(err, store.ErrAuth), errors.Is(err, store.ErrDatabase):
		return nil, fmt.Errorf("%w; check user, password and database in CLICKHOUSE_DSN", err)
	case errors.Is(err, store.ErrNoDatabase):
		return nil, fmt.Errorf("%w; callvault archive creates it, or name another in CLICKHOUSE_DSN", err)
	case errors.Is(err, store.ErrReadOnly):
		return nil, fmt.Errorf("%w; name another user in CLICKHOUSE_DSN", err)
	case errors.Is(err, store.ErrUnreachable):
		return nil, fmt.Errorf("%w; check CLICKHOUSE_DSN, or unset it to use the embedded ClickHouse", err)
	}
	return nil, err
}

// ErrNoArchive is returned where nothing has been archived.
var ErrNoArchive = errors.New("nothing is archived yet; run callvault archive, or set CLICKHOUSE_DSN")

// NoArchive is ErrNoArchive for a command that has --demo.
func NoArchive(command string) error {
	if command == "" {
		return ErrNoArchive
	}
	return fmt.Errorf("%w (the demo's data: callvault %s --demo)", ErrNoArchive, command)
}

// Schema prepares the schema of a store's database.
func Schema(s *store.Store, cluster string) (*schema.Schema, error) {
	return schema.New(s.ClickHouse(), schema.Options{Cluster: cluster, Holder: lease.Holder()})
}

// Migrated returns an error unless the database has the schema of this program:
// ErrNoArchive where it has none.
func Migrated(ctx context.Context, store *store.Store, cluster string) error {
	sch, err := Schema(store, cluster)
	if err != nil {
		return err
	}
	version, err := sch.Status(ctx)
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

package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/golang-migrate/migrate/v4/database"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/retry"
)

// Version is one version of the schema.
type Version struct {
	Number  uint
	Name    string // NNNN_name
	Applied bool
}

// Status of a database's schema.
type Status struct {
	Versions []Version // the versions that this program has
	Current  int       // -1: none
	Dirty    bool      // Current was begun and not finished
	Newer    bool      // Current is not among Versions
	known    error     // ErrNewer, if Newer
}

// Known returns ErrNewer, with both versions, if the schema is newer than this program.
func (s Status) Known() error { return s.known }

// Pending returns how many versions Up would apply.
func (s Status) Pending() int {
	n := 0
	for _, v := range s.Versions {
		if !v.Applied {
			n++
		}
	}
	return n
}

// upToDate reports whether there is no version to apply.
func (s Status) upToDate() bool { return s.Pending() == 0 && !s.Dirty && !s.Newer }

// Prepared reports whether Up would change nothing: no version is to be applied, a server that
// may have Keeper has the table of leases there, and no server has joined the cluster. It changes nothing itself.
func (s *Schema) Prepared(ctx context.Context) (bool, error) {
	conn, err := clickhouse.Open(s.ch)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	now, f, err := s.status(ctx, conn)
	if err != nil || !now.upToDate() {
		return false, err
	}
	if keeper, err := s.mayHaveKeeper(ctx, conn, f); err != nil || !keeper {
		return err == nil, err
	}
	if there, err := s.has(ctx, conn, lease.Keeper); err != nil || !there {
		return false, err
	}
	joined, err := s.joined(ctx)
	return len(joined) == 0, err
}

// Status reads without a lock and changes nothing.
func (s *Schema) Status(ctx context.Context) (Status, error) {
	conn, err := clickhouse.Open(s.ch)
	if err != nil {
		return Status{}, fmt.Errorf("read schema version: %w", err)
	}
	defer conn.Close()
	st, _, err := s.status(ctx, conn)
	return st, err
}

// status is Status, and what it finds of the server on the way.
func (s *Schema) status(ctx context.Context, conn driver.Conn) (Status, found, error) {
	f, err := s.usable(ctx, conn)
	if err != nil && retry.Code(err) != codeUnknownDatabase {
		return Status{}, f, fmt.Errorf("read schema version: %w", err)
	}
	var (
		version = int64(database.NilVersion)
		dirty   uint8
	)
	const q = "SELECT version, dirty FROM %s.%s ORDER BY sequence DESC LIMIT 1"
	err = conn.QueryRow(ctx, fmt.Sprintf(q, sqltext.Identifier(s.store()), catalogue.Versions)).Scan(&version, &dirty)
	switch code := retry.Code(err); {
	case errors.Is(err, sql.ErrNoRows), code == codeUnknownTable, code == codeUnknownDatabase:
	case err != nil:
		return Status{}, f, fmt.Errorf("read schema version: %w", err)
	}
	st := Status{Current: int(version), Dirty: dirty == 1, Newer: !s.knows(int(version)), known: s.known(int(version))}
	for _, f := range s.files {
		applied := int(f.version) < st.Current || int(f.version) == st.Current && !st.Dirty
		st.Versions = append(st.Versions, Version{f.version, f.name, applied})
	}
	return st, f, nil
}

package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/golang-migrate/migrate/v4/database"
)

// Version is one version of the schema.
type Version struct {
	Number  uint
	Name    string // NNNN_name
	Applied bool
}

// Status of a database's schema.
type Status struct {
	Versions []Version // those this program has
	Current  int       // -1: none
	Dirty    bool      // Current was begun and not finished
	Newer    bool      // Current is not among Versions
}

// Pending is how many versions Up would apply.
func (s Status) Pending() int {
	n := 0
	for _, v := range s.Versions {
		if !v.Applied {
			n++
		}
	}
	return n
}

// Status reads without a lock and changes nothing.
func (s *Schema) Status(ctx context.Context) (Status, error) {
	conn, err := clickhouse.Open(s.ch)
	if err != nil {
		return Status{}, fmt.Errorf("read schema version: %w", err)
	}
	defer conn.Close()
	if err := s.whole(ctx, conn); err != nil {
		return Status{}, fmt.Errorf("read schema version: %w", err)
	}
	const noTable = 60
	var (
		version = int64(database.NilVersion)
		dirty   uint8
		refused *clickhouse.Exception
	)
	err = conn.QueryRow(ctx, "SELECT version, dirty FROM schema_migrations ORDER BY sequence DESC LIMIT 1").Scan(&version, &dirty)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case errors.As(err, &refused) && refused.Code == noTable:
	case err != nil:
		return Status{}, fmt.Errorf("read schema version: %w", err)
	}
	st := Status{Current: int(version), Dirty: dirty == 1, Newer: !s.knows(int(version))}
	for _, f := range s.files {
		applied := int(f.version) < st.Current || int(f.version) == st.Current && !st.Dirty
		st.Versions = append(st.Versions, Version{f.version, f.name, applied})
	}
	return st, nil
}

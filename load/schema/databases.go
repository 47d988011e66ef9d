package schema

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/retry"
)

// Codes of server exceptions.
const (
	codeUnknownTable    = 60
	codeUnknownDatabase = 81
	codeAccessDenied    = 497
)

// databases sees that both databases may be used, and makes the store if it is
// missing; on a cluster on all of its servers.
func (s *Schema) databases(ctx context.Context) error {
	conn, err := clickhouse.Open(s.ch)
	if err != nil {
		return err
	}
	defer conn.Close()
	there, err := s.usable(ctx, conn)
	if err != nil || there {
		return err
	}
	on, all := "", []string{s.store()}
	if s.opt.Cluster != "" {
		on, all = " ON CLUSTER "+sqltext.Identifier(s.opt.Cluster), []string{s.database(), s.store()}
	}
	for _, name := range all {
		err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+sqltext.Identifier(name)+on)
		if retry.Code(err) == codeAccessDenied {
			return fmt.Errorf("create the database %q, where the tables go: %w; %s", name, retry.OneLine{Err: err}, catalogue.Grants(s.database(), s.ch.Auth.Username))
		}
		if err != nil {
			return fmt.Errorf("create the database %q: %w", name, retry.OneLine{Err: err})
		}
	}
	return nil
}

// usable sees that neither database belongs to another archive and that the
// archive is not being restored. It says whether the store is there.
func (s *Schema) usable(ctx context.Context, conn driver.Conn) (there bool, err error) {
	const q = `SELECT countIf(database = ? AND name IN (?)) > 0, countIf(database = ? AND name IN (?)) > 0, countIf(database = ? AND name = ?) > 0,
			(SELECT count() > 0 FROM system.databases WHERE name = ?)
		FROM system.tables WHERE database IN (?, ?)`
	var tables, relations, restoring bool
	err = conn.QueryRow(ctx, q, s.database(), catalogue.Versions, s.store(), catalogue.Views(), s.store(), Restoring, s.store(), s.database(), s.store()).
		Scan(&tables, &relations, &restoring, &there)
	switch {
	case err != nil:
		return false, fmt.Errorf("look at the databases: %w", err)
	case tables:
		return false, fmt.Errorf("the database %q holds the tables of an archive, not its relations: %w", s.database(), ErrTaken)
	case relations:
		return false, fmt.Errorf("the database %q, where the tables go, holds the relations of another archive: %w", s.store(), ErrTaken)
	case restoring && !s.opt.Restorer:
		return false, ErrRestoring
	}
	return there, nil
}

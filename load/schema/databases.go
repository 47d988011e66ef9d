package schema

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/retry"
)

// Codes of server exceptions.
const (
	codeUnknownTable    = 60
	codeUnknownDatabase = 81
	codeAccessDenied    = 497
)

// databases checks that both databases may be used, and makes the store if it is missing, on
// all servers of a cluster.
func (s *Schema) databases(ctx context.Context) error {
	conn, err := clickhouse.Open(s.ch)
	if err != nil {
		return err
	}
	defer conn.Close()
	found, err := s.usable(ctx, conn)
	if err != nil || found.store && s.opt.Cluster == "" {
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

// otherShape is returned when the tables are on a cluster and the settings name none, or the
// other way round.
func (s *Schema) otherShape(engine string) error {
	if engine == "Distributed" {
		return fmt.Errorf("the archive %q is on a cluster: %w", s.database(), ErrCluster)
	}
	return fmt.Errorf("the archive %q is on one server, not on the cluster %q: %w", s.database(), s.opt.Cluster, ErrServer)
}

// found is what one look at the server's tables finds.
type found struct {
	store  bool // whether the store exists
	keeper bool // whether the server may have Keeper
	asks   bool // whether system.server_settings can say that it has
}

// usable checks that neither database belongs to another archive and that the archive is not
// being restored.
func (s *Schema) usable(ctx context.Context, conn driver.Conn) (f found, err error) {
	const q = `SELECT database, name, engine FROM system.tables WHERE database IN (?, ?) OR database = 'system' AND name IN ('zookeeper', 'server_settings')
		UNION ALL SELECT name, '', '' FROM system.databases WHERE name = ?`
	rows, err := conn.Query(ctx, q, s.database(), s.store(), s.store())
	if err != nil {
		return f, fmt.Errorf("look at the databases: %w", err)
	}
	defer rows.Close()
	restoring := false
	for rows.Next() {
		var database, table, engine string
		if err := rows.Scan(&database, &table, &engine); err != nil {
			return f, fmt.Errorf("look at the databases: %w", err)
		}
		switch tables := database == s.store(); {
		case database == "system":
			f.keeper, f.asks = f.keeper || table == "zookeeper", f.asks || table == "server_settings"
		case tables && slices.Contains(catalogue.Views(), table):
			return f, fmt.Errorf("the database %q, where the tables go, holds the relations of another archive: %w", database, ErrTaken)
		case !tables && table == catalogue.Versions:
			return f, fmt.Errorf("the database %q holds the tables of an archive, not its relations: %w", database, ErrTaken)
		case tables && table == catalogue.OfShape && (engine == "Distributed") != (s.opt.Cluster != ""):
			return f, s.otherShape(engine)
		case tables:
			f.store = true
			f.keeper = f.keeper || table == lease.Table && (strings.HasPrefix(engine, "Replicated") || strings.HasPrefix(engine, "Shared"))
			restoring = restoring || table == Restoring
		}
	}
	if err := rows.Err(); err != nil {
		return f, fmt.Errorf("look at the databases: %w", err)
	}
	if restoring && !s.opt.Restorer {
		return f, ErrRestoring
	}
	return f, nil
}

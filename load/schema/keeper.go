package schema

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/retry"
)

// codeBadArguments is the answer of a server without a place for KeeperMap tables.
const codeBadArguments, noKeeperPath = 36, "'keeper_map_path_prefix' config is not defined"

// errSomeKeepers is returned when only some replicas have Keeper: leases would exclude only
// processes that use the same replicas.
var errSomeKeepers = errors.New("a replica lacks keeper_map_path_prefix, which others have: set it on all of them, or drop the table " + lease.Keeper + " from all")

// bootstrapKeeper makes the table of leases in Keeper, if the server has Keeper and its
// configuration allows tables there.
func (s *Schema) bootstrapKeeper(ctx context.Context, conn driver.Conn, on server) error {
	const name = "keeper.sql"
	if !on.keeper {
		return nil
	}
	text, err := s.renderFor(on, name)
	if err != nil {
		return err
	}
	err = runAll(ctx, conn, name, text)
	if retry.Code(err) != codeBadArguments || !strings.Contains(err.Error(), noKeeperPath) {
		return err
	}
	if there, wrong := s.has(ctx, conn, lease.Keeper); wrong != nil || there {
		return errors.Join(wrong, fmt.Errorf("%w: %w", errSomeKeepers, err))
	}
	return nil
}

// server holds what the schema needs to know about a server.
type server struct {
	id     string // its UUID
	keeper bool   // it may have Keeper
}

// serverOf reads the properties of the server.
func (s *Schema) serverOf(ctx context.Context, conn driver.Conn) (on server, err error) {
	if err := conn.QueryRow(ctx, "SELECT toString(serverUUID())").Scan(&on.id); err != nil {
		return on, fmt.Errorf("read the server's id: %w", err)
	}
	f, err := s.usable(ctx, conn)
	if err == nil {
		on.keeper, err = s.mayHaveKeeper(ctx, conn, f)
	}
	return on, err
}

// mayHaveKeeper finds out whether the server may have Keeper without causing an error in the
// server's log: replicated tables need Keeper; other servers show the table zookeeper or,
// since version 26, the hosts.
func (s *Schema) mayHaveKeeper(ctx context.Context, conn driver.Conn, f found) (keeper bool, err error) {
	if f.keeper || s.opt.Cluster != "" || !f.asks {
		return f.keeper || s.opt.Cluster != "", nil
	}
	const q = "SELECT count() > 0 FROM system.server_settings WHERE name = 'keeper_hosts' AND value != ''"
	if err := conn.QueryRow(ctx, q).Scan(&keeper); err != nil {
		return false, fmt.Errorf("look whether the server has Keeper: %w", err)
	}
	return keeper, nil
}

// keeperPath returns the place in Keeper of this archive's leases. No other archive uses it:
// it has the name of the cluster, or else the server's UUID, and the database's name.
func (s *Schema) keeperPath(server string) string {
	of := s.opt.Cluster
	if of == "" {
		of = server
	}
	return "/callvault/" + url.QueryEscape(of) + "/" + url.QueryEscape(s.database())
}

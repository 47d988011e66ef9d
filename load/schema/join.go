package schema

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/load/cluster"
)

// joined returns the servers that have joined the cluster after the tables were made.
func (s *Schema) joined(ctx context.Context) ([]string, error) {
	if s.opt.Cluster == "" {
		return nil, nil
	}
	conn, err := clickhouse.Open(s.ch)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return s.cluster().Lacking(ctx, conn, s.database(), s.store())
}

func (s *Schema) cluster() *cluster.Cluster { return cluster.New(s.opt.Cluster, s.store()) }

// join makes the tables of the version on servers that have joined. Such a server must not
// answer before it has the rows of the others, so it is away first. The caller holds the
// archive lease.
func (s *Schema) join(g *guarded, joined []string, version int) error {
	if len(joined) == 0 || version < 0 {
		return nil
	}
	if err := s.cluster().Leave(g.ctx, g.conn, joined); err != nil {
		return err
	}
	for _, f := range s.files {
		if int(f.version) > version {
			break
		}
		file := f.name + ".up.sql"
		text, err := s.render(file)
		if err == nil {
			err = runAll(g.ctx, g.conn, file, text)
		}
		if err != nil {
			return fmt.Errorf("make the tables on the servers that have joined: %w", err)
		}
	}
	return nil
}

package schema

import (
	"context"
	"strings"

	"github.com/golang-migrate/migrate/v4"
)

// Views makes the views of the version that the database has once more. RESTORE
// under another name rewrites their queries, and loses the aliases of tables.
func (s *Schema) Views(ctx context.Context) error {
	_, err := s.locked(ctx, "make views", func(_ *migrate.Migrate, g *guarded) error {
		version, _, err := g.Version()
		if err != nil {
			return err
		}
		for _, f := range s.files {
			if int(f.version) > version {
				break
			}
			if err := s.viewsOf(g, f.name+".up.sql"); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// viewsOf runs the statements of a file that are about views.
func (s *Schema) viewsOf(g *guarded, name string) error {
	text, err := s.render(name)
	if err != nil {
		return err
	}
	for _, statement := range statements(text) {
		if strings.HasPrefix(statement, "CREATE OR REPLACE VIEW") || strings.HasPrefix(statement, "DROP VIEW") {
			if err := runAll(g.ctx, g.conn, name, statement+";"); err != nil {
				return err
			}
		}
	}
	return nil
}

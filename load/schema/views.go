package schema

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/golang-migrate/migrate/v4"
)

// Views makes the views of the version that the archive has. They read with the
// rights of the user who makes them, so a backup cannot bring them back.
func (s *Schema) Views(ctx context.Context) error {
	_, err := s.locked(ctx, "make views", nothing, func(_ *migrate.Migrate, g *guarded) error {
		version, _, err := g.Version()
		if err != nil {
			return err
		}
		views, err := s.viewsOf(version)
		if err != nil {
			return err
		}
		for _, v := range views {
			if err := runAll(g.ctx, g.conn, v.file, v.statement+";"); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// view is a statement that makes a view, and its file.
type view struct{ name, statement, file string }

var madeView = regexp.MustCompile(`^(?:CREATE OR REPLACE VIEW|DROP VIEW IF EXISTS) ` + quotedName + `\.(\w+)`)

// viewsOf returns the views of a version, each as the last version made it. An earlier form
// of a view may name columns that no longer exist.
func (s *Schema) viewsOf(version int) ([]view, error) {
	var views []view
	for _, f := range s.files {
		if int(f.version) > version {
			break
		}
		file := f.name + ".up.sql"
		text, err := s.render(file)
		if err != nil {
			return nil, err
		}
		for _, statement := range statements(text) {
			m := madeView.FindStringSubmatch(statement)
			if m == nil {
				continue
			}
			views = slices.DeleteFunc(views, func(v view) bool { return v.name == m[1] })
			if strings.HasPrefix(statement, "CREATE") {
				views = append(views, view{m[1], statement, file})
			}
		}
	}
	return views, nil
}

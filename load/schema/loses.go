package schema

import (
	"regexp"
	"slices"
)

// droppedTable matches a table that a way down drops.
var droppedTable = regexp.MustCompile(`^DROP TABLE IF EXISTS ` + quotedName + `\.(\w+)`)

// quotedName matches a name as sqltext.Identifier quotes it.
const quotedName = "`(?:[^`\\\\]|\\\\.)*`"

// Loses returns the names of the tables whose rows are lost on the way down from one version
// to another.
func (s *Schema) Loses(from, to int) ([]string, error) {
	var tables []string
	for _, f := range s.files {
		if int(f.version) > from || int(f.version) <= to {
			continue
		}
		text, err := s.render(f.name + ".down.sql")
		if err != nil {
			return nil, err
		}
		for _, statement := range statements(text) {
			if m := droppedTable.FindStringSubmatch(statement); m != nil {
				tables = append(tables, m[1])
			}
		}
	}
	slices.Sort(tables)
	return tables, nil
}

package schema

import (
	"regexp"
	"slices"
)

// droppedTable is a table in a way down.
var droppedTable = regexp.MustCompile(`^DROP TABLE IF EXISTS ` + quotedName + `\.(\w+)`)

// quotedName is a name as sqltext.Identifier quotes it.
const quotedName = "`(?:[^`\\\\]|\\\\.)*`"

// Loses are the tables, by name, whose rows are lost on the way down from a
// version to another one.
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

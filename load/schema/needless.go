package schema

import (
	"context"
	"regexp"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// madeLater begins a statement that is left out: a later version makes the view
// again.
const madeLater = "/* A later version makes it again. */ "

// mention is a relation of a database, or what looks like one.
var mention = regexp.MustCompile("\\.`?(\\w+)")

// leaveOut marks the statements, those of all ways up in their order, that make a
// view which a later one makes again, or drops, and that none between needs.
// What is marked depends on what follows only: a way up that was cut short goes
// on as it would have.
func leaveOut(all []string) {
	again := map[string]bool{} // views that are made later, before anything asks for them
	for i := len(all) - 1; i >= 0; i-- {
		made := madeView.FindStringSubmatch(all[i])
		if made != nil && again[made[1]] && strings.HasPrefix(all[i], "CREATE") {
			all[i] = madeLater + all[i]
			continue
		}
		for _, m := range mention.FindAllStringSubmatch(all[i], -1) {
			delete(again, m[1])
		}
		if made != nil {
			again[made[1]] = true
		}
	}
}

// waysUp are the ways up by version, with what leaveOut marks.
func (s *Schema) waysUp() (map[uint]string, error) {
	var all []string
	var ends []int
	for _, f := range s.files {
		text, err := s.render(f.name + ".up.sql")
		if err != nil {
			return nil, err
		}
		all = append(all, statements(text)...)
		ends = append(ends, len(all))
	}
	leaveOut(all)
	ups := map[uint]string{}
	begin := 0
	for i, f := range s.files {
		ups[f.version] = strings.Join(all[begin:ends[i]], ";\n")
		begin = ends[i]
	}
	return ups, nil
}

// ifRows is in a statement that moves the rows of a table, or prepares for that.
var ifRows = regexp.MustCompile(`/\* if (\w+) has rows \*/`)

// needless says whether a statement need not run: what comes of it all is the same.
func needless(ctx context.Context, conn driver.Conn, statement string) (bool, error) {
	m := ifRows.FindStringSubmatch(statement)
	if m == nil {
		return strings.HasPrefix(statement, madeLater), nil
	}
	var rows uint64
	err := conn.QueryRow(ctx, "SELECT count() FROM "+m[1]).Scan(&rows)
	return rows == 0, err
}

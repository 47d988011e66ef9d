package schema

import (
	"fmt"
	"io/fs"
	"strings"
	"text/template"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
)

// words holds the template words of a migration file.
type words struct {
	Database   string // of the relations, quoted
	Store      string // of the tables, quoted
	Databases  string // both, as literals
	OnCluster  string // "" or ON CLUSTER `name`
	Cluster    string // its name, quoted
	Shard      string // the end of the name of a table with the rows of one shard
	Global     string // before IN, where the set is found once for all shards
	KeeperPath string // of the leases in Keeper
	Alone      bool   // no other server has the tables; only for bootstrap.sql
}

// render reads a file of the schema and fills in its words.
func (s *Schema) render(name string) (string, error) { return s.renderFor(server{}, name) }

// renderFor is render for a server.
func (s *Schema) renderFor(on server, name string) (string, error) {
	text, err := fs.ReadFile(s.opt.FS, name)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrFile, err)
	}
	t := template.New(name)
	t.Funcs(template.FuncMap{"engine": s.engine, "everywhere": s.everywhere}).Funcs(columnWords(t))
	if _, err := t.Parse(string(text)); err != nil {
		return "", fmt.Errorf("%w: %w", ErrFile, err)
	}
	w := words{
		Database: sqltext.Identifier(s.database()), Store: sqltext.Identifier(s.store()),
		Databases:  sqltext.Literal(s.database()) + ", " + sqltext.Literal(s.store()),
		KeeperPath: s.keeperPath(on.id), Alone: !on.keeper && s.opt.Cluster == "",
	}
	if s.opt.Cluster != "" {
		w.Cluster = sqltext.Identifier(s.opt.Cluster)
		w.OnCluster, w.Shard, w.Global = "ON CLUSTER "+w.Cluster, catalogue.Shard, "GLOBAL "
	}
	var b strings.Builder
	if err := t.Execute(&b, w); err != nil {
		return "", fmt.Errorf("%w: %w", ErrFile, err)
	}
	return b.String(), nil
}

// engine returns a MergeTree engine with its arguments or, on a cluster, the form that
// replicates the rows within their shard. The path names the table, so no table may be renamed
// or exchanged, and dropping a table needs SYNC.
func (s *Schema) engine(name string, args ...string) string {
	return s.replicated("/clickhouse/tables/{shard}/{database}/{table}", "{replica}", name, args)
}

// everywhere is engine for a table that has all its rows on every server.
func (s *Schema) everywhere(name string, args ...string) string {
	return s.replicated("/clickhouse/tables/everywhere/{database}/{table}", "{shard}-{replica}", name, args)
}

func (s *Schema) replicated(path, replica, name string, args []string) string {
	if s.opt.Cluster != "" {
		name = "Replicated" + name
		args = append([]string{sqltext.Literal(path), sqltext.Literal(replica)}, args...)
	}
	if len(args) == 0 {
		return name
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}

// statements cuts a file at every ";" that ends a line.
func statements(text string) []string {
	var all []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimRight(line, " \t\r\n")
		if rest, end := strings.CutSuffix(trimmed, ";"); end {
			b.WriteString(rest)
			all = appendStatement(all, b.String())
			b.Reset()
			continue
		}
		b.WriteString(trimmed + "\n")
	}
	return appendStatement(all, b.String())
}

func appendStatement(all []string, statement string) []string {
	if statement = strings.TrimSpace(statement); statement != "" {
		all = append(all, statement)
	}
	return all
}

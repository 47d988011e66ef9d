package schema

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/internal/catalogue"
)

func TestRenderForCluster(t *testing.T) {
	t.Parallel()
	ch := &clickhouse.Options{Auth: clickhouse.Auth{Database: "o`dd"}}
	s, err := New(ch, Options{Cluster: "main"})
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(s.opt.FS, "*.sql")
	if err != nil || len(files) < 4 {
		t.Fatalf("files of the schema: %v, %v", files, err)
	}
	for _, f := range files {
		text, err := s.render(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, statement := range statements(text) {
			if strings.HasPrefix(statement, "INSERT INTO `o\\`dd") {
				continue // replicas have it from each other
			}
			if !strings.Contains(statement, "ON CLUSTER `main`") || !strings.Contains(statement, "`o\\`dd`.") && !strings.Contains(statement, "`o\\`dd_store`.") {
				t.Errorf("%s: statement %d is not for the cluster:\n%s", f, i+1, statement)
			}
			if !strings.Contains(statement, "ENGINE") || strings.Contains(statement, "ENGINE = KeeperMap('/callvault/main/o%60dd") {
				continue // all servers have that one
			}
			if want := engineOf(statement); !strings.Contains(statement, want) {
				t.Errorf("%s: statement %d is not for the cluster, without %s:\n%s", f, i+1, want, statement)
			}
		}
	}
}

// engineOf returns what the engine of a table on a cluster has.
func engineOf(statement string) string {
	name := regexp.MustCompile("\\.(\\w+) ON CLUSTER").FindStringSubmatch(statement)[1]
	whole, shard := strings.CutSuffix(name, catalogue.Shard)
	sharded := slices.ContainsFunc(catalogue.Tables(), func(t catalogue.Table) bool { return t.Name == whole && t.Sharded() })
	switch {
	case shard && sharded:
		return "MergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
	case sharded:
		return "ENGINE = Distributed(`main`, `o\\`dd_store`, " + name + "_shard, cityHash64("
	}
	return "MergeTree('/clickhouse/tables/everywhere/{database}/{table}', '{shard}-{replica}'"
}

func TestStatements(t *testing.T) {
	t.Parallel()
	got := statements("SELECT ';', 1;\n\n  -- a remark; this too\nSELECT\n 2 ;  \r\n;\nSELECT 3")
	want := []string{"SELECT ';', 1", "-- a remark; this too\nSELECT\n 2", "SELECT 3"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

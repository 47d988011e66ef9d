//go:build cluster

package analyst

import (
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/clustertest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// openCluster connects to the first server of a cluster and makes an archive there.
func openCluster(t *testing.T, c *clustertest.Cluster) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c.Node(1, 1).DSN("trtc"), store.Options{Cluster: c.Name(), Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	m, err := schema.New(s.ClickHouse(), schema.Options{Cluster: c.Name()})
	if err == nil {
		_, err = m.Up(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// relationSums is a checksum of each relation, without those about the archive itself.
func relationSums(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, r := range catalogue.Relations() {
		switch r.Name {
		case "archive_runs", "disk_usage", "ledger", "quality_thresholds":
			continue
		}
		// sums of doubles depend on the order of parts
		const single = "SELECT if(type LIKE '%Float64%', concat('CAST(', name, ', \\'', replaceAll(type, 'Float64', 'Float32'), '\\')'), name) FROM system.columns WHERE database = currentDatabase() AND table = '"
		columns := column(t, s, single+r.Name+"' ORDER BY position")
		q := "SELECT concat(toString(count()), ' rows, ', toString(sum(cityHash64(toString(tuple(" + strings.Join(columns, ", ") + ")))))) FROM " + r.Name
		sums[r.Name] = column(t, s, q)[0]
	}
	return sums
}

// TestClusterAnswers reads every relation, and asks the questions of the cookbook, on two
// shards: the answers are those of one server.
func TestClusterAnswers(t *testing.T) {
	one := open(t, embeddedtest.Database(t))
	c := clustertest.Start(t, 2, 1)
	many := openCluster(t, c)
	for _, s := range []*store.Store{one, many} {
		if _, err := fillAll(t.Context(), s, 1<<62, fleet(t)); err != nil {
			t.Fatal(err)
		}
	}
	want, got := relationSums(t, one), relationSums(t, many)
	for r, sum := range want {
		if got[r] != sum {
			t.Errorf("%s has %s on two shards, and %s on one server", r, got[r], sum)
		}
	}
	_, all := questions(t)
	ids := demoIDs(t, one)
	servers := []*server{serverOf(embeddedtest.Shared(t).HTTPURL(), one), serverOf(c.Node(1, 1).HTTPURL(), many)}
	for _, q := range all {
		var answers []string
		for _, srv := range servers {
			answer, _, err := srv.query(t.Context(), ids.Replace(q.sql), "TSV")
			if err != nil {
				t.Fatalf("%s: %v", q.title, err)
			}
			answers = append(answers, answer)
		}
		if answers[0] != answers[1] {
			t.Errorf("%s: two shards answer\n%s\none server\n%s", q.title, answers[1], answers[0])
		}
	}
}

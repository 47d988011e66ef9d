package analyst

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

var update = flag.Bool("update", false, "write the results into docs/cookbook.md and docs/queries.md")

const cookbook = "../../docs/cookbook.md"

// question is a question of the cookbook.
type question struct {
	title, kind, sql string
}

// asked finds the questions: title, kind, SQL and, if there is one, the result.
var asked = regexp.MustCompile("(?s)### ([^\n]+)\n(.*?)<!-- question: ([a-z ]+) -->\n```sql\n(.*?)```\n(?:\n<!-- result -->\n.*?<!-- end -->\n)?")

func questions(t *testing.T) (page string, all []question) {
	t.Helper()
	b, err := os.ReadFile(cookbook)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range asked.FindAllStringSubmatch(string(b), -1) {
		all = append(all, question{m[1], m[3], m[4]})
	}
	if len(all) != 24 {
		t.Errorf("%d questions", len(all))
	}
	return string(b), all
}

// server queries ClickHouse over HTTP, as a BI tool does.
type server struct {
	base           string
	auth           *store.Store
	user, password string
}

// serverOf returns a server that queries the store's database as its user.
func serverOf(base string, s *store.Store) *server {
	a := s.ClickHouse().Auth
	return &server{base, s, a.Username, a.Password}
}

// cost is the cost of a query, as the server reports it.
type cost struct {
	Rows  int64 `json:"read_rows,string"`
	Bytes int64 `json:"read_bytes,string"`
	Nanos int64 `json:"elapsed_ns,string"`
}

func (s *server) query(ctx context.Context, sql, format string) (string, cost, error) {
	v := url.Values{"database": {s.auth.ClickHouse().Auth.Database}, "user": {s.user}, "password": {s.password}, "default_format": {format}, "wait_end_of_query": {"1"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/?"+v.Encode(), strings.NewReader(sql))
	if err != nil {
		return "", cost{}, err
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", cost{}, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s", body)
	}
	var c cost
	if err == nil {
		err = json.Unmarshal([]byte(a.Header.Get("X-ClickHouse-Summary")), &c)
	}
	return string(body), c, err
}

// fleet is the cookbook's archive: two applications in which some users share ids, with
// troubles, sessions over midnight, running calls and a call of several days.
func fleet(t testing.TB) *simulator.Simulator {
	t.Helper()
	return simulate(t, simulator.Options{
		Seed: 1, Calls: 120, Retention: month, Troubles: true, Apps: []uint32{simulator.DefaultApp, simulator.DefaultApp + 1},
		Straddle: true, Long: 1, LongFor: 5 * 24 * time.Hour,
	})
}

// demoIDs replaces the cookbook's call, user and room with those of a call in the archive
// that was bad by somebody's fault.
func demoIDs(t *testing.T, s *store.Store) *strings.Replacer {
	t.Helper()
	row := column(t, s, `
		SELECT arrayJoin([c.comm_id, c.room_id, c.worst_user_id]) FROM
		(
			SELECT comm_id, room_id, worst_user_id FROM calls
			WHERE users = 3 AND cause = 'peer_uplink' AND grade = 'serious' AND created_at >= '2026-05-08' AND NOT match(concat(comm_id, room_id, worst_user_id), '[^a-zA-Z0-9_]')
			ORDER BY created_at, comm_id LIMIT 1
		) AS c`)
	if len(row) != 3 {
		t.Fatalf("no call for the examples: %q", row)
	}
	return strings.NewReplacer("demo-call", row[0], "demo-room", row[1], "demo-user", row[2])
}

// TestCookbook runs the questions in an archive that never changes.
func TestCookbook(t *testing.T) {
	t.Parallel()
	s := open(t, embeddedtest.Database(t))
	if _, err := fillAll(t.Context(), s, 1<<62, fleet(t)); err != nil {
		t.Fatal(err)
	}
	srv := serverOf(embeddedtest.Shared(t).HTTPURL(), s)
	ids := demoIDs(t, s)
	page, _ := questions(t)
	got := asked.ReplaceAllStringFunc(page, func(block string) string {
		m := asked.FindStringSubmatch(block)
		sql := ids.Replace(m[4])
		result, _, err := srv.query(t.Context(), sql, "Markdown")
		if err != nil {
			t.Fatalf("%s: %v", m[1], err)
		}
		if strings.Count(result, "\n") < 3 {
			t.Errorf("%s: nothing found:\n%s", m[1], result)
		}
		return fmt.Sprintf("### %s\n%s<!-- question: %s -->\n```sql\n%s```\n\n<!-- result -->\n%s<!-- end -->\n", m[1], m[2], m[3], sql, result)
	})
	if *update {
		if err := os.WriteFile(cookbook, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(page, got); diff != "" {
		t.Errorf("docs/cookbook.md does not show what comes out (go test ./test/analyst -update writes it):\n%s", diff)
	}
}

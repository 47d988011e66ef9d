package embeddedtest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/test/embeddedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

func TestDatabaseIsTheTestsOwn(t *testing.T) {
	for range 2 {
		t.Run("fresh", func(t *testing.T) {
			options, err := clickhouse.ParseDSN(embeddedtest.Database(t))
			if err != nil {
				t.Fatal(err)
			}
			conn, err := clickhouse.Open(options)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := conn.Exec(ctx, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a"); err != nil {
				t.Fatal(err)
			}
			if err := conn.Exec(ctx, "INSERT INTO t VALUES (1)"); err != nil {
				t.Fatal(err)
			}
			var n uint64
			if err := conn.QueryRow(ctx, "SELECT count() FROM t").Scan(&n); err != nil || n != 1 {
				t.Fatalf("count = %d, %v", n, err)
			}
		})
	}
}

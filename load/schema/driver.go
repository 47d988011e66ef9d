package schema

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/golang-migrate/migrate/v4/database"

	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/retry"
)

// guarded is golang-migrate's ClickHouse driver with three additions: a lock that excludes
// other processes, statements that run one by one under a context, and versions in the right
// order even if the clients' clocks differ.
type guarded struct {
	database.Driver
	ctx  context.Context // ends when the lease is lost
	conn driver.Conn
	held *lease.Lease
	ran  int  // files that ran to their end
	done *int // version that is clean and not yet noted
}

// Lock only checks the lease. The lease is taken before golang-migrate is made, because that
// creates the table of versions.
func (g *guarded) Lock() error {
	if g.held.Err() != nil {
		return errors.Join(database.ErrLocked, g.held.Err())
	}
	return nil
}

// Unlock notes the last version that is done.
func (g *guarded) Unlock() error {
	if g.done == nil {
		return nil
	}
	return g.note(*g.done, false)
}

// Run executes a file whose first line is its name.
func (g *guarded) Run(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read migration: %w", err)
	}
	name, body, _ := strings.Cut(string(text), "\n")
	if err := runAll(g.ctx, g.conn, name, body); err != nil {
		return err
	}
	g.ran++
	return nil
}

// SetVersion notes that a version is begun. The beginning of the next version, or Unlock,
// notes that it is done. Until then it would be applied again.
func (g *guarded) SetVersion(version int, dirty bool) error {
	if !dirty {
		g.done = &version
		return nil
	}
	return g.note(version, true)
}

// note writes a row that comes after every other one.
func (g *guarded) note(version int, dirty bool) error {
	flag := uint8(0)
	if dirty {
		flag = 1
	}
	const q = `
		INSERT INTO schema_migrations (version, dirty, sequence)
		SELECT toInt64(?), toUInt8(?), greatest(max(sequence) + 1, toUInt64(toUnixTimestamp64Nano(now64(9))))
		FROM schema_migrations`
	if err := g.conn.Exec(g.ctx, q, version, flag); err != nil {
		return fmt.Errorf("set schema version %d: %w", version, err)
	}
	g.done = nil
	return nil
}

// runAll executes the statements of one file. The error names the statement that failed.
func runAll(ctx context.Context, conn driver.Conn, name, body string) error {
	all := statements(body)
	for i, statement := range all {
		if err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("run %s: statement %d of %d: %w", name, i+1, len(all), retry.OneLine{Err: err})
		}
	}
	return nil
}

package backup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/load/cluster"
)

// reading is the contents of an archive while they are read.
type reading struct {
	whole  driver.Rows // what this server has whole
	shards driver.Rows // what the shards of a cluster have together; nil: it is one server
	begun  uint64      // shards that have begun
	known  map[string]*sum
}

// contents begins to read the contents of an archive as of now; later writes do not change
// the result. moment is when the backup was begun. The caller closes the reading.
func contents(ctx context.Context, conn driver.Conn, c *cluster.Cluster, database string, moment time.Time) (*reading, error) {
	here, spread, err := contentsQueries(ctx, conn, c, database, moment)
	if err != nil {
		return nil, err
	}
	r := &reading{known: map[string]*sum{}}
	if r.whole, err = conn.Query(ctx, here); err != nil {
		return nil, err
	}
	if spread == "" {
		return r, nil
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": len(spread) + 64<<10}))
	if r.shards, err = conn.Query(ctx, spread); err == nil {
		err = r.untilBegun(ctx, conn, c)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// hasBegun is the row that each shard sends first: it has seen then which parts it reads.
const hasBegun = "SELECT '' AS of, toUInt64(0) AS n, '0' AS checksum"

// untilBegun reads until all shards have begun.
func (r *reading) untilBegun(ctx context.Context, conn driver.Conn, c *cluster.Cluster) error {
	shape, err := c.Shape(ctx, conn)
	if err != nil {
		return err
	}
	for r.begun < shape.Shards && r.shards.Next() {
		if err := r.take(); err != nil {
			return err
		}
	}
	if err := r.shards.Err(); err != nil || r.begun == shape.Shards {
		return err
	}
	return fmt.Errorf("%w: %d of %s answer", cluster.ErrServers, r.begun, shards(shape.Shards))
}

// sum is what the shards have of a table.
type sum struct{ rows, checksum uint64 }

// take takes a row of a shard.
func (r *reading) take() error {
	var of, checksum string
	var n uint64
	if err := r.shards.Scan(&of, &n, &checksum); err != nil {
		return err
	}
	if of == "" {
		r.begun++
		return nil
	}
	h, err := strconv.ParseUint(checksum, 16, 64)
	if err != nil {
		return fmt.Errorf("checksum of %s: %w", of, err)
	}
	if r.known[of] == nil {
		r.known[of] = &sum{}
	}
	r.known[of].rows += n
	r.known[of].checksum += h
	return nil
}

func (r *reading) close() {
	r.whole.Close()
	if r.shards != nil {
		r.shards.Close()
	}
}

// read reads contents to their end.
func (r *reading) read() (all []Content, err error) {
	defer r.close()
	for r.whole.Next() {
		var c Content
		if err := r.whole.Scan(&c.Of, &c.Rows, &c.Checksum); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if err := r.whole.Err(); err != nil || r.shards == nil {
		return all, err
	}
	for r.shards.Next() {
		if err := r.take(); err != nil {
			return nil, err
		}
	}
	for _, of := range slices.Sorted(maps.Keys(r.known)) {
		all = append(all, Content{of, r.known[of].rows, fmt.Sprintf("%X", r.known[of].checksum)})
	}
	return all, r.shards.Err()
}

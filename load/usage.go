package load

import (
	"context"
	"fmt"
)

// Usage is the size of one relation on disk.
type Usage struct {
	Relation     string // as analysts know it: without _data
	Rows         uint64 // of the base table, hidden ones included
	Bytes        uint64 // on disk, compressed
	Uncompressed uint64
	Parts        uint64
}

// DiskUsage lists the tables of both databases, the largest first. It needs the
// right to read system.parts.
func (s *Store) DiskUsage(ctx context.Context) ([]Usage, error) {
	const q = `
		SELECT replaceRegexpOne(table, '_data$', ''), sum(rows), sum(bytes_on_disk) AS size, sum(data_uncompressed_bytes), count()
		FROM system.parts WHERE active AND database IN (?, currentDatabase())
		GROUP BY table ORDER BY size DESC, table`
	rows, err := s.conn.Query(ctx, q, s.Database())
	if err != nil {
		return nil, fmt.Errorf("read disk usage: %w", err)
	}
	defer rows.Close()
	var all []Usage
	for rows.Next() {
		var u Usage
		if err := rows.Scan(&u.Relation, &u.Rows, &u.Bytes, &u.Uncompressed, &u.Parts); err != nil {
			return nil, fmt.Errorf("read disk usage: %w", err)
		}
		all = append(all, u)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read disk usage: %w", err)
	}
	return all, nil
}

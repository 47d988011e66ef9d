package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/retry"
)

// codeNoSpace is the code of an insert without enough disk space.
const codeNoSpace = 243

// WithHint adds to an error what to try, if it is about a right that the user does not
// have or about a full disk, which it names.
func (s *Store) WithHint(ctx context.Context, err error) error {
	switch code := retry.Code(err); {
	case code == codeAccessDenied && !strings.Contains(err.Error(), "GRANT "):
		return fmt.Errorf("%w; %s", err, catalogue.Grants(s.Database(), s.ch.Auth.Username))
	case err == nil, code != codeNoSpace && !strings.Contains(err.Error(), "No space left on device"):
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	const q = "SELECT name, path, free_space, total_space FROM system.disks ORDER BY free_space / greatest(total_space, 1) LIMIT 1"
	var name, path string
	var free, total uint64
	if s.conn.QueryRow(ctx, q).Scan(&name, &path, &free, &total) != nil {
		return fmt.Errorf("%w; make room on ClickHouse's disk", err)
	}
	return fmt.Errorf("%w; make room on ClickHouse's disk %s, %s: %s of %s are free", err, name, path, humanize.IBytes(free), humanize.IBytes(total))
}

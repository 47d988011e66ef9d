package store

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/retry"
)

// Codes of an insert without enough disk space, and of a query for which no replica of a shard
// answers.
const (
	codeNoSpace = 243
	codeNoShard = 279
)

// noShard is an error of a query for which no replica of a shard answers.
type noShard struct {
	cluster string
	err     error
}

// tried finds the addresses that a server has tried.
var tried = regexp.MustCompile(`\(([^\s(),]+:\d+)[,)]`)

func (e noShard) Error() string {
	var all []string
	for _, m := range tried.FindAllStringSubmatch(e.err.Error(), -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return fmt.Sprintf("a shard of the cluster %s is down, none of its replicas answers: %s; start one of them, the next run goes on", e.cluster, strings.Join(slices.Compact(all), ", "))
}

func (e noShard) Unwrap() error { return e.err }

// WithHint adds to an error what to try, if it is about a right that the user does not
// have, about a full disk, which it names, or about a shard that is down.
func (s *Store) WithHint(ctx context.Context, err error) error {
	switch code := retry.Code(err); {
	case code == codeNoShard && s.cluster.Many():
		return noShard{s.cluster.Name(), err}
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

package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
)

// Progress is called with the bytes done and their total. of is 0 while the total is not
// known. One goroutine calls it.
type Progress func(what string, done, of uint64)

// operation is a BACKUP or RESTORE that runs in the server.
type operation struct {
	conn    driver.Conn
	cluster *cluster.Cluster
	place   Place
	id      string
}

// state is the state of an operation in system.backups.
type state struct {
	status, err   string
	files         uint64 // written so far
	size, written uint64 // bytes: with and without what is in the base
	read          uint64 // bytes, by a RESTORE
}

// silent is how long a server of a cluster may be without Keeper during an operation:
// ClickHouse's default is an hour.
const silent = 2 * time.Minute

// looks is how often the progress is read from the server.
const looks = 100 * time.Millisecond

// purpose begins the ids of operations on a database: backup or restore.
func purpose(what, database string) string { return "callvault-" + what + "-" + database + "-" }

// underway returns the running operations of a purpose.
func underway(ctx context.Context, conn driver.Conn, c *cluster.Cluster, purpose string) (ids []string, err error) {
	q := "SELECT groupArray(id) FROM " + c.Everywhere("system.backups") + " WHERE startsWith(id, ?) AND status IN ('CREATING_BACKUP', 'RESTORING')"
	if err := conn.QueryRow(ctx, q, purpose).Scan(&ids); err != nil {
		return nil, fmt.Errorf("look for backups under way: %w", err)
	}
	return ids, nil
}

// begin starts a BACKUP or RESTORE that continues in the server.
func begin(ctx context.Context, conn driver.Conn, c *cluster.Cluster, p Place, purpose, statement string, settings ...string) (*operation, error) {
	o := &operation{conn: conn, cluster: c, place: p, id: purpose + strings.ToLower(rand.Text())}
	settings = append([]string{"id = " + sqltext.Literal(o.id), "async = 1"}, settings...)
	with := clickhouse.Settings{"s3_retry_attempts": 6, "backup_restore_s3_retry_attempts": 6}
	if c.Many() {
		with["backup_restore_failure_after_host_disconnected_for_seconds"] = int(silent.Seconds())
	}
	qctx := clickhouse.Context(ctx, clickhouse.WithSettings(with))
	if err := conn.Exec(qctx, statement+" SETTINGS "+strings.Join(settings, ", ")); err != nil {
		return nil, o.explain(err.Error())
	}
	return o, nil
}

// await polls the operation until enough returns true or the operation has ended. If ctx
// ends first, await ends the operation, too.
func (o *operation) await(ctx context.Context, enough func(state) bool) (state, error) {
	tick := time.NewTicker(looks)
	defer tick.Stop()
	for {
		s, err := o.look(ctx)
		switch {
		case ctx.Err() != nil:
			o.kill(ctx)
			return s, context.Cause(ctx)
		case err != nil:
			return s, err
		case s.status == "BACKUP_CREATED" || s.status == "RESTORED":
			return s, nil
		case s.status != "CREATING_BACKUP" && s.status != "RESTORING":
			return s, o.explain(s.err)
		case enough(s):
			return s, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (o *operation) look(ctx context.Context) (s state, err error) {
	const q = "SELECT toString(status), error, num_files, total_size, compressed_size, bytes_read FROM system.backups WHERE id = ?"
	err = o.conn.QueryRow(ctx, q, o.id).Scan(&s.status, &s.err, &s.files, &s.size, &s.written, &s.read)
	if err != nil {
		err = fmt.Errorf("look at the backup under way: %s; with several servers behind CLICKHOUSE_DSN, name one of them", oneLine(o.place, err))
	}
	return s, err
}

// killWithin bounds the end of an operation.
const killWithin = 30 * time.Second

// kill tries to end the operation. What the operation leaves is never a valid backup.
func (o *operation) kill(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killWithin)
	defer cancel()
	_ = o.conn.Exec(ctx, "KILL QUERY"+o.cluster.On()+" WHERE query_id IN (SELECT query_id FROM system.backups WHERE id = "+sqltext.Literal(o.id)+") SYNC")
}

// explain returns in one line why the server failed, and what to try.
func (o *operation) explain(text string) error {
	text = strings.Join(strings.Fields(text), " ")
	text, _, _ = strings.Cut(text, ", Stack trace (")
	text = o.place.mask(text)
	try := ""
	switch {
	case strings.Contains(text, "is not allowed for backups"), strings.Contains(text, "allowed_path"):
		try = "; allow the folder in the server's <backups><allowed_path>, or give another place"
	case strings.Contains(text, "BackupsIOThreadPool is not initialized"):
		text, try = "the embedded ClickHouse cannot write backups to object storage", "; back up to a folder and copy that (it can restore from there), or set CLICKHOUSE_DSN"
	case strings.Contains(text, "UNKNOWN_POLICY"), strings.Contains(text, "No such volume"):
		try = "; the archive moved old data to cold storage, which this server does not have: add it to the server's storage_configuration, or leave it with --storage-policy default"
	case strings.Contains(text, "Not enough privileges"):
		try = "; GRANT BACKUP ON both databases, and S3 ON *.* for object storage, to the user of CLICKHOUSE_DSN"
	}
	return errors.New(text + try)
}

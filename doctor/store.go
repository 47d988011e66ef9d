package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/internal/query"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/status"
)

// lowDisk is the free share of a disk below which it is time to act.
const lowDisk = 0.1

// store examines ClickHouse.
func (x *examination) store(ctx context.Context, cfg *config.Config, server connect.Server) {
	if server.Empty() {
		x.say("clickhouse", OK, "the embedded one; nothing is archived yet", "")
		return
	}
	server.Options.Missing = store.Ignore
	store, done, err := server.Open(ctx)
	if err != nil {
		x.say("clickhouse", Fail, words.OneLine(err), "")
		return
	}
	defer done()
	x.server(ctx, store)
	if cfg.Cluster != "" && !x.cluster(ctx, store) {
		return
	}
	x.rights(ctx, store, cfg.Cluster)
	x.disk(ctx, store)
	x.lease(ctx, cfg, store)
	x.schema(ctx, cfg, store)
	x.persons(ctx, cfg, store)
}

// persons says which calls have more or less of persons than the next pass would keep.
func (x *examination) persons(ctx context.Context, cfg *config.Config, store *store.Store) {
	calls, err := ledger.Of(store).Privacy(ctx)
	if p := cfg.Privacy(); err == nil && !p.Lacking() {
		for _, name := range slices.Sorted(maps.Keys(calls)) {
			if name != p.String() {
				x.say("persons", Warn, fmt.Sprintf("%s in the archive: %s; passes now keep: %s", words.Plural(int(calls[name]), "call"), identity.InWords(name), identity.InWords(p.String())), "calls that are final stay as they are; callvault archive --again makes those anew that the vendor still has")
			}
		}
	}
}

// server checks the version.
func (x *examination) server(ctx context.Context, store *store.Store) {
	var version string
	if err := store.Conn().QueryRow(ctx, "SELECT version()").Scan(&version); err != nil {
		x.say("clickhouse", Fail, words.OneLine(query.Error(err)), "check CLICKHOUSE_DSN")
		return
	}
	found := fmt.Sprintf("version %s, database %s", version, store.Database())
	if there, err := exists(ctx, store, store.Database()); err == nil && !there {
		x.say("clickhouse", Warn, found+", which does not exist", "callvault archive creates it; or name another in CLICKHOUSE_DSN")
		return
	}
	x.say("clickhouse", OK, found, "")
}

// exists reports whether there is a database that the user may see.
func exists(ctx context.Context, store *store.Store, database string) (there bool, err error) {
	err = store.Conn().QueryRow(ctx, "SELECT count() > 0 FROM system.databases WHERE name = ?", database).Scan(&there)
	return there, err
}

// rights checks the user's grants on both databases of the archive. Servers before 26.7
// also need a grant for input(), which inserts of samples use.
func (x *examination) rights(ctx context.Context, store *store.Store, cluster string) {
	database := store.Database()
	temporary, err := allowed(ctx, store, "CREATE TEMPORARY TABLE ON *.*")
	var missing []string
	for name, rights := range map[string][]string{
		database:                    {"SELECT", "INSERT", "CREATE TABLE", "CREATE VIEW", "DROP TABLE", "DROP VIEW"},
		catalogue.StoreOf(database): {"SELECT", "INSERT", "ALTER DELETE", "CREATE TABLE", "DROP TABLE"},
	} {
		there, wrong := exists(ctx, store, name)
		err = errors.Join(err, wrong)
		if !there {
			rights = append(rights, "CREATE DATABASE")
		}
		for _, right := range rights {
			right += " ON " + sqltext.Identifier(name) + ".*"
			has, wrong := allowed(ctx, store, right)
			if !has {
				missing = append(missing, right)
			}
			err = errors.Join(err, wrong)
		}
	}
	grants := catalogue.Grants(database, store.ClickHouse().Auth.Username)
	if len(missing) == 0 {
		grants = ""
	}
	for _, right := range others(cluster) {
		if has, wrong := allowed(ctx, store, right); !has && wrong == nil { // older servers lack some of these rights
			missing = append(missing, right)
			grants = strings.TrimPrefix(grants+"; GRANT "+right+" TO "+sqltext.Identifier(store.ClickHouse().Auth.Username), "; ")
		}
	}
	slices.Sort(missing)
	var old bool
	err = errors.Join(err, store.Conn().QueryRow(ctx, "SELECT arrayMap(x -> toUInt32OrZero(x), splitByChar('.', version())) < [26, 7]").Scan(&old))
	switch {
	case err != nil: // an older server cannot answer
		x.say("rights", Warn, "cannot be checked on this server", "")
	case len(missing) > 0:
		x.say("rights", Fail, "missing: "+strings.Join(missing, ", "), grants)
	case old && !temporary:
		x.say("rights", Fail, "missing: CREATE TEMPORARY TABLE", "GRANT CREATE TEMPORARY TABLE ON *.* TO the user")
	default:
		x.say("rights", OK, "read, write and change the schema", "")
	}
}

// others checks the other rights: on the system tables that callvault reads, and on the
// engines of its tables, for which some servers need a grant.
func others(cluster string) []string {
	engines := []string{"MergeTree", "ReplacingMergeTree", "Memory"}
	if cluster != "" {
		engines = []string{"ReplicatedMergeTree", "ReplicatedReplacingMergeTree", "Distributed", "KeeperMap"}
	}
	rights := []string{"SELECT ON system.parts"}
	if cluster != "" {
		rights = append(rights, "CLUSTER ON *.*", "REMOTE ON *.*", "SYSTEM SYNC REPLICA ON *.*", "SELECT ON system.replicas", "SELECT ON system.mutations", "SELECT ON system.clusters")
	}
	for _, engine := range engines {
		rights = append(rights, "TABLE ENGINE ON "+engine)
	}
	return rights
}

// allowed reports whether the user has a right, given as "right ON what".
func allowed(ctx context.Context, store *store.Store, right string) (bool, error) {
	var has uint8
	err := store.Conn().QueryRow(ctx, "CHECK GRANT "+right).Scan(&has)
	return has != 0, err
}

// lease reports which tables have leases. Before the first pass there are none.
func (x *examination) lease(ctx context.Context, cfg *config.Config, store *store.Store) {
	const check = "lease"
	var engines map[string]string
	const q = "SELECT CAST((groupArray(name), groupArray(engine)), 'Map(String, String)') FROM system.tables WHERE database = ? AND name IN (?, ?)"
	if err := store.Conn().QueryRow(ctx, q, catalogue.StoreOf(store.Database()), lease.Table, lease.Keeper).Scan(&engines); err != nil {
		x.say(check, Warn, words.OneLine(query.Error(err)), "")
		return
	}
	engine := engines[lease.Table]
	replicated := cfg.Cluster != "" || strings.HasPrefix(engine, "Replicated") || strings.HasPrefix(engine, "Shared")
	switch {
	case engine == "":
	case engines[lease.Keeper] != "":
		x.keeper(ctx, check, store)
	case replicated:
		x.say(check, Warn, "kept in the table lease alone, which a replica sees late: two passes that use different ones may run at once",
			"set keeper_map_path_prefix on every replica, then run callvault migrate up; until then name one replica in CLICKHOUSE_DSN (docs/operations.md, Replicas)")
	default:
		x.say(check, OK, "kept in the table lease, on this server", "")
	}
}

// keeper checks whether Keeper can store leases.
func (x *examination) keeper(ctx context.Context, check string, store *store.Store) {
	right := "ALTER UPDATE ON " + sqltext.Identifier(catalogue.StoreOf(store.Database())) + "." + lease.Keeper
	has, err := allowed(ctx, store, right)
	if _, wrong := lease.Held(ctx, store.StoreConn(), lease.Archive); wrong != nil {
		x.say(check, Fail, words.OneLine(query.Error(wrong)), "check whether Keeper is up: no pass runs without it")
		return
	}
	if err == nil && !has {
		x.say(check, Fail, "kept in Keeper, but the user may not take it", "GRANT "+right+" TO the user")
		return
	}
	x.say(check, OK, "kept in Keeper and in the table lease", "")
}

// disk checks the free disk space.
func (x *examination) disk(ctx context.Context, store *store.Store) {
	var free, total uint64
	err := store.Conn().QueryRow(ctx, "SELECT free_space, total_space FROM system.disks ORDER BY free_space / total_space LIMIT 1").Scan(&free, &total)
	if err != nil {
		x.say("disk", Warn, "cannot be seen: "+words.OneLine(query.Error(err)), "GRANT SELECT ON system.disks TO the user")
		return
	}
	x.room(free, total)
}

// room judges the room left.
func (x *examination) room(free, total uint64) {
	switch {
	case float64(free) < lowDisk*float64(total):
		x.say("disk", Warn, fmt.Sprintf("%s of %s free", humanize.IBytes(free), humanize.IBytes(total)), "free disk space: callvault status --space shows what takes it")
	default:
		x.say("disk", OK, fmt.Sprintf("%s of %s free", humanize.IBytes(free), humanize.IBytes(total)), "")
	}
}

// schema checks the version of the schema and the age of the last success.
func (x *examination) schema(ctx context.Context, cfg *config.Config, store *store.Store) {
	sch, err := connect.Schema(store)
	if err != nil {
		x.say("schema", Fail, words.OneLine(err), "")
		return
	}
	st, err := sch.Status(ctx)
	switch {
	case err != nil:
		x.say("schema", Fail, words.OneLine(err), "")
		return
	case st.Newer:
		x.say("schema", Fail, words.OneLine(st.Known()), "update callvault")
		return
	case st.Dirty:
		x.say("schema", Fail, fmt.Sprintf("version %d was begun and not finished", st.Current), "run callvault migrate up")
		return
	case st.Pending() > 0:
		x.say("schema", Warn, fmt.Sprintf("%d versions pending", st.Pending()), "callvault archive applies them, or callvault migrate up")
		return
	}
	x.say("schema", OK, fmt.Sprintf("version %d", st.Current), "")
	x.lastSuccess(ctx, cfg, store)
}

// stale is the age from which on the last success means that a night was missed.
const stale = 26 * time.Hour

func (x *examination) lastSuccess(ctx context.Context, cfg *config.Config, store *store.Store) {
	st := status.New(cfg.Accounts, time.Now().UTC())
	err := st.ReadRuns(ctx, store)
	if err != nil {
		x.say("last success", Fail, words.OneLine(err), "")
		return
	}
	x.succeeded(st.Succeeded(archive.Command))
}

// succeeded judges when a pass over everything last succeeded; zero: never.
func (x *examination) succeeded(last time.Time) {
	switch {
	case last.IsZero():
		x.say("last success", Warn, "no full pass has succeeded yet", "run callvault archive")
	case time.Since(last) > stale:
		x.say("last success", Warn, humanize.Time(last), "check whether callvault serve or the cron job is running")
	default:
		x.say("last success", OK, humanize.Time(last), "")
	}
}

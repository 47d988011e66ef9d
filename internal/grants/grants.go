// Package grants says which rights of ClickHouse each role needs, and no more.
//
// The statements are for an administrator to run. Each may be run again. A role is given to a
// user that exists.
package grants

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
)

// Role is what a user of ClickHouse does.
type Role string

const (
	Archiver  Role = "archiver"  // all commands of callvault
	Analyst   Role = "analyst"   // reads the relations
	Masked    Role = "masked"    // reads the relations without personal columns
	Dashboard Role = "dashboard" // runs the queries of the dashboards
	Backup    Role = "backup"    // makes backups
)

// Roles lists the roles.
func Roles() []Role { return []Role{Archiver, Analyst, Masked, Dashboard, Backup} }

// Options of the statements.
type Options struct {
	Database string // of the relations
	Cluster  string // on whose servers the statements work; "": on the one that runs them
	User     string
	Apps     []call.AppID // a reader sees only these; none: all
	// Columns are the columns of each relation, in order. Masked needs them.
	Columns map[string][]string
}

// Statements returns the statements that give a role to a user.
func Statements(r Role, o Options) ([]string, error) {
	if len(o.Apps) > 0 && (r == Archiver || r == Backup) {
		return nil, fmt.Errorf("%s cannot be limited to applications: it works on the whole archive", r)
	}
	var all []string
	switch r {
	case Archiver:
		all = o.archiver()
	case Analyst:
		all = o.readers(o.relations(nil))
	case Dashboard:
		all = o.readers(o.relations(ofDashboards))
	case Masked:
		all = o.masked()
	case Backup:
		all = o.backup()
	default:
		return nil, fmt.Errorf("role %q is unknown; use %s", r, names())
	}
	return append(all, o.policies(r)...), nil
}

func names() string {
	var all []string
	for _, r := range Roles() {
		all = append(all, string(r))
	}
	return strings.Join(all, ", ")
}

func (o Options) grant(what, on string) string {
	return "GRANT" + o.onCluster() + " " + what + " ON " + on + " TO " + sqltext.Identifier(o.User)
}

func (o Options) onCluster() string {
	if o.Cluster == "" {
		return ""
	}
	return " ON CLUSTER " + sqltext.Identifier(o.Cluster)
}

func (o Options) all() string   { return sqltext.Identifier(o.Database) + ".*" }
func (o Options) store() string { return sqltext.Identifier(catalogue.StoreOf(o.Database)) + ".*" }

func (o Options) of(relation string) string {
	return sqltext.Identifier(o.Database) + "." + sqltext.Identifier(relation)
}

func (o Options) table(name string) string {
	return sqltext.Identifier(catalogue.StoreOf(o.Database)) + "." + sqltext.Identifier(name)
}

// archiver makes and changes both databases. Servers before 26.7 take samples through a
// temporary table.
func (o Options) archiver() []string {
	all := []string{
		o.grant("ALL", o.all()), o.grant("ALL", o.store()),
		o.grant("SELECT", "system.parts"), o.grant("SELECT", "system.disks"), o.grant("SELECT", "system.backups"), o.grant("CREATE TEMPORARY TABLE", "*.*"),
	}
	engines := []string{"MergeTree", "ReplacingMergeTree", "Memory"}
	if o.Cluster != "" {
		engines = []string{"MergeTree", "ReplicatedMergeTree", "ReplicatedReplacingMergeTree", "Distributed", "KeeperMap"}
		all = append(all, o.ofClusters()...)
	}
	for _, engine := range engines {
		all = append(all, o.grant("TABLE ENGINE", engine))
	}
	return all
}

// ofClusters are the rights that changing a cluster needs besides.
func (o Options) ofClusters() []string {
	return []string{
		o.grant("CLUSTER, REMOTE, SYSTEM SYNC REPLICA", "*.*"),
		o.grant("SELECT", "system.replicas"), o.grant("SELECT", "system.mutations"), o.grant("SELECT", "system.clusters"),
	}
}

// backup reads both databases, and writes who works on the archive and what ran.
func (o Options) backup() []string {
	all := []string{o.grant("SELECT, BACKUP", o.all()), o.grant("SELECT, BACKUP", o.store())}
	for _, table := range []string{"lease", "archive_runs_data"} {
		all = append(all, o.grant("INSERT", o.table(table)))
	}
	if o.Cluster != "" {
		all = append(all, o.ofClusters()...)
		all = append(all, o.grant("INSERT, ALTER UPDATE", o.table(catalogue.Keeper)), o.grant("INSERT, ALTER DELETE", o.table(catalogue.Away)))
	}
	return append(all, o.grant("SELECT", "system.parts"), o.grant("SELECT", "system.backups"), o.grant("CREATE TEMPORARY TABLE", "*.*"))
}

// ofDashboards are the relations that the dashboards of callvault read.
var ofDashboards = []string{
	"archive_runs", "call_metrics", "call_minutes", "call_users", "calls", "daily_scale", "disk_usage", "events_decoded", "ledger", "market_hours",
	"peer_quality", "quality_days", "quality_samples", "quality_streams", "rooms", "session_days", "unusual_events_decoded", "usage_days", "usage_rooms", "user_sessions",
}

// global are relations whose rows are about all applications.
var global = []string{"archive_runs", "disk_usage", "judged_limits"}

// relations are the relations that a reader may read, of some or of all.
func (o Options) relations(some []string) (all []string) {
	for _, r := range catalogue.Relations() {
		if (some == nil || slices.Contains(some, r.Name)) && !(len(o.Apps) > 0 && slices.Contains(global, r.Name)) {
			all = append(all, r.Name)
		}
	}
	return all
}

// readers read relations as a whole.
func (o Options) readers(relations []string) (all []string) {
	for _, r := range relations {
		all = append(all, o.grant("SELECT", o.of(r)))
	}
	return all
}

// masked reads the columns that say nothing of who a person is. A column that a later version
// adds is not among them until this is run again.
func (o Options) masked() (all []string) {
	personal := map[string][]string{}
	for _, r := range catalogue.Relations() {
		personal[r.Name] = r.Personal.Columns()
	}
	for _, r := range o.relations(nil) {
		var columns []string
		for _, c := range o.Columns[r] {
			if !slices.Contains(personal[r], c) {
				columns = append(columns, sqltext.Identifier(c))
			}
		}
		if len(columns) > 0 {
			all = append(all, o.grant("SELECT("+strings.Join(columns, ", ")+")", o.of(r)))
		}
	}
	return all
}

// policies limit a reader to applications. A relation with a policy shows rows only to users
// whom some permissive policy lets see them, so there is one for all users; what limits the
// reader is a restrictive one, which counts besides.
func (o Options) policies(r Role) (all []string) {
	if len(o.Apps) == 0 {
		return nil
	}
	apps := make([]string, len(o.Apps))
	for i, a := range o.Apps {
		apps[i] = fmt.Sprint(a)
	}
	for _, relation := range o.relations(map[Role][]string{Dashboard: ofDashboards}[r]) {
		if !byApplication(relation) {
			continue
		}
		all = append(all,
			"CREATE ROW POLICY OR REPLACE callvault_all"+o.onCluster()+" ON "+o.of(relation)+" FOR SELECT USING 1 AS PERMISSIVE TO ALL",
			"CREATE ROW POLICY OR REPLACE "+sqltext.Identifier("callvault_"+o.User)+o.onCluster()+" ON "+o.of(relation)+" FOR SELECT USING sdk_app_id IN ("+strings.Join(apps, ", ")+") AS RESTRICTIVE TO "+sqltext.Identifier(o.User))
	}
	return all
}

// byApplication reports whether a relation has the application of each row.
func byApplication(relation string) bool {
	return !slices.Contains(global, relation) && !slices.ContainsFunc(catalogue.Relations(), func(r catalogue.Relation) bool { return r.Name == relation && r.Table })
}

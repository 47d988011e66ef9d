// Package upkeep looks after an archive. It deletes hidden rows and units that are too old,
// moves old data to other disks, and reports disk space.
//
// A caller that deletes, hides or moves data holds the archive lease.
package upkeep

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
)

// Archive is the archive to look after: a store.Store.
type Archive interface {
	StoreConn() driver.Conn // to the database of the tables
	Database() string       // of the relations
	IDs() *hidden.IDs
	Cluster() *cluster.Cluster
	Retry(context.Context, func(context.Context) error) error
}

// loadsOf reads load ids.
func loadsOf(ctx context.Context, a Archive, what, query string, args ...any) (ids []uint64, err error) {
	var id uint64
	err = native.Read(ctx, a.StoreConn(), what, query, args, func() { ids = append(ids, id) }, &id)
	return ids, err
}

// loaded returns the names of the tables whose rows belong to loads.
func loaded() (names []string) {
	for _, t := range catalogue.Loaded() {
		names = append(names, t.Name)
	}
	return names
}

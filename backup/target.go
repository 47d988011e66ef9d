package backup

import (
	"context"

	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// TargetOf returns the archive of a store as a Target, for a restore or a trial.
func TargetOf(store *store.Store, policy string) Target {
	views := func(ctx context.Context, database string) error {
		sch, err := restored(store, database)
		if err != nil {
			return err
		}
		return sch.Views(ctx)
	}
	tables := func(ctx context.Context, database string, version int) error {
		sch, err := restored(store, database)
		if err != nil {
			return err
		}
		return sch.To(ctx, version)
	}
	return Target{Database: store.Database(), Cluster: store.Cluster().Name(), Policy: policy, Views: views, Tables: tables}
}

// restored returns the schema of an archive that is being restored.
func restored(store *store.Store, database string) (*schema.Schema, error) {
	ch := store.ClickHouse()
	ch.Auth.Database = database
	return schema.New(ch, schema.Options{Cluster: store.Cluster().Name(), Holder: lease.Holder(), Restorer: true})
}

// Complete brings the schema of a restored archive up to this program's. It removes the
// rules of cold storage, because this server may lack the volume; the next pass sets them
// again from its settings.
func Complete(ctx context.Context, store *store.Store) error {
	sch, err := restored(store, store.Database())
	if err != nil {
		return err
	}
	if _, err := sch.Up(ctx); err != nil {
		return err
	}
	return upkeep.Tier(ctx, store, upkeep.Tiering{})
}

package archive

import (
	"context"
	"errors"
	"time"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// Prepare brings the schema up, and the tables to where old data is to go.
func Prepare(ctx context.Context, store *store.Store, cfg *config.Config) error {
	sch, err := connect.Schema(store, cfg.Cluster)
	if err == nil {
		err = store.Retry(ctx, func(ctx context.Context) error {
			_, err := sch.Up(ctx)
			return err
		})
	}
	if err == nil {
		err = Tier(ctx, store, cfg)
	}
	return err
}

// Tier has old data move as the settings say.
func Tier(ctx context.Context, store *store.Store, cfg *config.Config) error {
	err := upkeep.Tier(ctx, store, upkeep.Tiering{Policy: cfg.StoragePolicy, Volume: cfg.ColdVolume, After: time.Duration(cfg.ColdAfter), Cluster: cfg.Cluster})
	switch {
	case errors.Is(err, upkeep.ErrPolicy):
		return config.Error{Setting: "CALLVAULT_STORAGE_POLICY", Problem: words.OneLine(err), Try: "name a policy of the server's storage_configuration that has the volumes of the present one"}
	case errors.Is(err, upkeep.ErrVolume):
		return config.Error{Setting: "CALLVAULT_COLD_VOLUME", Problem: words.OneLine(err), Try: "name a volume of the policy, and the policy in CALLVAULT_STORAGE_POLICY"}
	}
	return err
}

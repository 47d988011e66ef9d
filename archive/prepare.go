package archive

import (
	"context"
	"errors"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// Prepare migrates the schema and sets where the tables move old data.
func Prepare(ctx context.Context, store *store.Store, t upkeep.Tiering) error {
	sch, err := connect.Schema(store)
	if err == nil {
		err = store.Retry(ctx, func(ctx context.Context) error {
			done, err := sch.Prepared(ctx)
			if err == nil && !done {
				_, err = sch.Up(ctx)
			}
			return err
		})
	}
	if err == nil {
		err = Tier(ctx, store, t)
	}
	return err
}

// Tier lets the tables move old data as t says. Its errors name the setting.
func Tier(ctx context.Context, store *store.Store, t upkeep.Tiering) error {
	err := upkeep.Tier(ctx, store, t)
	switch {
	case errors.Is(err, upkeep.ErrPolicy):
		return config.Error{Setting: "CALLVAULT_STORAGE_POLICY", Problem: words.OneLine(err), Try: "name a policy of the server's storage_configuration that has the volumes of the present one"}
	case errors.Is(err, upkeep.ErrVolume):
		return config.Error{Setting: "CALLVAULT_COLD_VOLUME", Problem: words.OneLine(err), Try: "name a volume of the policy, and the policy in CALLVAULT_STORAGE_POLICY"}
	}
	return err
}

package backup

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/store"
)

// erasedList is the name of the file beside the backups that has who was erased since they
// were made, as keyed hashes.
const erasedList = "erased"

// TellErased adds who was erased from an archive to the list beside the backups.
func TellErased(ctx context.Context, p Place, s *store.Store) error {
	rows, err := erased.Rows(ctx, s.StoreConn(), catalogue.Erased)
	if err != nil || len(rows) == 0 {
		return err
	}
	listed, err := listErased(ctx, p)
	if err != nil {
		return err
	}
	text, err := json.Marshal(newTo(nil, append(listed, rows...)))
	if err == nil {
		err = p.write(ctx, erasedList, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("list who was erased in %s: %s", p, oneLine(p, err))
	}
	return nil
}

// RecallErased adds who was erased to what a restored archive remembers: those of the list
// beside the backups, and those of another archive. It returns how many are new.
func RecallErased(ctx context.Context, p Place, s *store.Store, others []erased.Row) (int, error) {
	listed, err := listErased(ctx, p)
	if err != nil {
		return 0, err
	}
	known, err := erased.Rows(ctx, s.StoreConn(), catalogue.Erased)
	if err != nil {
		return 0, err
	}
	rows := newTo(known, append(listed, others...))
	return len(rows), erased.Remember(ctx, s, rows)
}

// newTo returns the rows that known does not have, each once.
func newTo(known, rows []erased.Row) (fresh []erased.Row) {
	type of struct {
		key, hash erased.Digest
		before    int64
	}
	have := map[of]bool{}
	for _, r := range known {
		have[of{r.Key, r.Hash, r.Before.Unix()}] = true
	}
	for _, r := range rows {
		x := of{r.Key, r.Hash, r.Before.Unix()}
		if !have[x] {
			have[x], fresh = true, append(fresh, r)
		}
	}
	return fresh
}

// listErased reads the list. Without one it is empty.
func listErased(ctx context.Context, p Place) (rows []erased.Row, err error) {
	text, err := p.read(ctx, erasedList)
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &rows)
	}
	if err != nil {
		return nil, fmt.Errorf("read who was erased in %s: %s", p, oneLine(p, err))
	}
	return rows, nil
}

package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/query"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/store"
)

// cluster checks that the cluster of the settings can hold an archive. It reports whether the
// other checks make sense.
func (x *examination) cluster(ctx context.Context, store *store.Store) bool {
	const check = "cluster"
	name := store.Cluster().Name()
	shape, err := store.Cluster().Shape(ctx, store.Conn())
	if err != nil {
		x.say(check, Fail, words.OneLine(query.Error(err)), "check system.clusters on the server")
		return false
	}
	if shape.Shards == 0 {
		try := "configure it (docs/cluster.md), or unset CALLVAULT_CLICKHOUSE_CLUSTER"
		if len(shape.Others) > 0 {
			try = "name one that it knows in CALLVAULT_CLICKHOUSE_CLUSTER: " + strings.Join(shape.Others, ", ")
		}
		x.say(check, Fail, fmt.Sprintf("the server knows no cluster %s", name), try)
		return false
	}
	joined, err := store.Cluster().Lacking(ctx, store.Conn(), store.Database(), catalogue.StoreOf(store.Database()))
	if err != nil && shape.Answer == shape.Servers {
		x.say(check, Fail, words.OneLine(query.Error(err)), "check the rights on the other servers of the cluster")
		return false
	}
	found := fmt.Sprintf("%s: %d x %d (shards x replicas)", name, shape.Shards, shape.Replicas)
	switch {
	case len(shape.Same) > 0:
		x.say(check, Fail, found+", and several servers are named "+strings.Join(shape.Same, ", "), "give each server its own macros shard and replica")
		return false
	case !shape.Internal:
		x.say(check, Fail, found+", and a shard has no internal_replication", "set internal_replication to true for each shard of the cluster, or rows come twice")
		return false
	case shape.Answer < shape.Servers:
		x.say(check, Warn, fmt.Sprintf("%s, %d of %d servers answer", found, shape.Answer, shape.Servers), "start the others; passes go on while each shard has a replica")
	case len(joined) > 0:
		x.say(check, Warn, found+", without tables: "+strings.Join(joined, ", "), "these servers have joined: callvault migrate up makes the tables there, as the next pass does")
	case len(shape.Away) > 0:
		x.say(check, Warn, found+", behind: "+strings.Join(shape.Away, ", "), "these replicas do not answer queries until they have caught up; the next pass lets them")
	default:
		x.say(check, OK, found+", all answer", "")
	}
	return true
}

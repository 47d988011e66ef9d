package analyst

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/embeddedtest"
)

// settings lists settings that clients or profiles may have, and that change how ClickHouse
// reads a query. None may change the rows of the relations.
var settings = []string{
	"join_use_nulls = 1", // Cube and pg_clickhouse set it
	"aggregate_functions_null_for_empty = 1",
	"group_by_use_nulls = 1",
	"transform_null_in = 1",
	"final = 1",
	"prefer_column_name_to_alias = 1",
	"cast_keep_nullable = 1",
	"data_type_default_nullable = 1",
	"use_variant_as_common_type = 1",
	"enable_positional_arguments = 0",
	"short_circuit_function_evaluation = 'disable'",
	"union_default_mode = 'DISTINCT'",
	"join_default_strictness = 'ANY'",
	"any_join_distinct_right_table_keys = 1",
	"join_algorithm = 'full_sorting_merge'",
	"distributed_product_mode = 'deny'",
	"session_timezone = 'Asia/Shanghai'",
	"max_block_size = 1000",
	"optimize_move_to_prewhere = 0",
	"query_plan_enable_optimizations = 0",
	"max_bytes_before_external_group_by = 1",
}

// TestLongViewsWithAClientsSettings reads every relation with each setting. The rows must be
// the same.
func TestLongViewsWithAClientsSettings(t *testing.T) {
	t.Parallel()
	s := open(t, embeddedtest.Database(t))
	sim := simulate(t, simulator.Options{Seed: 3, Calls: 40, Retention: month})
	if _, err := fillAll(t.Context(), s, 1<<62, sim); err != nil {
		t.Fatal(err)
	}
	views := column(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' AND name != 'disk_usage'")
	if len(views) < 17 {
		t.Errorf("%d views", len(views))
	}
	for _, view := range views {
		digest := func(setting string) string {
			// One thread adds up numbers in one order. The digest itself is made without the setting.
			const q = "SELECT concat(toString(count()), ' rows, ', toString(sum(sipHash64(row)))) FROM (SELECT toString(tuple(*)) AS row FROM %s SETTINGS max_threads = 1%s)"
			var all string
			if setting != "" {
				setting = ", " + setting
			}
			if err := s.Conn().QueryRow(t.Context(), fmt.Sprintf(q, view, setting)).Scan(&all); err != nil {
				return err.Error()
			}
			return all
		}
		want := digest("")
		for some := range slices.Chunk(settings, 7) { // a few at a time: there are many relations
			if got := digest(strings.Join(some, ", ")); got != want {
				t.Errorf("%s with %s: %s, without: %s", view, some, got, want)
			}
		}
	}
}

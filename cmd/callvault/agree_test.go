package main

import (
	"testing"

	"github.com/callvault/callvault/load/store"
)

// agreement counts rows of the model that differ from the relations below it. Values are
// rounded as in histograms, within the range of the samples.
var agreement = map[string]string{
	"call_metrics": `
		SELECT count() FROM
		(
			SELECT sdk_app_id, comm_id, user_id, if(peer_id = '', 'up', 'down') AS direction, metric, count() AS n, sum(value) AS s, min(value) AS lo, max(value) AS hi,
				quantileExactWeighted(0.95)(reinterpretAsFloat64(bitShiftLeft(bitShiftRight(reinterpretAsUInt64(value) + bitShiftLeft(1::UInt64, 47), 48), 48)), 1) AS q
			FROM quality_samples GROUP BY sdk_app_id, comm_id, user_id, direction, metric
		) AS a
		FULL JOIN call_metrics AS b USING (sdk_app_id, comm_id, user_id, direction, metric)
		WHERE n != samples OR lo != min OR hi != max OR abs(s - sum) > 1e-9 * greatest(1, abs(s)) OR p95 IS NOT NULL AND p95 != greatest(lo, least(hi, q))`,
	"quality_streams": `
		SELECT count() FROM
		(
			SELECT sdk_app_id, comm_id, user_id, peer_id, toDate(ts) AS day, count() AS n, min(ts) AS first, max(ts) AS last
			FROM quality_samples GROUP BY sdk_app_id, comm_id, user_id, peer_id, day
		) AS a
		FULL JOIN
		(
			SELECT sdk_app_id, comm_id, user_id, peer_id, day, sum(q.samples) AS samples, min(first_ts) AS least, max(last_ts) AS greatest
			FROM quality_streams AS q WHERE q.samples > 0 GROUP BY sdk_app_id, comm_id, user_id, peer_id, day
		) AS b USING (sdk_app_id, comm_id, user_id, peer_id, day)
		WHERE n != samples OR first != least OR last != greatest`,
	"events of quality_streams": `
		SELECT count() FROM
		(
			SELECT sdk_app_id, comm_id, user_id, toDate(ts) AS day, count() AS n FROM user_events GROUP BY sdk_app_id, comm_id, user_id, day
		) AS a
		FULL JOIN
		(
			SELECT sdk_app_id, comm_id, user_id, day, sum(q.events) AS events FROM quality_streams AS q WHERE q.events > 0 GROUP BY sdk_app_id, comm_id, user_id, day
		) AS b USING (sdk_app_id, comm_id, user_id, day)
		WHERE n != events`,
	"calls":                  "SELECT (SELECT count() FROM calls) != (SELECT count() FROM rooms) OR (SELECT sum(sessions) FROM calls) != (SELECT count() FROM user_sessions)",
	"events_decoded":         "SELECT (SELECT count() FROM events_decoded) != (SELECT count() FROM user_events)",
	"unusual_events_decoded": "SELECT (SELECT count() FROM unusual_events_decoded) != (SELECT count() FROM unusual_events)",
}

// agree checks that the model agrees with the relations below it.
func agree(t *testing.T, store *store.Store) {
	t.Helper()
	for name, q := range agreement {
		var wrong uint64
		if err := both(store).QueryRow(t.Context(), "SELECT toUInt64(*) FROM ("+q+")").Scan(&wrong); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if wrong != 0 {
			t.Errorf("%s: %d rows do not agree with the relations beneath", name, wrong)
		}
	}
}

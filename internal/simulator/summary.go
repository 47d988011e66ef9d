package simulator

import (
	"iter"
	"slices"
)

// Summary is the size and the checksum of each relation of a truth.
type Summary struct {
	At        int64                      `json:"at"` // unix seconds
	Dialect   string                     `json:"dialect"`
	Relations map[string]RelationSummary `json:"relations"`
	Requests  Requests                   `json:"series_requests"`
}

// RelationSummary is the size and the checksum of a relation. Checksum does not depend
// on the order of the rows: it is the sum, modulo 2^64, of XXH64 (seed 0) of the line
// of each row. A line is the columns of the relation joined by tabs: numbers in
// decimal, times as unix seconds (user_events.ts: milliseconds), NULL as \N, booleans
// as 0 and 1, day as YYYY-MM-DD, value as the 64 bits of the double read as an unsigned
// integer, text without escapes. SQL is the query that computes rows and checksum in
// ClickHouse.
type RelationSummary struct {
	Rows     int64   `json:"rows"`
	Checksum uint64  `json:"checksum,string"`
	ValueSum float64 `json:"value_sum,omitempty"` // of quality_samples, added in the order of Truth; compare with a tolerance
	SQL      string  `json:"sql"`
}

// Relations returns the names of the relations of a truth.
func Relations() []string { return slices.Clone(relationNames) }

var relationNames = []string{"rooms", "user_sessions", "quality_samples", "user_events", "unusual_events", "daily_scale"}

// Summary summarizes the truth, which it reads once.
func (t *Truth) Summary() Summary {
	summary := Summary{At: t.at, Dialect: t.Dialect(), Relations: make(map[string]RelationSummary), Requests: t.Requests()}
	for _, name := range relationNames {
		relation := RelationSummary{SQL: "SELECT count(), sum(xxHash64(concatWithSeparator('\\t', " + lineSQL[name] + "))) FROM " + name}
		c := &columns{format: asLine}
		t.each(name, c, func() bool {
			relation.Rows++
			relation.Checksum += xxh64(c.dst)
			return true
		})
		summary.Relations[name] = relation
	}
	samples := summary.Relations["quality_samples"]
	for row := range t.QualitySamples() {
		samples.ValueSum += row.Value
	}
	summary.Relations["quality_samples"] = samples
	return summary
}

// each writes the rows of a relation into c, one at a time, and calls use after each
// until use returns false. It returns false if there is no such relation.
func (t *Truth) each(relation string, c *columns, use func() bool) bool {
	switch relation {
	case "rooms":
		writeRows(t.Rooms(), c, use)
	case "user_sessions":
		writeRows(t.UserSessions(), c, use)
	case "quality_samples":
		writeRows(t.QualitySamples(), c, use)
	case "user_events":
		writeRows(t.UserEvents(), c, use)
	case "unusual_events":
		writeRows(t.UnusualEvents(), c, use)
	case "daily_scale":
		writeRows(t.DailyScale(), c, use)
	default:
		return false
	}
	return true
}

func writeRows[R interface{ write(*columns) }](rows iter.Seq[R], c *columns, use func() bool) {
	for row := range rows {
		c.row()
		row.write(c)
		c.end()
		if !use() {
			return
		}
	}
}

// lineSQL has the columns of the lines of each relation, as ClickHouse expressions.
var lineSQL = map[string]string{
	"rooms": "toString(sdk_app_id), comm_id, room_id, toString(toUnixTimestamp(created_at)), " +
		"ifNull(toString(toUnixTimestamp(destroyed_at)), '\\\\N'), toString(toUInt8(is_finished)), creator_user_id",
	"user_sessions": "toString(sdk_app_id), comm_id, room_id, user_id, toString(toUnixTimestamp(joined_at)), " +
		"ifNull(toString(toUnixTimestamp(left_at)), '\\\\N'), toString(toUInt8(is_finished)), device_type, sdk_version, client_ip",
	"quality_samples": "toString(sdk_app_id), comm_id, room_id, user_id, peer_id, metric, " +
		"toString(toUnixTimestamp(ts)), toString(reinterpretAsUInt64(value))",
	"user_events": "toString(sdk_app_id), comm_id, room_id, user_id, peer_id, toString(event_id), " +
		"toString(toUnixTimestamp64Milli(toDateTime64(ts, 3))), toString(stream_type), toString(param_one), toString(param_two)",
	"unusual_events": "toString(sdk_app_id), room_id, user_id, toString(experience_id), " +
		"toString(toUnixTimestamp(ts)), toString(abnormal_event_id), peer_id",
	"daily_scale": "toString(sdk_app_id), toString(day), toString(user_number), toString(user_count), toString(room_numbers)",
}

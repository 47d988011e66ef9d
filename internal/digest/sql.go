package digest

import "strings"

// Relation has the SQL expressions to digest a view.
type Relation struct {
	Name string
	Key  string // key of the row's unit
	Hash string // hash of the row; it reads the column "over"
	Time string // condition on the columns since and until, unix seconds, both included
}

// Relations by number, in the order of a report.
const (
	Rooms = iota
	Sessions
	SampleRows
	Events
	UnusualEvents
	Days
	UsageDays
	UsageRooms
	MarketHours
	RealtimeFigures
	relations
)

// Sums has the digest of each relation.
type Sums [relations]Digest

// ofCalls is the key of rows that belong to a call.
const ofCalls = "comm_id"

// Relations returns the relations by number.
func Relations() [relations]Relation {
	return [relations]Relation{
		Rooms: {"rooms", ofCalls, hash(text("room_id"), seconds("created_at"),
			"if(over, "+concat(seconds("destroyed_at"), number("toUInt8(is_finished)"))+", '')", text("creator_user_id")), "1"},
		Sessions: {"user_sessions", ofCalls, hash(text("room_id"), text("user_id"), seconds("joined_at"), seconds("left_at"),
			number("toUInt8(is_finished)"), text("device_type"), text("sdk_version"), text("client_ip")),
			"ifNull(toUnixTimestamp(left_at) >= since, 1) AND (over OR is_finished AND ifNull(toUnixTimestamp(left_at) <= until, 0))"},
		SampleRows: {"quality_samples", ofCalls, "xxHash64(concat(" + bytes(hash(text("room_id"), text("user_id"), text("peer_id"), text("metric"))) +
			", " + bytes("toUInt32(toUnixTimestamp(ts))") + ", " + bytes("value") + "))", within},
		Events: {"user_events", ofCalls, hash(text("room_id"), text("user_id"), text("peer_id"), number("event_id"),
			number("toUnixTimestamp64Milli(ts)"), number("stream_type"), number("param_one"), number("param_two")), within},
		UnusualEvents: {"unusual_events", "formatDateTime(toStartOfHour(ts), '%Y-%m-%dT%H:%i:%SZ', 'UTC')", hash(text("room_id"), text("user_id"),
			number("experience_id"), seconds("ts"), number("abnormal_event_id"), text("peer_id")), within},
		Days: {"daily_scale", "formatDateTime(day_start, '%Y-%m-%dT%H:%i:%SZ', 'UTC')", hash(seconds("day_start"),
			number("user_number"), number("user_count"), number("room_numbers")), "1"},
		UsageDays: {"usage_days", "concat(product, ' ', toString(day))", hash(text("time_key"), seconds("starts_at"), text("''"), number("0"),
			text("usage_key"), bits("ifNull(value, 0)"), text("text")), "1"},
		UsageRooms: {"usage_rooms", "concat('rooms ', toString(day))", hash(text("''"), number("0"), text("room_id"), number("line"),
			text("usage_key"), bits("ifNull(value, 0)"), text("text")), "1"},
		MarketHours: {"market_hours", "concat(statement, ' ', toString(toDate(ts)))", hash(text("''"), seconds("ts"), text("''"), number("0"),
			text("metric"), bits("value"), text("''")), "1"},
		RealtimeFigures: {"realtime_figures", "concat(statement, ' ', formatDateTime(toStartOfHour(ts), '%Y-%m-%dT%H:%i:%SZ', 'UTC'))",
			hash(text("''"), seconds("ts"), text("''"), number("0"), text("metric"), bits("value"), text("''")), "1"},
	}
}

const within = "toUnixTimestamp(ts) BETWEEN since AND until"

// ByCall reports whether the rows belong to calls.
func (r Relation) ByCall() bool { return r.Key == ofCalls }

func hash(parts ...string) string { return "xxHash64(" + concat(parts...) + ")" }

func concat(parts ...string) string { return "concat(" + strings.Join(parts, ", ") + ")" }

func text(column string) string { return "toString(length(" + column + ")), ':', " + column }

func number(e string) string { return "toString(" + e + "), ','" }

// bits is the 64 bits of a double as a number.
func bits(e string) string { return number("reinterpretAsUInt64(toFloat64(" + e + "))") }

func seconds(column string) string { return number("ifNull(toUnixTimestamp(" + column + "), 0)") }

// bytes returns a number in binary, little-endian, zeros included.
func bytes(e string) string { return "reinterpretAsFixedString(" + e + ")" }

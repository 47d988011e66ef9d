package console

import (
	"slices"
	"strconv"
	"time"
)

// mostEvents is how many events of a user the page of a call shows.
const mostEvents = 400

// event is an entry of a user's event log, or a bad experience.
type event struct {
	User     string    `ch:"user_id"`
	Peer     string    `ch:"peer_id"`
	At       time.Time `ch:"ts"`
	ID       uint32    `ch:"event_id"`
	Category string    `ch:"category"`
	Event    string    `ch:"what"`
	Value    string    `ch:"means"`
	Stream   string    `ch:"stream"`
	One      int64     `ch:"param_one"`
	Two      int64     `ch:"param_two"`
	Notable  bool      `ch:"notable"`
}

// Size is what a change of the picture's size, rate or bitrate came to.
func (e event) Size() string {
	switch e.ID {
	case 4003, 4007:
		return strconv.FormatInt(e.One, 10) + " × " + strconv.FormatInt(e.Two, 10)
	case 4008, 4009:
		return strconv.FormatInt(e.One, 10)
	}
	return ""
}

// networkEvent is the number of a change of the network.
const networkEvent = 1003

// notable are the events that are marked on bars and charts: losses of the connection, changes
// of the network, entries for the second time, the application in the background, cameras
// and decoders that fail, missing rights.
const notable = `(event_id IN (1003, 2002, 4002, 4011, 4012, 4013, 5005, 32790, 32792, 36864) OR (event_id = 2001 AND param_one = 1) OR (event_id = 7000 AND param_one = 1)
	OR (event_id = 7001 AND param_one != 0) OR (event_id IN (5002, 5003) AND param_one = 0))`

const eventColumns = `SELECT user_id, peer_id, ts, event_id, category, if({zh:Bool}, event_zh, event) AS what, if({zh:Bool}, value_zh, value) AS means, stream, param_one, param_two, ` + notable + ` AS notable FROM events_decoded` + ofCall

// experiences are the bad experiences of the call's users, as events. The number of an event
// is that of its experience.
const experiences = `SELECT user_id, peer_id, toDateTime64(ts, 3, 'UTC') AS ts, experience_id AS event_id, 'experience' AS category, if({zh:Bool}, experience_zh, experience) AS what, if({zh:Bool}, cause_zh, cause) AS means,
	'' AS stream, toInt64(0) AS param_one, toInt64(0) AS param_two, true AS notable FROM unusual_events_decoded
	WHERE sdk_app_id = {app:UInt32} AND room_id = {room:String} AND comm_id = {id:String} AND ts >= {from:DateTime('UTC')} AND ts <= {to:DateTime('UTC')} AND has({users:Array(String)}, user_id) ORDER BY ts LIMIT 500`

// readEvents reads what is notable of the page's users, and all of the chosen one.
func (v *called) readEvents(q *request) func() error {
	return func() error {
		chosen := ""
		if v.User != nil {
			chosen = v.User.ID
		}
		params := v.params(map[string]any{"users": v.ids(), "user": chosen, "zh": q.lang == "zh", "from": v.Window.From, "to": v.Window.To})
		var bad []event
		err := together(func() error {
			return q.rows(&v.events, eventColumns+`AND ts >= {from:DateTime('UTC')} AND ts <= {to:DateTime('UTC')} AND has({users:Array(String)}, user_id)
				AND (user_id = {user:String} OR notable) ORDER BY user_id, notable DESC, ts LIMIT 400 BY user_id`, params)
		}, func() error {
			whole := v.params(map[string]any{"users": v.ids(), "zh": q.lang == "zh", "from": v.Whole.From, "to": v.Whole.To})
			return q.memory.rows(q, &bad, experiences, whole)
		})
		v.events = append(v.events, filter(bad, func(e event) bool { return v.Window.meets(e.At, e.At.Add(time.Second)) })...)
		sortEvents(v.events)
		return err
	}
}

func sortEvents(all []event) {
	slices.SortStableFunc(all, func(a, b event) int { return a.At.Compare(b.At) })
}

// unix reads seconds since 1970; zero: it is no such number.
func unix(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n > 1<<33 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

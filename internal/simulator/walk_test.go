package simulator

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"
)

// walker is a naive archiver: it requests everything, one page and window after the other,
// and keeps a line for each row.
type walker struct {
	*client
	dialect dialect
	lines   map[string]map[string]int // relation, line → how often
	samples map[uint64]bool           // hashes of the lines of quality_samples
	rooms   map[string]object         // CommId → row
	kept    []string                  // CommIds in the order of arrival
	edge    int64                     // nothing before may be asked about
}

// name returns the action of the walker's dialect.
func (w *walker) name(legacyName, currentName string) string {
	if w.dialect == legacy {
		return legacyName
	}
	return currentName
}

// number returns a number in the type of the dialect.
func (w *walker) number(n int64) any {
	if w.dialect == legacy {
		return strconv.FormatInt(n, 10)
	}
	return n
}

func (w *walker) keep(relation string, write func(c *columns)) {
	c := &columns{format: asLine}
	c.row()
	write(c)
	c.end()
	w.lines[relation][string(c.dst)]++
}

func archive(t *testing.T, s *Simulator, d dialect, now int64) *walker {
	return archiveWith(&client{t: t, s: s, region: "ap-guangzhou"}, d, now)
}

// archiveWith returns archive with another client.
func archiveWith(c *client, d dialect, now int64) *walker {
	w := &walker{client: c, dialect: d, rooms: map[string]object{}, samples: map[uint64]bool{}}
	w.edge = now - int64(c.s.options.Retention/time.Second)
	w.lines = map[string]map[string]int{}
	for _, relation := range Relations() {
		w.lines[relation] = map[string]int{}
	}
	for _, app := range c.s.Apps() {
		w.listRooms(int64(app), now)
		for _, id := range w.kept {
			w.call(int64(app), id, now)
		}
		w.kept = nil
		w.unusual(int64(app), now)
		w.scale(int64(app), now)
	}
	return w
}

func (w *walker) listRooms(app, now int64) {
	for from := w.edge; from < now; from += 86400 {
		for page := int64(0); ; page++ {
			answer := w.must(w.name("DescribeRoomInformation", "DescribeRoomInfo"), object{
				"SdkAppId": w.number(app), "StartTime": from, "EndTime": min(now, from+86400),
				"PageNumber": w.number(page), "PageSize": w.number(7),
			})
			found := rows(answer["RoomList"])
			if int64(len(found)) != integer(answer["Total"]) {
				w.t.Fatalf("Total %v of a page of %d rooms", answer["Total"], len(found))
			}
			for _, room := range found {
				if id := str(room["CommId"]); w.rooms[id] == nil {
					w.rooms[id] = room
					w.kept = append(w.kept, id)
					w.keepRoom(app, room)
				}
			}
			if len(found) < 7 {
				break
			}
		}
	}
}

func (w *walker) keepRoom(app int64, room object) {
	finished := room["IsFinished"] == true
	w.keep("rooms", func(c *columns) {
		c.integer("sdk_app_id", app)
		c.text("comm_id", str(room["CommId"]))
		c.text("room_id", str(room["RoomString"]))
		c.integer("created_at", integer(room["CreateTime"]))
		c.nullable("destroyed_at", integer(room["DestroyTime"]))
		c.boolean("is_finished", finished)
		c.text("creator_user_id", str(room["UserId"]))
	})
}

// call walks a call: hour by hour for series, in windows of four hours for sessions.
func (w *walker) call(app int64, id string, now int64) {
	room := w.rooms[id]
	from, to := max(w.edge, integer(room["CreateTime"])), integer(room["DestroyTime"])
	if to == 0 {
		to = now
	}
	seen, users := map[string]bool{}, []string{}
	for at := from; at <= to; at += 4 * 3600 {
		for page := int64(0); ; page++ {
			answer := w.must(w.name("DescribeUserInformation", "DescribeUserInfo"), object{
				"SdkAppId": w.number(app), "CommId": id, "StartTime": at, "EndTime": min(to, at+4*3600),
				"PageNumber": w.number(page), "PageSize": w.number(100),
			})
			found := rows(answer["UserList"])
			for _, session := range found {
				key := str(session["UserId"]) + " " + string(session["JoinTs"].(json.Number))
				if !seen[key] {
					seen[key] = true
					users = append(users, str(session["UserId"]))
					w.keepSession(app, id, session, now)
				}
			}
			if page*100+int64(len(found)) >= integer(answer["Total"]) {
				break
			}
		}
	}
	slices.Sort(users)
	users = slices.Compact(users)
	for at := from; at <= to; at += 3600 {
		w.series(app, id, at, min(to, at+3600), users)
	}
	for _, user := range users {
		w.events(app, id, user, from, to)
	}
}

func (w *walker) keepSession(app int64, id string, session object, now int64) {
	finished := session["Finished"] == true
	left := integer(session["LeaveTs"])
	if !finished {
		if left != now {
			w.t.Errorf("LeaveTs %d of a user still there, want now: %d", left, now)
		}
		left = 0
	}
	w.keep("user_sessions", func(c *columns) {
		c.integer("sdk_app_id", app)
		c.text("comm_id", id)
		c.text("room_id", str(session["RoomStr"]))
		c.text("user_id", str(session["UserId"]))
		c.integer("joined_at", integer(session["JoinTs"]))
		c.nullable("left_at", left)
		c.boolean("is_finished", finished)
		c.text("device_type", str(session["DeviceType"]))
		c.text("sdk_version", str(session["SdkVersion"]))
		c.text("client_ip", str(session["ClientIp"]))
	})
}

// samples decodes what the walk needs of a series response, fast enough for a test.
type samples struct {
	Response struct {
		Error *struct{ Code string }
		Total int
		Data  []struct {
			Content []struct {
				Time  int64
				Value float64
			}
			PeerId           *string
			UserId, DataType string
		}
	}
}

func (w *walker) series(app int64, id string, from, to int64, users []string) {
	for group := range slices.Chunk(users, 6) {
		body, _ := json.Marshal(object{
			"SdkAppId": w.number(app), "CommId": id, "StartTime": from, "EndTime": to, "DataType": []string{"all"},
			"UserIds": group, "PageNumber": w.number(0), "PageSize": w.number(6),
		})
		recorder := w.do(w.request(w.name("DescribeCallDetail", "DescribeCallDetailInfo"), body))
		var answer samples
		if err := json.NewDecoder(recorder.Body).Decode(&answer); err != nil || answer.Response.Error != nil {
			w.t.Fatalf("series: %v %v", err, answer.Response.Error)
		}
		c := &columns{format: asLine}
		for _, series := range answer.Response.Data {
			peer := ""
			if series.PeerId != nil {
				peer = *series.PeerId
			}
			for _, sample := range series.Content {
				c.row()
				QualitySample{
					uint32(app), id, str(w.rooms[id]["RoomString"]), series.UserId, peer, series.DataType, sample.Time, sample.Value,
				}.write(c)
				w.samples[xxh64(c.dst)] = true
			}
		}
	}
}

func (w *walker) events(app int64, id, user string, from, to int64) {
	params := object{"CommId": id, "UserId": user, "RoomId": w.rooms[id]["RoomString"], "StartTime": from, "EndTime": to}
	if w.dialect == current {
		params["SdkAppId"] = app
	}
	answer := w.must(w.name("DescribeDetailEvent", "DescribeUserEvent"), params)
	for _, list := range rows(answer["Data"]) {
		for _, e := range rows(list["Content"]) {
			w.keep("user_events", func(c *columns) {
				c.integer("sdk_app_id", app)
				c.text("comm_id", id)
				c.text("room_id", str(w.rooms[id]["RoomString"]))
				c.text("user_id", user)
				c.text("peer_id", str(list["PeerId"]))
				c.integer("event_id", integer(e["EventId"]))
				c.integer("ts", integer(e["Time"]))
				c.integer("stream_type", integer(e["Type"]))
				c.integer("param_one", integer(e["ParamOne"]))
				c.integer("param_two", integer(e["ParamTwo"]))
			})
		}
	}
}

// unusual requests each hour of the retention. If a response is full it divides the window,
// by halves down to a second, then by room.
func (w *walker) unusual(app, now int64) {
	for from := w.edge; from <= now; from += 3600 {
		w.narrow(app, from, min(now, from+3599), "")
	}
}

func (w *walker) narrow(app, from, to int64, room string) {
	params := object{"SdkAppId": w.number(app), "StartTime": from, "EndTime": to}
	if room != "" {
		params["RoomId"] = room
	}
	found := rows(w.must(w.name("DescribeAbnormalEvent", "DescribeUnusualEvent"), params)["AbnormalExperienceList"])
	switch {
	case len(found) < 20:
		for _, x := range found {
			w.keepExperience(app, x)
		}
	case from < to:
		middle := (from + to) / 2
		w.narrow(app, from, middle, room)
		w.narrow(app, middle+1, to, room)
	case room == "":
		names := map[string]bool{}
		for _, r := range w.rooms {
			names[str(r["RoomString"])] = true
		}
		for name := range names {
			w.narrow(app, from, to, name)
		}
	default:
		w.t.Fatalf("more than 20 experiences in a second of room %q", room)
	}
}

func (w *walker) keepExperience(app int64, x object) {
	causes := rows(x["AbnormalEventList"])
	if len(causes) == 0 {
		causes = []object{{"AbnormalEventId": json.Number("0")}}
	}
	for _, cause := range causes {
		w.keep("unusual_events", func(c *columns) {
			c.integer("sdk_app_id", app)
			c.text("room_id", str(x["RoomId"]))
			c.text("user_id", str(x["UserId"]))
			c.integer("experience_id", integer(x["ExperienceId"]))
			c.integer("ts", integer(x["EventTime"]))
			c.integer("abnormal_event_id", integer(cause["AbnormalEventId"]))
			c.text("peer_id", str(cause["PeerId"]))
		})
	}
}

func (w *walker) scale(app, now int64) {
	answer := w.must(w.name("DescribeHistoryScale", "DescribeScaleInfo"), object{
		"SdkAppId": w.number(app), "StartTime": w.edge, "EndTime": now,
	})
	for _, d := range rows(answer["ScaleList"]) {
		w.keep("daily_scale", func(c *columns) {
			c.integer("sdk_app_id", app)
			c.text("day", time.Unix(integer(d["Time"]), 0).UTC().Add(8*time.Hour).Format("2006-01-02"))
			c.integer("user_number", integer(d["UserNumber"]))
			c.integer("user_count", integer(d["UserCount"]))
			c.integer("room_numbers", integer(d["RoomNumbers"]))
		})
	}
}

package transform

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// The reference decoder: the same rules on top of encoding/json, without regard
// to speed. It panics with a string for a body that must be an error.

func refCatch(err *error) {
	switch r := recover().(type) {
	case nil:
	case string:
		*err = errors.New(r)
	case *VendorError:
		*err = r
	default:
		panic(r)
	}
}

// refFields walks an object's members in order.
func refFields(raw json.RawMessage, field func(key string, value json.RawMessage)) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		panic("not an object")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			panic(err.Error())
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			panic(err.Error())
		}
		field(key.(string), value)
	}
}

// refList calls element for each element of a list.
func refList(raw json.RawMessage, element func(json.RawMessage)) ListState {
	if string(raw) == "null" {
		return ListNull
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		panic(err.Error())
	}
	for _, e := range list {
		element(e)
	}
	return ListPresent
}

func refText(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		panic(err.Error())
	}
	return s
}

func refBool(raw json.RawMessage) bool {
	var b bool
	if err := json.Unmarshal(raw, &b); err != nil {
		panic(err.Error())
	}
	return b
}

func refFloat(raw json.RawMessage) *float64 {
	var v *float64
	if err := json.Unmarshal(raw, &v); err != nil {
		panic(err.Error())
	}
	if v != nil { // the sign of 0 included
		*v, _ = strconv.ParseFloat(string(raw), 64)
	}
	return v
}

func refInteger(raw json.RawMessage, lowest, highest int64) *int64 {
	if string(raw) == "null" {
		return nil
	}
	text := string(raw)
	if text[0] == '"' {
		text = refText(raw)
	}
	if !json.Valid([]byte(text)) || strings.ContainsAny(text[:1], "\"{[tfn \t\r\n") || strings.TrimSpace(text) != text {
		panic("not a number")
	}
	f, err := strconv.ParseFloat(text, 64)
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	if !strings.ContainsAny(mantissa, "123456789") {
		f, err, text = 0, nil, "0"
	} else if err != nil || math.Abs(f) > 1e20 || math.Abs(f) < 0.5 {
		panic("out of range or not whole")
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok || !exact.IsInt() || !exact.Num().IsInt64() {
		panic("out of range or not whole")
	}
	v := exact.Num().Int64()
	if v < lowest || v > highest {
		panic("out of range")
	}
	return &v
}

func refSeconds(raw json.RawMessage, lowest int64) time.Time {
	v := refInteger(raw, lowest, math.MaxUint32)
	if v == nil || *v == 0 {
		return time.Time{}
	}
	return time.Unix(*v, 0).UTC()
}

func refNeed(there bool) {
	if !there {
		panic("a field is missing")
	}
}

func refDepth(body []byte) (deepest int) {
	depth, text := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// refBody walks the fields of the response and returns its request id.
func refBody(body []byte, begin func(), field func(key string, value json.RawMessage)) string {
	if !json.Valid(body) || refDepth(body) > maxDepth {
		panic("not JSON")
	}
	var vendor *VendorError
	seen, id := false, ""
	refFields(body, func(key string, value json.RawMessage) {
		if key != "Response" {
			return
		}
		seen, vendor, id = true, nil, ""
		begin()
		refFields(value, func(key string, value json.RawMessage) {
			switch key {
			case "RequestId":
				id = refText(value)
			case "Error":
				if vendor = nil; string(value) == "null" {
					return
				}
				vendor = &VendorError{}
				refFields(value, func(key string, value json.RawMessage) {
					switch key {
					case "Code":
						vendor.Code = refText(value)
					case "Message":
						vendor.Message = refText(value)
					}
				})
			default:
				field(key, value)
			}
		})
	})
	refNeed(seen)
	if vendor != nil {
		vendor.RequestID = id
		panic(vendor)
	}
	return id
}

// refRows reads a response with one list of interest.
func refRows[T any](body []byte, list string, element func(json.RawMessage) []T) (rows []T, info Info, err error) {
	defer refCatch(&err)
	info.RequestID = refBody(body, func() { rows, info = nil, Info{} }, func(key string, value json.RawMessage) {
		switch key {
		case "Total":
			info.Total, info.HasTotal = 0, false
			if v := refInteger(value, 0, math.MaxInt32); v != nil {
				info.Total, info.HasTotal = int(*v), true
			}
		case list:
			rows, info.Items = nil, 0
			info.List = refList(value, func(raw json.RawMessage) {
				rows = append(rows, element(raw)...)
				info.Items++
			})
		}
	})
	return rows, info, nil
}

func refRoom(raw json.RawMessage) []call.Room {
	r := call.Room{App: 7}
	refFields(raw, func(key string, value json.RawMessage) {
		switch key {
		case "CommId":
			r.CommID = refText(value)
		case "RoomString":
			r.RoomID = refText(value)
		case "CreateTime":
			r.CreatedAt = refSeconds(value, 1)
		case "DestroyTime":
			r.DestroyedAt = refSeconds(value, 0)
		case "IsFinished":
			r.Finished = refBool(value)
		case "UserId":
			r.Creator = refText(value)
		}
	})
	refNeed(r.CommID != "" && !r.CreatedAt.IsZero() && !(r.Finished && r.DestroyedAt.IsZero()))
	if !r.Finished {
		r.DestroyedAt = time.Time{}
	}
	return []call.Room{r}
}

func refSession(raw json.RawMessage) []call.Session {
	var u call.Session
	named := false
	refFields(raw, func(key string, value json.RawMessage) {
		switch key {
		case "UserId":
			u.UserID, named = refText(value), true
		case "RoomStr":
			u.RoomID = refText(value)
		case "JoinTs":
			u.JoinedAt = refSeconds(value, 1)
		case "LeaveTs":
			u.LeftAt = refSeconds(value, 0)
		case "Finished":
			u.Finished = refBool(value)
		case "DeviceType":
			u.DeviceType = refText(value)
		case "SdkVersion":
			u.SDKVersion = refText(value)
		case "ClientIp":
			u.ClientIP = refText(value)
		}
	})
	refNeed(named && !u.JoinedAt.IsZero() && !(u.Finished && u.LeftAt.IsZero()))
	if !u.Finished {
		u.LeftAt = time.Time{}
	}
	return []call.Session{u}
}

func refEvents(raw json.RawMessage) (events []call.Event) {
	peer := ""
	refFields(raw, func(key string, value json.RawMessage) {
		switch key {
		case "PeerId":
			peer = refText(value)
		case "Content":
			events = nil
			refList(value, func(raw json.RawMessage) { events = append(events, refEvent(raw)) })
		}
	})
	for i := range events {
		events[i].PeerID = peer
	}
	return events
}

func refEvent(raw json.RawMessage) call.Event {
	e := call.Event{UserID: "u", RoomID: "r"}
	var id, milli *int64
	number := func(value json.RawMessage, lowest, highest int64) int64 {
		if v := refInteger(value, lowest, highest); v != nil {
			return *v
		}
		return 0
	}
	refFields(raw, func(key string, value json.RawMessage) {
		switch key {
		case "EventId":
			id = refInteger(value, 0, math.MaxUint32)
		case "Time":
			milli = refInteger(value, 100_000_000_000, 4294967295999)
		case "Type":
			e.StreamType = uint8(number(value, 0, 255))
		case "ParamOne":
			e.ParamOne = number(value, math.MinInt64, math.MaxInt64)
		case "ParamTwo":
			e.ParamTwo = number(value, math.MinInt64, math.MaxInt64)
		}
	})
	refNeed(id != nil && milli != nil)
	e.EventID, e.Time = uint32(*id), time.UnixMilli(*milli).UTC()
	return e
}

func refExperience(raw json.RawMessage) []call.UnusualEvent {
	var all call.UnusualEvent
	var causes []call.UnusualEvent
	var id *int64
	named := false
	refFields(raw, func(key string, value json.RawMessage) {
		switch key {
		case "UserId":
			all.UserID, named = refText(value), true
		case "RoomId":
			all.RoomID = refText(value)
		case "ExperienceId":
			id = refInteger(value, 0, math.MaxUint32)
		case "EventTime":
			all.Time = refSeconds(value, 1)
		case "AbnormalEventList":
			causes = nil
			refList(value, func(raw json.RawMessage) {
				var cause *int64
				peer := ""
				refFields(raw, func(key string, value json.RawMessage) {
					switch key {
					case "AbnormalEventId":
						cause = refInteger(value, 0, math.MaxUint32)
					case "PeerId":
						peer = refText(value)
					}
				})
				refNeed(cause != nil)
				causes = append(causes, call.UnusualEvent{AbnormalEventID: uint32(*cause), PeerID: peer})
			})
		}
	})
	refNeed(named && id != nil && !all.Time.IsZero())
	all.ExperienceID = uint32(*id)
	if causes == nil {
		return []call.UnusualEvent{all}
	}
	for i, c := range causes {
		causes[i] = all
		causes[i].AbnormalEventID, causes[i].PeerID = c.AbnormalEventID, c.PeerID
	}
	return causes
}

func refScale(raw json.RawMessage) []call.DailyScale {
	var day call.DailyScale
	var counts [3]*int64
	refFields(raw, func(key string, value json.RawMessage) {
		switch key {
		case "Time":
			day.Start = refSeconds(value, 1)
		case "UserNumber":
			counts[0] = refInteger(value, 0, math.MaxInt64)
		case "UserCount":
			counts[1] = refInteger(value, 0, math.MaxInt64)
		case "RoomNumbers":
			counts[2] = refInteger(value, 0, math.MaxInt64)
		}
	})
	refNeed(!day.Start.IsZero())
	for i, to := range []*uint64{&day.UserNumber, &day.UserCount, &day.RoomNumber} {
		if counts[i] != nil {
			*to = uint64(*counts[i])
		}
	}
	return []call.DailyScale{day}
}

// refDetail reads a response with series; keep may be nil.
func refDetail(body []byte, keep Keep) (dst Detail, info DetailInfo, err error) {
	defer refCatch(&err)
	info.RequestID = refBody(body, func() { dst, info = Detail{}, DetailInfo{} }, func(key string, value json.RawMessage) {
		switch key {
		case "Total":
			info.Total, info.HasTotal = 0, false
			if v := refInteger(value, 0, math.MaxInt32); v != nil {
				info.Total, info.HasTotal = int(*v), true
			}
		case "UserList":
			dst.Sessions = nil
			info.Users = refList(value, func(raw json.RawMessage) {
				dst.Sessions = append(dst.Sessions, refSession(raw)...)
			})
		case "Data":
			dst.Samples = call.Samples{}
			info.Items, info.EmptySeries, info.NullSeries, info.Dropped = 0, 0, nil, 0
			info.List = refList(value, func(raw json.RawMessage) {
				info.Items++
				refSeries(raw, keep, &dst.Samples, &info)
			})
		}
	})
	return dst, info, nil
}

func refSeries(raw json.RawMessage, keep Keep, dst *call.Samples, info *DetailInfo) {
	type point struct {
		time  uint32
		value *float64
	}
	var user, metric *string
	peer, state := "", ListAbsent
	var points []point
	refFields(raw, func(key string, value json.RawMessage) {
		switch key {
		case "UserId":
			s := refText(value)
			user = &s
		case "PeerId":
			peer = refText(value)
		case "DataType":
			s := refText(value)
			metric = &s
		case "Content":
			points = nil
			state = refList(value, func(raw json.RawMessage) {
				var t *int64
				var p point
				refFields(raw, func(key string, value json.RawMessage) {
					switch key {
					case "Time":
						t = refInteger(value, 1, math.MaxUint32)
					case "Value":
						p.value = refFloat(value)
					}
				})
				refNeed(t != nil)
				p.time = uint32(*t)
				points = append(points, p)
			})
		}
	})
	refNeed(user != nil && metric != nil)
	if state != ListPresent {
		info.NullSeries = append(info.NullSeries, call.Series{UserID: *user, PeerID: peer, Metric: *metric})
	} else if len(points) == 0 {
		info.EmptySeries++
	}
	from, to := uint32(0), uint32(math.MaxUint32)
	if keep != nil {
		from, to = keep(*user)
	}
	rows := 0
	for _, p := range points {
		switch {
		case p.time < from || p.time > to:
			info.Dropped++
		case p.value == nil:
			dst.Nulls++
		default:
			dst.Time, dst.Value = append(dst.Time, p.time), append(dst.Value, *p.value)
			rows++
		}
	}
	if rows > 0 {
		dst.Series = append(dst.Series, call.Series{UserID: *user, PeerID: peer, Metric: *metric, Rows: rows})
	}
}

package transform

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// refWell reports whether a field is good, or null.
func refWell(st state) bool { return st == good || st == null }

func refNulls(states ...state) (n int) {
	for _, st := range states {
		if st == null {
			n++
		}
	}
	return n
}

// refSpan reads start, end and "finished". The span is not usable if one of them is
// damaged. A damaged end that is not needed is damage only.
func refSpan(start, end, finished json.RawMessage) (from, to time.Time, over, usable, damaged bool, nulls int) {
	f, fst := refInteger(start, 1, math.MaxUint32)
	t, tst := refInteger(end, 0, math.MaxUint32)
	over, ost := refBool(finished)
	usable = fst == good && refWell(ost) && (!over || tst == good && t > 0 && t >= f)
	from = time.Unix(f, 0).UTC()
	if over && usable {
		to = time.Unix(t, 0).UTC()
	}
	return from, to, over, usable, !usable || tst == wrong || ost == null, 0
}

func refRoom(raw json.RawMessage, info *Info) []call.Room {
	info.Received++
	f := refObject(raw)
	from, to, over, usable, damaged, nulls := refSpan(f["CreateTime"], f["DestroyTime"], f["IsFinished"])
	id, st := refText(f["CommId"])
	r := call.Room{App: 7, CommID: id, CreatedAt: from, DestroyedAt: to, Finished: over}
	var states [2]state
	r.RoomID, states[0] = refText(f["RoomString"])
	r.Creator, states[1] = refText(f["UserId"])
	if usable = usable && st == good && id != ""; !usable || damaged || !refWell(states[0]) || !refWell(states[1]) {
		info.DamageCount++
	}
	if !usable {
		return nil
	}
	info.Nulls += nulls + refNulls(states[:]...)
	return []call.Room{r}
}

func refSession(raw json.RawMessage, info *Info) []call.Session {
	info.Received++
	f := refObject(raw)
	from, to, over, usable, damaged, nulls := refSpan(f["JoinTs"], f["LeaveTs"], f["Finished"])
	id, st := refText(f["UserId"])
	u := call.Session{UserID: id, JoinedAt: from, LeftAt: to, Finished: over}
	var states [4]state
	u.RoomID, states[0] = refText(f["RoomStr"])
	u.DeviceType, states[1] = refText(f["DeviceType"])
	u.SDKVersion, states[2] = refText(f["SdkVersion"])
	u.ClientIP, states[3] = refText(f["ClientIp"])
	usable = usable && st == good
	if !usable || damaged || slices.ContainsFunc(states[:], func(st state) bool { return !refWell(st) }) {
		info.DamageCount++
	}
	if !usable {
		return nil
	}
	info.Nulls += nulls + refNulls(states[:]...)
	return []call.Session{u}
}

func refEvents(raw json.RawMessage, info *Info) (events []call.Event) {
	f := refObject(raw)
	peer, pst := refText(f["PeerId"])
	list, lst := refList(f["Content"])
	info.Received += len(list)
	if !refWell(pst) || lst != ListPresent && lst != ListNull {
		info.DamageCount++
		return nil
	}
	for _, raw := range list {
		e := call.Event{UserID: "u", RoomID: "r", PeerID: peer}
		f := refObject(raw)
		id, ist := refInteger(f["EventId"], 0, math.MaxUint32)
		milli, mst := refInteger(f["Time"], 100_000_000_000, 4294967295999)
		stream, sst := refInteger(f["Type"], 0, 255)
		var ost, tst state
		e.ParamOne, ost = refInteger(f["ParamOne"], math.MinInt64, math.MaxInt64)
		e.ParamTwo, tst = refInteger(f["ParamTwo"], math.MinInt64, math.MaxInt64)
		if ist != good || mst != good || !refWell(sst) || !refWell(ost) || !refWell(tst) {
			info.DamageCount++
			continue
		}
		info.Nulls += refNulls(sst, ost, tst)
		e.EventID, e.Time, e.StreamType = uint32(id), time.UnixMilli(milli).UTC(), uint8(stream)
		events = append(events, e)
	}
	return events
}

func refExperience(raw json.RawMessage, info *Info) (rows []call.UnusualEvent) {
	info.Received++
	f := refObject(raw)
	user, ust := refText(f["UserId"])
	room, rst := refText(f["RoomId"])
	id, ist := refInteger(f["ExperienceId"], 0, math.MaxUint32)
	at, ast := refInteger(f["EventTime"], 1, math.MaxUint32)
	list, lst := refList(f["AbnormalEventList"])
	ok := ust == good && refWell(rst) && ist == good && ast == good && (lst == ListPresent || lst == ListNull)
	all := call.UnusualEvent{UserID: user, RoomID: room, ExperienceID: uint32(id), Time: time.Unix(at, 0).UTC()}
	for _, raw := range list {
		f := refObject(raw)
		cause, cst := refInteger(f["AbnormalEventId"], 0, math.MaxUint32)
		peer, pst := refText(f["PeerId"])
		ok = ok && cst == good && refWell(pst)
		all.AbnormalEventID, all.PeerID = uint32(cause), peer
		rows = append(rows, all)
	}
	if !ok {
		info.DamageCount++
		return nil
	}
	info.Nulls += refNulls(rst)
	if rows == nil {
		rows = append(rows, all)
	}
	return rows
}

func refScale(raw json.RawMessage, info *Info) []call.DailyScale {
	info.Received++
	f := refObject(raw)
	at, st := refInteger(f["Time"], 1, math.MaxUint32)
	goods, counts := 0, [3]int64{}
	for i, name := range []string{"UserNumber", "UserCount", "RoomNumbers"} {
		var st state
		counts[i], st = refInteger(f[name], 0, math.MaxInt64)
		switch st {
		case good:
			goods++
		case null:
		default:
			goods = -9
		}
	}
	if st != good || goods != 0 && goods != 3 {
		info.DamageCount++
		return nil
	}
	return []call.DailyScale{{Start: time.Unix(at, 0).UTC(),
		UserNumber: uint64(counts[0]), UserCount: uint64(counts[1]), RoomNumber: uint64(counts[2])}}
}

// refDetail reads a response with series; keep may be nil.
func refDetail(body []byte, asked call.Window, keep Keep) (dst Detail, info DetailInfo, err error) {
	defer refCatch(&err)
	response := refBody(body)
	var list []json.RawMessage
	info.Info, list = refInfo(response, "Data")
	users, st := refList(response["UserList"])
	info.Users = st
	for _, raw := range users {
		dst.Sessions = append(dst.Sessions, refSession(raw, &info.Info)...)
	}
	dst.Sessions = refOnce(dst.Sessions, &info.Info)
	for _, raw := range list {
		refSeries(raw, asked, keep, &dst.Samples, &info)
	}
	return dst, info, nil
}

func refSeries(raw json.RawMessage, asked call.Window, keep Keep, dst *call.Samples, info *DetailInfo) {
	f := refObject(raw)
	user, ust := refText(f["UserId"])
	peer, pst := refText(f["PeerId"])
	metric, mst := refText(f["DataType"])
	points, lst := refList(f["Content"])
	if ust != good || !refWell(pst) || mst != good || lst != ListPresent && lst != ListNull {
		info.DamageCount++
		return
	}
	from, to := uint32(0), uint32(math.MaxUint32)
	if keep != nil {
		from, to = keep(user)
	}
	run := call.Series{UserID: user, PeerID: peer, Metric: metric}
	values, nulls := 0, 0
	for _, raw := range points {
		f := refObject(raw)
		at, tst := refInteger(f["Time"], 1, math.MaxUint32)
		v, vst := refFloat(f["Value"])
		early := !asked.Start.IsZero() && at < asked.Start.Unix()-60
		if tst != good || !refWell(vst) || early || !asked.End.IsZero() && at > asked.End.Unix()+60 {
			info.DamageCount++
			continue
		}
		if values++; vst == null {
			values--
			nulls++
		}
		switch {
		case uint32(at) < from || uint32(at) > to:
			info.Dropped++
		case vst == null:
			dst.Nulls++
		default:
			dst.Time, dst.Value = append(dst.Time, uint32(at)), append(dst.Value, v)
			run.Rows++
		}
	}
	if lst == ListNull || values == 0 && nulls > 0 {
		info.NullSeries = append(info.NullSeries, call.Series{UserID: user, PeerID: peer, Metric: metric})
	} else if len(points) == 0 {
		info.EmptySeries++
	}
	if run.Rows > 0 {
		dst.Series = append(dst.Series, run)
	}
}

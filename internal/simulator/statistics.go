package simulator

import (
	"encoding/csv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// counted is how long after a second its usage is counted.
const counted = 2 * hour

// usageNames are the names of usage. The last is on no page.
var usageNames = []string{"Audio", "SD", "HD", "FullHD", "8K"}

// usageOf returns the seconds of each of usageNames on a Beijing day, as counted at an instant,
// and of each room. Statistics other than trtc count some sessions and not others.
func (s *Simulator) usageOf(app uint32, of string, start, at int64) (sums []int64, rooms map[string][]int64) {
	sums, rooms = make([]int64, len(usageNames)), map[string][]int64{}
	for _, c := range s.overlapping(app, start, start+day-1, at) {
		for i, session := range layout(c) {
			draw := hash3(c.seed, hashText(31, of), uint64(session.user)<<20|uint64(i))
			if of != "" && draw>>40%3 == 0 {
				continue
			}
			seconds := min(session.left, start+day, at-counted) - max(session.joined, start)
			if seconds <= 0 {
				continue
			}
			class := int(draw % uint64(len(usageNames)))
			sums[class] += seconds
			if rooms[c.roomID()] == nil {
				rooms[c.roomID()] = make([]int64, len(usageNames))
			}
			rooms[c.roomID()][class] += seconds
		}
	}
	return sums, rooms
}

// usageDays yields the Beijing days of a window that have begun. The account began shortly before
// its oldest call.
func (s *Simulator) usageDays(from, to, at int64, use func(start int64)) {
	from = max(from, s.oldest-3*day)
	for start := beijingDay(from); start <= to && start <= at; start += day {
		if start >= from {
			use(start)
		}
	}
}

// statement names what an action counts, with its variant; empty: all sessions.
func (q *query) statement() string {
	if q.name == "DescribeTrtcUsage" || q.name == "DescribeTrtcRoomUsage" {
		return ""
	}
	return q.name + q.variant
}

// usageList answers with UsageKey and UsageList. Days without usage are missing, or have zeros
// or nulls. A total may differ from the sum.
func (s *Simulator) usageList(q *query, out *answer) {
	type row struct {
		start  int64
		values []int64
	}
	var rows []row
	totals := make([]int64, len(usageNames))
	s.usageDays(q.from, q.to, q.now, func(start int64) {
		values := minutesOf(s.usage(q.app, q.statement(), start, q.now))
		if totalOf(values) == 0 && start/day%3 == 0 {
			return
		}
		rows = append(rows, row{start, values})
		for i, n := range values {
			totals[i] += n
		}
	})
	if !q.due(len(rows)) {
		null := q.withheld || hash2(s.options.Seed, uint64(q.from))&1 == 0
		out.nothing("UsageKey", null)
		out.nothing("UsageList", null)
		return
	}
	out.key("UsageList")
	for i, r := range rows {
		out.buf = append(out.buf, "[,"[min(i, 1)])
		out.buf = append(out.buf, `{"TimeKey":"`+time.Unix(r.start+8*hour, 0).UTC().Format(moments)+`","TimeStampKey":`...)
		out.buf = strconv.AppendInt(out.buf, r.start, 10)
		out.buf = append(out.buf, `,"UsageValue":`...)
		for j, n := range r.values {
			out.buf = append(out.buf, "[,"[min(j, 1)])
			if n == 0 && nullCount(r.start, j) {
				out.buf = append(out.buf, "null"...)
			} else {
				out.buf = strconv.AppendInt(out.buf, n, 10)
			}
		}
		out.buf = append(out.buf, "]}"...)
	}
	out.buf = append(out.buf, ']')
	out.next()
	out.key("UsageKey")
	for i, name := range usageNames {
		out.buf = append(out.buf, "[,"[min(i, 1)])
		out.buf = appendString(out.buf, name, false)
	}
	out.buf = append(out.buf, ']')
	out.next()
	if q.name == "DescribeTRTCAIRecognitionUsage" {
		out.key("TotalUsage")
		for i, n := range totals {
			out.buf = append(out.buf, "[,"[min(i, 1)])
			if i == 0 && q.variant == "tts" {
				n += 3
			}
			out.buf = strconv.AppendInt(out.buf, n, 10)
		}
		out.buf = append(out.buf, ']')
		out.next()
	}
}

// usage returns usageOf without the rooms.
func (s *Simulator) usage(app uint32, of string, start, at int64) []int64 {
	sums, _ := s.usageOf(app, of, start, at)
	return sums
}

// nullCount reports whether the vendor sends null in place of a zero.
func nullCount(start int64, position int) bool { return (start/day+int64(position))%4 == 0 }

// minutesOf rounds seconds up to minutes.
func minutesOf(seconds []int64) []int64 {
	for i, n := range seconds {
		seconds[i] = (n + 59) / 60
	}
	return seconds
}

func totalOf(values []int64) (total int64) {
	for _, n := range values {
		total += n
	}
	return total
}

// fieldNames are the fields of usage in seconds. The last is on no page.
var fieldNames = map[string][]string{
	"DescribeRecordStatistic":      {"AudioTime", "Class1VideoTime", "Class2VideoTime", "Class3VideoTime", "Class4VideoTime"},
	"DescribeTrtcMcuTranscodeTime": {"AudioTime", "VideoTimeH264Sd", "VideoTimeH264Hd", "VideoTimeH265Sd", "VideoTimeAv1"},
}

// usageFields answers with a list of applications that have times with fields. The vendor
// counts an application that is another's, too.
func (s *Simulator) usageFields(q *query, out *answer) {
	list, times, app := "SdkAppIdUsages", "Usages", strconv.Quote(strconv.Itoa(int(q.app)))
	if q.name == "DescribeTrtcMcuTranscodeTime" {
		list, times, app = "Usages", "SdkAppIdTranscodeTimeUsages", strconv.Itoa(int(q.app))
	}
	var rows []string
	s.usageDays(q.from, q.to, q.now, func(start int64) {
		values := s.usage(q.app, q.statement(), start, q.now)
		if totalOf(values) == 0 {
			return
		}
		b := []byte(`{"TimeKey":"` + time.Unix(start+8*hour, 0).UTC().Format(dates) + `"`)
		for i, name := range fieldNames[q.name] {
			b = append(b, `,"`+name+`":`...)
			if values[i] == 0 && nullCount(start, i) {
				b = append(b, "null"...)
			} else {
				b = strconv.AppendInt(b, values[i], 10)
			}
		}
		rows = append(rows, string(b)+"}")
	})
	if !q.due(len(rows)) {
		out.nothing(list, q.withheld || hash2(s.options.Seed, uint64(q.from))&1 == 0)
		return
	}
	out.key(list)
	out.buf = append(out.buf, `[{"`+times+`":[`+strings.Join(rows, ",")+`],"TotalNum":`+strconv.Itoa(len(rows))+`,"SdkAppId":`+app+`},`...)
	out.buf = append(out.buf, `{"SdkAppId":"1","`+times+`":[{"TimeKey":"2020-01-01","AudioTime":7}]}]`...)
	out.next()
}

// sheetHeader is the header of usage by room. The last two columns are on no page.
var sheetHeader = []string{"RoomId", "Audio", "SD", "hd", "FullHD", "8K", "Whiteboard", "Note, free"}

// roomUsage answers with a CSV file. A day without usage is "" or only a header.
func (s *Simulator) roomUsage(q *query, out *answer) {
	rooms := map[string][]int64{}
	s.usageDays(q.from, q.to, q.now, func(start int64) {
		_, rooms = s.usageOf(q.app, "", start, q.now)
	})
	out.key("Data")
	defer out.next()
	if !q.due(len(rooms)) {
		switch {
		case q.withheld:
			out.buf = append(out.buf, "null"...)
		case q.from/day%2 == 0:
			out.buf = append(out.buf, `""`...)
		default:
			out.buf = appendString(out.buf, strings.Join(sheetHeader[:7], ",")+"\n", false)
		}
		return
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(sheetHeader) // a Builder takes everything
	for _, id := range slices.Sorted(maps.Keys(rooms)) {
		_ = w.Write(sheetRow(id, rooms[id]))
	}
	w.Flush()
	out.buf = appendString(out.buf, b.String(), false)
}

func sheetRow(id string, seconds []int64) []string {
	row := []string{id}
	for _, n := range seconds {
		row = append(row, strconv.FormatInt(n, 10))
	}
	if seconds[0] == 0 {
		row[1] = "" // nothing, which is not zero
	}
	return append(row, "", `x "`+strconv.FormatInt(totalOf(seconds), 10)+`", y`)
}

// hourOf are the figures of an hour, or of any other span.
type hourOf struct{ users, rooms, entries int64 }

// figures counts who was in a call within a span, as known at an instant.
func (s *Simulator) figures(app uint32, from, to, at int64) (h hourOf) {
	users := map[uint64]bool{}
	for _, c := range s.overlapping(app, from, to, at) {
		h.rooms++
		for _, session := range layout(c) {
			if session.joined <= to && session.left >= from && session.joined <= at {
				users[hash2(c.seed, uint64(session.user))] = true
			}
			if session.joined >= from && session.joined <= to && session.joined <= at {
				h.entries++
			}
		}
	}
	h.users = int64(len(users))
	return h
}

// metric is a number of a dashboard by its name.
type dashNumber struct {
	name  string
	value float64
}

// dashboard returns the numbers of a dashboard's span, or none.
func (s *Simulator) dashboard(name string, app uint32, from, to, at int64) []dashNumber {
	if !strings.Contains(name, "RealTime") { // it is counted late
		at -= counted
	}
	h := s.figures(app, from, to, at)
	if h.rooms == 0 {
		return nil
	}
	if strings.Contains(name, "Quality") {
		draw := func(salt uint64) float64 {
			return float64(hash3(s.options.Seed^uint64(app), uint64(from), salt)%10_000) / 10_000
		}
		return []dashNumber{
			{"joinSuccessRate", 99 + draw(1)}, {"joinSuccessIn5sRate", 98 + draw(2)}, {"audioFreezeRate", draw(3)},
			{"videoFreezeRate", 2 * draw(4)}, {"networkDelay", 40 + 10*draw(5)}, {"firstFrame", 300 + 100*draw(6)},
		}
	}
	return []dashNumber{
		{"userCount", float64(h.users)}, {"roomCount", float64(h.rooms)}, {"peakCurrentUsers", float64(max(1, h.users/2))},
		{"peakCurrentChannels", float64(max(1, h.rooms/2))}, {"joins", float64(h.entries)},
	}
}

// market answers with series by UTC hour, or by day.
func (s *Simulator) market(q *query, out *answer) {
	s.series(q, out, hour, q.from, q.to)
}

// realtime answers with series by minute.
func (s *Simulator) realtime(q *query, out *answer) {
	s.series(q, out, minute, (q.from+minute-1)/minute*minute, q.to)
}

func (s *Simulator) series(q *query, out *answer, step, from, to int64) {
	out.key("Data")
	defer out.next()
	var columns, rows []string
	for at := from; at <= min(to, q.now); at += step {
		numbers := s.dashboard(q.name, q.app, at, at+step-1, q.now)
		if len(numbers) == 0 {
			continue
		}
		columns = columns[:0]
		var values []string
		for i, n := range numbers {
			if i == 1 { // the time is not the first column
				columns, values = append(columns, `"ts"`), append(values, strconv.FormatInt(at, 10))
			}
			columns = append(columns, strconv.Quote(n.name))
			values = append(values, strconv.FormatFloat(n.value, 'f', -1, 64))
		}
		row := strings.Join(values, ",")
		if q.exact || strings.Contains(row, ".") {
			rows = append(rows, `{"RowValue":null,"RowValueFloat":[`+row+`]}`)
		} else {
			rows = append(rows, `{"RowValue":[`+row+`],"RowValueFloat":null}`)
		}
	}
	if !q.due(len(rows)) {
		empty := []string{"null", `{"StatementID":0,"Total":0,"Series":null}`, `{"StatementID":0,"Total":0,"Series":[{"Columns":null,"Values":null}]}`}
		which := hash2(s.options.Seed, uint64(q.from)) % uint64(len(empty))
		if q.withheld {
			which = min(which, 1)
		}
		out.buf = append(out.buf, empty[which]...)
		return
	}
	out.buf = append(out.buf, `{"StatementID":0,"Series":[{"Values":[`+strings.Join(rows, ",")+`],"Columns":[`+strings.Join(columns, ",")+`]}],"Total":1}`...)
}

// UsageDay is a row of usage_days. StartsAt is in unix seconds; 0: the vendor does not say.
type UsageDay struct {
	SdkAppID              uint32
	Product, Day, TimeKey string
	StartsAt              int64
	UsageKey              string
	Value                 float64
	Unit                  string
}

// UsageRoom is a row of usage_rooms.
type UsageRoom struct {
	SdkAppID    uint32
	Day, RoomID string
	Line        int64
	UsageKey    string
	Value       float64
	Text        string // of what is no number
}

// MarketHour is a row of market_hours; TS is in unix seconds.
type MarketHour struct {
	SdkAppID          uint32
	Statement, Metric string
	TS                int64
	Value             float64
}

// statistics are the statistics with UsageKey by their names in the relation: action and
// variant.
var statistics = []struct{ product, action, variant, unit string }{
	{"trtc", "DescribeTrtcUsage", "", "minutes"},
	{"mix_transcoding", "DescribeMixTranscodingUsage", "", "minutes"},
	{"relay", "DescribeRelayUsage", "", "minutes"},
	{"recording_single", "DescribeRecordingUsage", "single", "minutes"},
	{"recording_multi", "DescribeRecordingUsage", "multi", "minutes"},
	{"record_statistic", "DescribeRecordStatistic", "", "seconds"},
	{"mcu_transcode", "DescribeTrtcMcuTranscodeTime", "", "seconds"},
	{"ai_conversation", "DescribeTRTCAIRecognitionUsage", "conversation", ""},
	{"ai_asr", "DescribeTRTCAIRecognitionUsage", "asr", ""},
	{"ai_translation", "DescribeTRTCAIRecognitionUsage", "translation", ""},
	{"ai_tts", "DescribeTRTCAIRecognitionUsage", "tts", ""},
	{"moderation_audio", "DescribeTRTCSegmentModerationUsage", "audio", ""},
	{"moderation_picture", "DescribeTRTCSegmentModerationUsage", "picture", ""},
	{"acceleration_0", "DescribeTRTCDedicatedCloudAccUsage", "0", ""},
	{"acceleration_1", "DescribeTRTCDedicatedCloudAccUsage", "1", ""},
}

// eachDay calls use for each Beijing day since so many days before the instant of the truth.
// The client names days by the UTC date, so a day of Beijing that has begun before that date
// is not known yet.
func (t *Truth) eachDay(days int64, use func(start int64, name string)) {
	today := t.at / day * day
	for d := today - (days-1)*day; d <= today; d += day {
		if start := d - 8*hour; start <= t.at && start >= t.s.oldest-3*day {
			use(start, time.Unix(d, 0).UTC().Format(dates))
		}
	}
}

// UsageDays returns the rows of usage_days.
func (t *Truth) UsageDays() (rows []UsageDay) {
	for _, app := range t.s.options.Apps {
		for _, x := range statistics {
			if slices.Contains(t.s.options.Without, x.action) {
				continue
			}
			q := query{action: actionByName(x.action), variant: x.variant}
			t.eachDay(60, func(start int64, name string) {
				values := t.s.usage(app, q.statement(), start, t.at)
				names, fields := usageNames, fieldNames[x.action]
				row := UsageDay{SdkAppID: app, Product: x.product, Day: name, TimeKey: name + " 00:00:00", StartsAt: start, Unit: x.unit}
				switch {
				case fields != nil && totalOf(values) == 0:
					return
				case fields != nil:
					names, row.TimeKey, row.StartsAt = fields, name, 0
				default:
					values = minutesOf(values)
					if totalOf(values) == 0 && start/day%3 == 0 {
						return
					}
				}
				for i, n := range values {
					if n == 0 && nullCount(start, i) {
						continue
					}
					row.UsageKey, row.Value = names[i], float64(n)
					rows = append(rows, row)
				}
			})
		}
	}
	return rows
}

// UsageRooms returns the rows of usage_rooms.
func (t *Truth) UsageRooms() (rows []UsageRoom) {
	for _, app := range t.s.options.Apps {
		t.eachDay(60, func(start int64, name string) {
			_, rooms := t.s.usageOf(app, "", start, t.at)
			for line, id := range slices.Sorted(maps.Keys(rooms)) {
				for i, cell := range sheetRow(id, rooms[id]) {
					if i == 0 || cell == "" {
						continue
					}
					row := UsageRoom{SdkAppID: app, Day: name, RoomID: id, Line: int64(line) + 1, UsageKey: sheetHeader[i]}
					if value, err := strconv.ParseFloat(cell, 64); err == nil {
						row.Value = value
					} else {
						row.Text = cell
					}
					rows = append(rows, row)
				}
			}
		})
	}
	return rows
}

// RealtimeFigures returns the rows of realtime_figures between two instants, in unix seconds.
func (t *Truth) RealtimeFigures(from, to int64) (rows []MarketHour) {
	for _, app := range t.s.options.Apps {
		for _, statement := range []string{"Scale", "Quality"} {
			for at := (from + minute - 1) / minute * minute; at <= to; at += minute {
				for _, n := range t.s.dashboard("DescribeTRTCRealTime"+statement+"Data", app, at, at+minute-1, t.at) {
					rows = append(rows, MarketHour{app, strings.ToLower(statement), n.name, at, n.value})
				}
			}
		}
	}
	return rows
}

// MarketHours returns the rows of market_hours.
func (t *Truth) MarketHours() (rows []MarketHour) {
	for _, app := range t.s.options.Apps {
		for _, x := range []struct{ statement, action string }{
			{"scale", "DescribeTRTCMarketScaleData"}, {"quality", "DescribeTRTCMarketQualityData"}, {"scale_metric", "DescribeTRTCMarketScaleMetricData"},
		} {
			if slices.Contains(t.s.options.Without, x.action) {
				continue
			}
			for at := t.at/day*day - int64(t.s.options.MonitoringDays-1)*day; at <= t.at; at += hour {
				for _, n := range t.s.dashboard(x.action, app, at, at+hour-1, t.at) {
					rows = append(rows, MarketHour{app, x.statement, n.name, at, n.value})
				}
			}
		}
	}
	return rows
}

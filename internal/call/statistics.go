package call

import (
	"slices"
	"strings"
	"time"
)

// Statistic is one number of the vendor's statistics about an application.
type Statistic struct {
	TimeKey string    // the vendor's text for the time, such as 2026-11-30 00:00:00; "": none
	At      time.Time // the instant that the vendor gives with it, or the UTC hour; zero: none
	RoomID  string    // of usage by room
	Line    uint32    // of a table: its number, from 1, without the header
	Name    string    // what is counted, by the vendor's name
	Value   float64
	Text    string // what is no number, as it came; then Value is 0
}

// Shape is how the vendor writes an answer with statistics.
type Shape uint8

const (
	ShapeUsage  Shape = iota // UsageKey, and UsageList of times with values by position
	ShapeFields              // a list of applications, each with times that have a field for each number
	ShapeTable               // Data is a text: a CSV file with a line for each room
	ShapeSeries              // Data has Series of Columns and rows
)

// Times is how a question about statistics writes its window.
type Times uint8

const (
	TimesDays    Times = iota // 2006-01-02, both ends included
	TimesMinutes              // 2006-01-02 15:04
	TimesSeconds              // 2006-01-02 15:04:05
	TimesUnix                 // unix seconds
)

// Statement is one of the vendor's statistics: an action with the parameters that tell it from
// others of the same action.
type Statement struct {
	Name   string // in the keys of units and in the relation; no spaces
	Kind   UnitKind
	Action string
	Fixed  map[string]any // parameters that are always the same
	AppAs  string         // the name of the parameter with the application
	Text   bool           // that parameter is a string
	Times  Times
	Shape  Shape
	Unit   string // of the values; "": that of the vendor's page for each name
	// Every is the vendor's least distance between two requests of the action; zero: that of
	// other actions.
	Every time.Duration
	// Most is how many questions a pass asks, because the vendor wants them far apart; zero: as
	// many as there are.
	Most int
}

// The vendor's limits of statistics, in days, today included.
const (
	StatisticsDays  = 31 // of one question
	StatisticsReach = 30 // of the basic plan of monitoring; nothing shorter is documented
	StatisticsMost  = 60 // of the advanced plan
)

// RealtimeReach is how far back real-time statistics go on the basic plan of monitoring.
const RealtimeReach = 3 * time.Hour

// often is the distance of five requests a second, on the pages of usage.
const often = time.Second / 5

// Statements returns the vendor's statistics, of which an account may have some. The pages are
// https://www.tencentcloud.com/document/product/647/54137 (usage), 54327 (rooms), 58630 and
// 58631 (market), and the models of the vendor's SDK.
func Statements() []Statement {
	usage := func(name, action string, shape Shape, unit string, fixed map[string]any) Statement {
		return Statement{Name: name, Kind: UnitUsage, Action: action, Fixed: fixed, AppAs: "SdkAppId", Shape: shape, Unit: unit, Every: often}
	}
	timed := func(s Statement) Statement {
		s.Times = TimesSeconds
		return s
	}
	all := []Statement{
		usage("trtc", "DescribeTrtcUsage", ShapeUsage, "minutes", nil),
		usage("mix_transcoding", "DescribeMixTranscodingUsage", ShapeUsage, "minutes", nil),
		usage("relay", "DescribeRelayUsage", ShapeUsage, "minutes", nil),
		usage("recording_single", "DescribeRecordingUsage", ShapeUsage, "minutes", map[string]any{"MixType": "single"}),
		usage("recording_multi", "DescribeRecordingUsage", ShapeUsage, "minutes", map[string]any{"MixType": "multi"}),
		usage("record_statistic", "DescribeRecordStatistic", ShapeFields, "seconds", nil),
		usage("mcu_transcode", "DescribeTrtcMcuTranscodeTime", ShapeFields, "seconds", nil),
	}
	for _, kind := range []string{"conversation", "asr", "translation", "tts"} {
		all = append(all, timed(usage("ai_"+kind, "DescribeTRTCAIRecognitionUsage", ShapeUsage, "", map[string]any{"AuType": []string{kind}})))
	}
	for _, kind := range []string{"audio", "picture"} {
		all = append(all, timed(usage("moderation_"+kind, "DescribeTRTCSegmentModerationUsage", ShapeUsage, "", map[string]any{"Type": kind})))
	}
	for i, name := range []string{"acceleration_0", "acceleration_1"} {
		all = append(all, timed(usage(name, "DescribeTRTCDedicatedCloudAccUsage", ShapeUsage, "", map[string]any{"Business": i})))
	}
	all = append(all, Statement{
		Name: "rooms", Kind: UnitRoomUsage, Action: "DescribeTrtcRoomUsage", AppAs: "SdkAppid", Times: TimesMinutes, Shape: ShapeTable,
		Unit: "seconds", Every: 15 * time.Second, Most: 6,
	})
	hourly := map[string]any{"Period": "h"}
	for _, s := range []Statement{
		{Name: "scale", Kind: UnitMarket, Action: "DescribeTRTCMarketScaleData", Fixed: hourly},
		{Name: "quality", Kind: UnitMarket, Action: "DescribeTRTCMarketQualityData", Fixed: map[string]any{"Period": "h", "IsFloat": true}},
		{Name: "scale_metric", Kind: UnitMarket, Action: "DescribeTRTCMarketScaleMetricData", Fixed: hourly},
		{Name: "scale", Kind: UnitRealtime, Action: "DescribeTRTCRealTimeScaleData", Times: TimesUnix},
		{Name: "quality", Kind: UnitRealtime, Action: "DescribeTRTCRealTimeQualityData", Times: TimesUnix},
	} {
		s.AppAs, s.Text, s.Shape = "SdkAppId", true, ShapeSeries
		all = append(all, s)
	}
	return all
}

// IsStatistics reports whether units of the kind are statistics.
func (k UnitKind) IsStatistics() bool {
	return k == UnitUsage || k == UnitRoomUsage || k == UnitMarket || k == UnitRealtime
}

// Relation returns the relation with the statistics of the kind.
func (k UnitKind) Relation() string {
	return map[UnitKind]string{UnitUsage: "usage_days", UnitRoomUsage: "usage_rooms", UnitMarket: "market_hours", UnitRealtime: "realtime_figures"}[k]
}

// StatementOf returns the statement of a unit.
func StatementOf(u Unit) (s Statement, ok bool) {
	name, _, _ := strings.Cut(u.Key, " ")
	all := Statements()
	i := slices.IndexFunc(all, func(s Statement) bool { return s.Kind == u.Kind && s.Name == name })
	if i < 0 {
		return s, false
	}
	return all[i], true
}

// Day names a UTC day, or one of the vendor's.
func Day(t time.Time) string { return t.Format(time.DateOnly) }

// UnitOf returns the unit of the statement that holds a moment: of its day, or of its hour.
func (s Statement) UnitOf(app AppID, t time.Time) Unit {
	if s.Kind == UnitRealtime {
		return Unit{app, s.Kind, s.Name + " " + t.UTC().Truncate(time.Hour).Format(time.RFC3339)}
	}
	return Unit{app, s.Kind, s.Name + " " + Day(t.UTC())}
}

// SpanOf returns the beginning of a unit of statistics and its length. A day is counted from
// midnight UTC; the vendor's own may begin some hours earlier or later.
func SpanOf(u Unit) (start time.Time, length time.Duration, ok bool) {
	_, when, _ := strings.Cut(u.Key, " ")
	layout, length := time.DateOnly, 24*time.Hour
	if u.Kind == UnitRealtime {
		layout, length = time.RFC3339, time.Hour
	}
	start, err := time.Parse(layout, when)
	return start.UTC(), length, err == nil
}

// RoomColumn returns which name of a table's header is that of rooms, or -1.
func RoomColumn(names []string) int {
	for i, name := range names {
		switch strings.NewReplacer("_", "", " ", "", "-", "").Replace(strings.ToLower(name)) {
		case "roomid", "room", "roomstr", "roomstring", "roomname":
			return i
		}
	}
	return -1
}

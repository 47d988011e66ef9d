package simulator

import (
	"slices"
	"strconv"
	"time"
)

// statistic is what an action of the vendor's statistics has besides the others.
type statistic struct {
	app     string // the name of the parameter with the application
	layout  string // of times; empty: unix seconds
	most    int64  // seconds of a window
	reach   int64  // seconds back; 0: that of the plan of monitoring
	variant string // the parameter that tells statistics of one action apart
	values  []string
}

const (
	dates   = "2006-01-02"
	minutes = "2006-01-02 15:04"
	moments = "2006-01-02 15:04:05"

	usageReach = 90 * day
)

// statActions are the actions of the vendor's statistics, by the models of its SDK and the
// pages of usage and monitoring.
var statActions = func() []action {
	usage := func(name, layout, variant string, values ...string) action {
		a := action{
			name: name, dialect: current, regions: baseRegions, required: []string{"StartTime", "EndTime"}, optional: []string{"SdkAppId"},
			stat: &statistic{app: "SdkAppId", layout: layout, most: 31 * day, reach: usageReach, variant: variant, values: values},
		}
		if variant != "" {
			a.required = append(a.required, variant)
		}
		return a
	}
	dashboard := func(name, layout string, reach int64, more ...string) action {
		return action{
			name: name, dialect: current, regions: listRegions, required: []string{"SdkAppId", "StartTime", "EndTime"}, optional: more,
			stat: &statistic{app: "SdkAppId", layout: layout, most: 31 * day, reach: reach},
		}
	}
	all := []action{
		usage("DescribeTrtcUsage", dates, ""),
		usage("DescribeMixTranscodingUsage", dates, ""),
		usage("DescribeRelayUsage", dates, ""),
		usage("DescribeRecordingUsage", dates, "MixType", "single", "multi"),
		usage("DescribeRecordStatistic", dates, ""),
		usage("DescribeTrtcMcuTranscodeTime", dates, ""),
		usage("DescribeTRTCAIRecognitionUsage", moments, "AuType", "conversation", "asr", "translation", "tts"),
		usage("DescribeTRTCSegmentModerationUsage", moments, "Type", "audio", "picture"),
		usage("DescribeTRTCDedicatedCloudAccUsage", moments, "Business", "0", "1"),
		{
			name: "DescribeTrtcRoomUsage", dialect: current, regions: []string{"ap-guangzhou", "ap-singapore"},
			required: []string{"SdkAppid", "StartTime", "EndTime"},
			stat:     &statistic{app: "SdkAppid", layout: minutes, most: day, reach: usageReach},
		},
		dashboard("DescribeTRTCMarketScaleData", dates, 0, "Period"),
		dashboard("DescribeTRTCMarketQualityData", dates, 0, "Period", "IsFloat"),
		dashboard("DescribeTRTCMarketScaleMetricData", dates, 0, "Period"),
		dashboard("DescribeTRTCRealTimeScaleData", "", 3*hour, "RoomId"),
		dashboard("DescribeTRTCRealTimeQualityData", "", 3*hour, "RoomId"),
	}
	for i := range all {
		switch a := &all[i]; a.name {
		case "DescribeRecordStatistic", "DescribeTrtcMcuTranscodeTime":
			a.serve = (*Simulator).usageFields
		case "DescribeTrtcRoomUsage":
			a.serve = (*Simulator).roomUsage
		case "DescribeTRTCMarketScaleData", "DescribeTRTCMarketScaleMetricData", "DescribeTRTCMarketQualityData":
			a.serve = (*Simulator).market
		case "DescribeTRTCRealTimeScaleData", "DescribeTRTCRealTimeQualityData":
			a.serve = (*Simulator).realtime
		default:
			a.serve = (*Simulator).usageList
		}
	}
	return all
}()

// typeOf returns the type of a parameter.
func (x *statistic) typeOf(name string, required bool) paramType {
	switch name {
	case "AuType":
		return list
	case "IsFloat":
		return boolean
	case "Business", "SdkAppid":
		return number
	case "SdkAppId":
		if !required { // the dashboards have it as a string
			return number
		}
	case "StartTime", "EndTime":
		if x.layout == "" {
			return number
		}
	}
	return text
}

// parseStatistic checks the values and limits of a question about statistics. Dates and
// minutes are read in Beijing's time, except by the dashboards, which count UTC days.
func (s *Simulator) parseStatistic(q *query, p params) *fault {
	x := q.stat
	id := p[x.app].text
	app, err := strconv.ParseUint(id, 10, 32)
	if _, ours := s.calls[uint32(app)]; id == "" || err != nil || !ours {
		return &fault{code: codeApp} // without an application the vendor sums them up, which nobody asks for here
	}
	q.app = uint32(app)
	if x.variant != "" {
		value := p[x.variant].text
		if value == "" {
			if all := p[x.variant].list; len(all) == 1 {
				value = all[0]
			}
		}
		if !slices.Contains(x.values, value) {
			return &fault{codeInvalid, x.variant + " is not valid."}
		}
		q.variant = value
	}
	zone := int64(8 * hour)
	if s.marketAction(q.name) {
		zone = 0
		q.exact = p["IsFloat"].text == "true"
		if period := p["Period"].text; period != "h" && period != "d" {
			return &fault{codeInvalid, "Period is not valid."}
		}
	}
	for name, into := range map[string]*int64{"StartTime": &q.from, "EndTime": &q.to} {
		if x.layout == "" {
			if *into, err = strconv.ParseInt(p[name].text, 10, 62); err != nil {
				return &fault{codeInvalid, name + " is not valid."}
			}
			continue
		}
		at, err := time.Parse(x.layout, p[name].text)
		if err != nil {
			return &fault{codeInvalid, name + " is not valid."}
		}
		*into = at.Unix() - zone
	}
	last := q.to
	if x.layout == dates { // both ends are included
		last += day - 1
	}
	reach := x.reach
	if reach == 0 {
		reach = int64(s.options.MonitoringDays) * day
	}
	oldest := q.now - reach
	if x.layout != "" { // whole days, today included
		oldest = q.now/day*day - reach + day - zone
	}
	switch {
	case q.to < q.from:
		return &fault{code: codeStart}
	case last-q.from > x.most:
		return &fault{code: codeQueryScale}
	case q.from < oldest:
		return &fault{code: codeStartTimeOversize}
	}
	q.to = last
	return nil
}

func (s *Simulator) marketAction(name string) bool {
	switch name {
	case "DescribeTRTCMarketScaleData", "DescribeTRTCMarketQualityData", "DescribeTRTCMarketScaleMetricData":
		return true
	}
	return false
}

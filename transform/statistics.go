package transform

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Lines are lines of a table, from 1, both included.
type Lines struct{ From, To uint32 }

// AllLines are all lines of a table.
func AllLines() Lines { return Lines{1, math.MaxUint32} }

// MostStatistics is the most numbers that one reading of an answer returns.
const MostStatistics = mostEvents

// Statistics reads an answer about a statement and appends its numbers to dst. w is the window
// asked for: it tells which column of a series is the time. Of a table only numbers of the
// given lines are appended, though all lines are read; Info.Items counts them. After an error
// dst is returned unchanged.
//
// A number that is null is no row, and counted in Info.Nulls. What is no number is kept as
// text. A time whose values do not fit their names is damage, with the time as its key. So is
// a line of a table that does not fit the header, with its number.
func (d *Decoder) Statistics(s call.Statement, app call.AppID, w call.Window, lines Lines, body []byte, dst []call.Statistic) ([]call.Statistic, Info, error) {
	r := statisticsReader{Decoder: d, app: app, window: w, lines: lines, t: newTable("statistic", MostStatistics, dst)}
	id, err := d.decode("statistics", body, r.reset, func(key []byte) bool { return r.field(s.Shape, string(key)) })
	if err != nil {
		r.t.reset()
		return r.t.rows, Info{}, err
	}
	r.finish(s.Shape)
	r.info.RequestID = id
	r.t.report(&r.info)
	return r.t.rows, r.info, nil
}

// statisticsReader reads one answer.
type statisticsReader struct {
	*Decoder
	app    call.AppID
	window call.Window
	lines  Lines
	t      *table[call.Statistic]
	info   Info

	names  []string // UsageKey
	totals []value[float64]
	times  []statisticTime // of UsageList
}

// statisticTime is a time with its values by position.
type statisticTime struct {
	key    value[string]
	at     value[int64]
	values []value[float64]
	list   ListState // of values
}

func (r *statisticsReader) reset() {
	r.info, r.names, r.totals, r.times = Info{}, nil, nil, nil
	r.t.reset()
}

func (r *statisticsReader) field(shape call.Shape, key string) bool {
	s := &r.scan
	begin := func() bool { // of the list with the rows
		if r.info.List != ListAbsent { // it is repeated
			r.info.List = ListWrong
			s.skip()
			return false
		}
		return true
	}
	switch {
	case shape == call.ShapeUsage && key == "UsageKey":
		r.names = r.texts()
	case shape == call.ShapeUsage && key == "TotalUsage":
		r.totals = r.numbers()
	case shape == call.ShapeUsage && key == "UsageList":
		if begin() {
			r.info.List, _ = s.list()
			for r.info.List == ListPresent && s.element() {
				r.info.Items++
				r.usageTime()
			}
		}
	case shape == call.ShapeFields && (key == "Usages" || key == "SdkAppIdUsages"):
		if begin() {
			r.info.List, _ = s.list()
			for r.info.List == ListPresent && s.element() {
				r.info.Items++
				r.application()
			}
		}
	case shape == call.ShapeTable && key == "Data":
		if begin() {
			text, f := s.text()
			if r.info.List = listStateOf(f.state); f.state == good {
				r.sheet(text)
			}
		}
	case shape == call.ShapeSeries && key == "Data":
		if begin() {
			r.dataOfSeries()
		}
	default:
		return false
	}
	return true
}

// listStateOf is how a text that stands for a list came.
func listStateOf(s state) ListState {
	switch s {
	case good:
		return ListPresent
	case null:
		return ListNull
	}
	return ListWrong
}

// bad notes a piece that cannot be read.
func (r *statisticsReader) bad(key, problem string) {
	r.t.damage.add(Damage{What: "statistic", Key: key, Problem: problem})
}

// texts reads a list of texts. Anything else in it is "".
func (r *statisticsReader) texts() (all []string) {
	state, _ := r.scan.list()
	for state == ListPresent && r.scan.element() {
		if name := r.name(); len(all) < mostRows {
			all = append(all, name.v)
		}
	}
	return all
}

// numbers reads a list of numbers.
func (r *statisticsReader) numbers() []value[float64] {
	all, _ := r.numberList()
	return all
}

func (r *statisticsReader) numberList() (all []value[float64], state ListState) {
	state, _ = r.scan.list()
	for state == ListPresent && r.scan.element() {
		if v := r.scan.float(); len(all) < mostRows {
			all = append(all, v)
		}
	}
	return all, state
}

// usageTime reads an element of UsageList.
func (r *statisticsReader) usageTime() {
	r.t.received++
	s := &r.scan
	if problem := s.object(); problem != "" {
		r.bad("", problem)
		return
	}
	var x statisticTime
	for s.member() {
		switch string(s.key) {
		case "TimeKey":
			x.key.set(r.name())
		case "TimeStampKey":
			x.at.set(s.integer(0, math.MaxInt64))
		case "UsageValue":
			x.values, x.list = r.numberList()
		default:
			s.skip()
		}
	}
	if len(r.times) < mostRows {
		r.times = append(r.times, x)
	}
}

// application reads an element of a list of applications. Whatever of it is a list has times.
func (r *statisticsReader) application() {
	s := &r.scan
	if problem := s.object(); problem != "" {
		r.bad("", problem)
		return
	}
	type series struct {
		name string
		rows []call.Statistic
	}
	var app value[string]
	var all []series
	for s.member() {
		name := string(s.key)
		switch {
		case name == "SdkAppId":
			app.set(r.Decoder.name())
		case s.space() == '[':
			s.begin('[')
			x := series{name: name}
			for s.element() {
				x.rows = r.fieldsOfTime(x.rows)
			}
			all = append(all, x)
		default:
			s.skip()
		}
	}
	if app.state == good && app.v != strconv.FormatUint(uint64(r.app), 10) {
		return // of another application
	}
	for _, x := range all {
		for _, row := range x.rows {
			if len(all) > 1 {
				row.Name = x.name + "." + row.Name
			}
			r.t.add(row)
		}
	}
}

// fieldsOfTime reads a time with one field for each number.
func (r *statisticsReader) fieldsOfTime(rows []call.Statistic) []call.Statistic {
	r.t.received++
	s := &r.scan
	if problem := s.object(); problem != "" {
		r.bad("", problem)
		return rows
	}
	var key value[string]
	var at value[int64]
	base, wrong := len(rows), problems("")
	for s.member() {
		name := string(s.key)
		switch name {
		case "TimeKey":
			key.set(r.Decoder.name())
			continue
		case "TimeStampKey":
			at.set(s.integer(0, math.MaxInt64))
			continue
		}
		switch v, text, state := r.number(); {
		case state == null:
			r.t.nulls++
		case state == good && len(rows) < mostEvents:
			rows = append(rows, call.Statistic{Name: name, Value: v, Text: text})
		case state != good && wrong == "":
			wrong.add(plain(name) + " is neither a number nor a text")
		}
	}
	when, problem := statisticTime{key: key, at: at}.time()
	if problem += wrong; problem != "" {
		r.bad(key.v, string(problem))
		return rows[:base]
	}
	for i := base; i < len(rows); i++ {
		rows[i].TimeKey, rows[i].At = key.v, when
	}
	return rows
}

// number reads a number, or a text that is none.
func (r *statisticsReader) number() (v float64, text string, of state) {
	s := &r.scan
	if s.space() == '"' {
		if text = string(s.quoted()); strings.TrimSpace(text) == "" {
			return 0, "", null // as an empty cell of a table
		}
		v, text = numberIn(text)
		return v, text, good
	}
	x := s.float()
	return x.v, "", x.state
}

// numberIn returns the number that a text is, or the text.
func numberIn(text string) (v float64, rest string) {
	if isNumber([]byte(text)) {
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			return v, ""
		}
	}
	return 0, text
}

// time checks the time.
func (x statisticTime) time() (at time.Time, p problems) {
	p.need("TimeKey", x.key.field)
	if p == "" {
		if _, ok := DayOf(x.key.v); !ok {
			p.add("TimeKey: expected a time that begins with a day, such as 2026-11-30")
		}
	}
	switch v := x.at.v; {
	case x.at.state == wrong:
		p.need("TimeStampKey", x.at.field)
	case x.at.state != good || v == 0:
	case v <= math.MaxUint32:
		at = moment(v)
	case v%1000 == 0 && v/1000 <= math.MaxUint32:
		at = moment(v / 1000)
	default:
		p.add("TimeStampKey is no time")
	}
	return at, p
}

// DayOf returns the day that a TimeKey begins with.
func DayOf(timeKey string) (day time.Time, ok bool) {
	if len(timeKey) < len(time.DateOnly) {
		return day, false
	}
	day, err := time.Parse(time.DateOnly, timeKey[:len(time.DateOnly)])
	return day, err == nil && day.Unix() > 0 && day.Unix() < math.MaxUint32
}

// finish makes rows of what came by position.
func (r *statisticsReader) finish(shape call.Shape) {
	if shape != call.ShapeUsage {
		return
	}
	sums := make([]float64, len(r.names))
	names := named(r.names)
	for _, x := range r.times {
		at, p := x.time()
		switch {
		case p != "":
		case x.list == ListNull && len(x.values) == 0:
			r.t.nulls++
			continue
		case len(x.values) != len(names) || x.list != ListPresent:
			p.add(fmt.Sprintf("%d values of %d names", len(x.values), len(names)))
		}
		for i, v := range x.values {
			if p == "" && v.state == wrong {
				p.add(plain(names[i]) + ": " + v.problem)
			}
		}
		if p != "" {
			r.bad(x.key.v, string(p))
			continue
		}
		for i, v := range x.values {
			if v.state == null {
				r.t.nulls++
				continue
			}
			sums[i] += v.v
			r.t.add(call.Statistic{TimeKey: x.key.v, At: at, Name: names[i], Value: v.v})
		}
	}
	for i, total := range r.totals {
		if i < len(sums) && total.state == good && math.Abs(total.v-sums[i]) > 1e-9*math.Abs(total.v) {
			r.info.Differs = fmt.Sprintf("TotalUsage of %s is %v, and its times have %v", plain(names[i]), total.v, sums[i])
			break
		}
	}
}

// plain is the vendor's name of something in a message.
func plain(name string) string {
	if len(name) > mostQuoted {
		name = name[:mostQuoted]
	}
	quoted := strconv.QuoteToASCII(name)
	return quoted[1 : len(quoted)-1]
}

// named makes each name different from the others and not empty.
func named(names []string) []string {
	all, seen := make([]string, len(names)), map[string]int{}
	for i, name := range names {
		if name = strings.TrimSpace(name); name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s#%d", name, seen[name])
		}
		all[i] = name
	}
	return all
}

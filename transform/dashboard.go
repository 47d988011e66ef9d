package transform

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// dataOfSeries reads {Series: […]}. Anything of it may be null.
func (r *statisticsReader) dataOfSeries() {
	s := &r.scan
	if s.space() != '{' {
		if r.info.List = ListWrong; s.any() == "null" {
			r.info.List = ListNull
		}
		return
	}
	s.begin('{')
	for s.member() {
		if string(s.key) != "Series" {
			s.skip()
			continue
		}
		again := r.info.List != ListAbsent
		r.t.reset()
		r.info.Items = 0
		r.info.List, _ = s.list()
		for r.info.List == ListPresent && s.element() {
			r.info.Items++
			r.series(r.info.Items)
		}
		if again {
			r.info.List = ListWrong
			r.t.reset()
		}
	}
	if r.info.List == ListAbsent {
		r.info.List = ListNull
	}
}

// seriesRow is a row of a series: whole numbers, and the same with fractions.
type seriesRow struct{ whole, exact []value[float64] }

// values returns the numbers of the row. The vendor sends them in one list or in both.
func (x seriesRow) values(columns int) []value[float64] {
	if len(x.exact) == columns && columns > 0 {
		return x.exact
	}
	return x.whole
}

// series reads one of Series, which are numbered from 1. Metrics of the second and later ones
// end with its number: nothing says how they differ.
func (r *statisticsReader) series(number int) {
	s := &r.scan
	if problem := s.object(); problem != "" {
		if problem != mismatch("an object", "null").problem {
			r.bad("", problem)
		}
		return
	}
	var columns []string
	var rows []seriesRow
	for s.member() {
		switch string(s.key) {
		case "Columns":
			columns = r.texts()
		case "Values":
			rows = r.seriesRows()
		default:
			s.skip()
		}
	}
	r.t.received += len(rows)
	columns = named(columns)
	at, of := r.timeColumn(columns, rows)
	for i, row := range rows {
		values := row.values(len(columns))
		key := fmt.Sprintf("row %d", i+1)
		if len(values) == 0 && len(row.whole)+len(row.exact) == 0 {
			r.t.nulls++
			continue
		}
		if len(values) != len(columns) {
			r.bad(key, fmt.Sprintf("%d values of %d names", len(values), len(columns)))
			continue
		}
		if at < 0 {
			r.bad(key, "none of its columns is a time: "+plain(strings.Join(columns, ", ")))
			continue
		}
		when, ok := of(values[at])
		if !ok {
			r.bad(key, plain(columns[at])+" is no time in the window asked for")
			continue
		}
		key = clockText(when)
		for j, v := range values {
			name := columns[j]
			if number > 1 {
				name += "#" + strconv.Itoa(number)
			}
			switch {
			case j == at:
			case v.state == null:
				r.t.nulls++
			case v.state != good:
				r.bad(key, plain(name)+": "+v.problem)
			default:
				r.t.add(call.Statistic{At: when, Name: name, Value: v.v})
			}
		}
	}
}

func (r *statisticsReader) seriesRows() (rows []seriesRow) {
	s := &r.scan
	state, _ := s.list()
	for state == ListPresent && s.element() {
		if problem := s.object(); problem != "" {
			r.bad("", problem)
			continue
		}
		var row seriesRow
		for s.member() {
			switch string(s.key) {
			case "RowValue":
				row.whole = r.numbers()
			case "RowValueFloat":
				row.exact = r.numbers()
			default:
				s.skip()
			}
		}
		if len(rows) < mostEvents {
			rows = append(rows, row)
		}
	}
	return rows
}

// timeNames are names that columns of times have, without "_".
var timeNames = []string{"ts", "time", "timestamp", "timestampkey", "timekey", "datetime", "date", "hour", "day", "starttime"}

// timeColumn finds the column with the times, and how it writes them: one with such a name of
// which some value is a time around the window, or else the first of which all are. It returns
// -1 if there is none.
func (r *statisticsReader) timeColumn(columns []string, rows []seriesRow) (int, func(value[float64]) (time.Time, bool)) {
	fit := func(column int, of func(float64) (int64, bool)) (all, some bool) {
		all = true
		for _, row := range rows {
			values := row.values(len(columns))
			if len(values) != len(columns) {
				continue
			}
			_, ok := r.within(values[column], of)
			all, some = all && ok, some || ok
		}
		return all && some, some
	}
	for _, byName := range []bool{true, false} {
		for i, name := range columns {
			if byName && !slices.Contains(timeNames, strings.ReplaceAll(strings.ToLower(name), "_", "")) {
				continue
			}
			for _, of := range writings {
				if all, some := fit(i, of); all || byName && some {
					return i, func(v value[float64]) (time.Time, bool) { return r.within(v, of) }
				}
			}
		}
	}
	return -1, nil
}

// writings are the ways in which a number writes a time: unix seconds, unix milliseconds, the
// digits of a day, and those of an hour, both UTC.
var writings = []func(float64) (int64, bool){
	func(v float64) (int64, bool) { return int64(v), v == math.Trunc(v) && v > 0 && v <= math.MaxUint32 },
	func(v float64) (int64, bool) {
		return int64(v) / 1000, v == math.Trunc(v) && v > 1e11 && v <= math.MaxUint32*1000
	},
	func(v float64) (int64, bool) { return digits(v, "20060102") },
	func(v float64) (int64, bool) { return digits(v, "2006010215") },
}

func digits(v float64, layout string) (int64, bool) {
	t, err := time.Parse(layout, strconv.FormatFloat(v, 'f', -1, 64))
	return t.Unix(), err == nil && t.Unix() > 0 && t.Unix() <= math.MaxUint32
}

// around is how far from the window asked for a time may be.
const around = 48 * time.Hour

func (r *statisticsReader) within(v value[float64], of func(float64) (int64, bool)) (time.Time, bool) {
	if v.state != good {
		return time.Time{}, false
	}
	sec, ok := of(v.v)
	at := moment(sec)
	return at, ok && !at.Before(r.window.Start.Add(-around)) && !at.After(r.window.End.Add(around))
}

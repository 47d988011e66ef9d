package schema_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// what begins or ends the comment of a measure's column: what is measured, with its
// unit and the vendor's name.
const what = `.+ \(\w+\)`

// ends are the endings of columns of measures, with the comments that such columns
// have, whole, and what the page says of them.
var ends = []struct {
	name    string
	comment *regexp.Regexp
	meaning string
}{
	{"samples", whole(`Samples(?: of: ` + what + `| of \w+| of each of other_metric)?`), "How many samples there are"},
	{"sum", whole(`Sum of: ` + what + `|Sum of the values|Sum of each of other_metric`), "Their sum"},
	{"avg", whole(what + `: average; NULL: no sample|Average`), "Their average, all samples alike; NULL: no sample"},
	{"min", whole(what + `: least; NULL: no sample|Smallest value(?: of \w+; 0: no sample| of each of other_metric)?`), "The least; NULL: no sample, in quality_streams 0"},
	{"p50", whole(what + `: half of the samples are no greater; of the rounded values, within 3\.2 %; NULL: no sample|Half of the samples are no greater; of the rounded values, within 3\.2 %; NULL: of a metric for which no histogram is kept`), "Half of the samples are no greater; of the values rounded as in quality_streams; NULL: no sample, in call_metrics no histogram"},
	{"p95", whole(what + `: 95 % of the samples are no greater; of the rounded values, within 3\.2 %; NULL: no sample|95 % of the samples are no greater; of the rounded values, within 3\.2 %; NULL: of a metric for which no histogram is kept`), "95 % of the samples are no greater; of the values rounded as in quality_streams; NULL: no sample, in call_metrics no histogram"},
	{"max", whole(what + `: greatest; NULL: no sample|Greatest value(?: of \w+; 0: no sample| of each of other_metric)?`), "The greatest; NULL: no sample, in quality_streams 0"},
	{"values", whole(`Histogram of \w+: the rounded values, in order`), "Histogram: the rounded values, in order"},
	{"counts", whole(`Histogram of \w+: how many samples had each of \w+_values`), "Histogram: how many samples had each of them"},
	{"seconds", whole(`Stall of .+ \(\w+\): seconds, summed over the peers`), "Stall in seconds, summed over the peers"},
	{"share", whole(`Stall of .+ \(\w+\): share of the time, from 0 to 1; NULL: no sample`), "Stall as a share of the time, from 0 to 1: over 2 s a sample; NULL: no sample"},
}

// others is the measure of quality_streams that has arrays, of all metrics without a
// measure of their own.
const others = "other"

func whole(comment string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + comment + `)$`) }

// pattern is the measure and the ending of a column that is of a pattern: its name
// ends with one of ends, and its comment says no more than that. A relation with one
// metric a row has the endings themselves: their measure is empty.
func pattern(c attribute) (measure, ending string, ok bool) {
	for _, end := range ends {
		rest, found := strings.CutSuffix("_"+c.name, "_"+end.name)
		if found && end.comment.MatchString(c.comment) {
			return strings.TrimPrefix(rest, "_"), end.name, true
		}
	}
	return "", "", false
}

// patterns are the rows for the columns of measures, one for all measures that have
// the same endings; each by its first column.
func (p *page) patterns(r relation) map[string]string {
	endings := map[string][]string{}
	var measures []string
	for _, c := range r.columns {
		if measure, ending, ok := pattern(c); ok {
			if endings[measure] == nil {
				measures = append(measures, measure)
			}
			endings[measure] = append(endings[measure], ending)
		}
	}
	alike, first := map[string][]string{}, map[string]string{}
	for _, m := range measures {
		all := strings.Join(endings[m], " ")
		if alike[all] == nil {
			first[all] = m + " " + endings[m][0]
		}
		alike[all] = append(alike[all], m)
	}
	rows := map[string]string{}
	for all, of := range alike {
		columns, text := strings.Fields(all), "`"+strings.Join(of, "`, `")+"`"
		for i, ending := range columns {
			columns[i] = "`<measure>_" + ending + "`"
			if of[0] == "" {
				columns[i], text = "`"+ending+"`", "of the row's metric"
			}
		}
		rows[first[all]] = fmt.Sprintf("| %s | [endings](#what-was-measured) | %s |\n", strings.Join(columns, ", "), text)
	}
	return rows
}

// endings is a table of what the endings mean.
func (p *page) endings([]string) string {
	var b strings.Builder
	b.WriteString("| ending | type | meaning |\n| --- | --- | --- |\n")
	for _, end := range ends {
		in := map[string][]string{}
		var kinds []string
		for _, name := range p.order {
			for _, c := range p.all[name].columns {
				if measure, ending, ok := pattern(c); ok && measure != others && ending == end.name && !slices.Contains(in[c.kind], name) {
					in[c.kind], kinds = append(in[c.kind], name), append(kinds, c.kind)
				}
			}
		}
		kind := commonest(kinds)
		delete(in, kind)
		for _, other := range slices.Sorted(maps.Keys(in)) {
			kind += fmt.Sprintf("; %s in %s", other, strings.Join(in[other], ", "))
		}
		fmt.Fprintf(&b, "| `_%s` | %s | %s |\n", end.name, kind, end.meaning)
	}
	return b.String()
}

var (
	streamMetric = regexp.MustCompile(`^Sum of: (.+?)(?:, ([^,]+))? \((\w+)\)$`)
	vendorMetric = regexp.MustCompile(`(?:, ([^,]+))? \((\w+)\)`)
)

// metrics is a table of what is measured: what quality_streams has a measure of, with
// the measures that the other relations have of it.
func (p *page) metrics([]string) string {
	of, unit := map[string][]string{}, map[string]string{}
	var rows []string
	for _, c := range p.all["quality_streams"].columns {
		if measure, ending, ok := pattern(c); ok && measure != others && ending == "sum" {
			m := streamMetric.FindStringSubmatch(c.comment)
			rows, of[m[3]], unit[m[3]] = append(rows, m[3]+"|"+m[1]), []string{measure}, m[2]
		}
	}
	for _, name := range p.order {
		for _, c := range p.all[name].columns {
			measure, ending, ok := pattern(c)
			if !ok || measure == "" || name == "quality_streams" {
				continue
			}
			m := vendorMetric.FindStringSubmatch(c.comment)
			if of[m[2]] == nil || ending == "avg" && m[1] != unit[m[2]] {
				p.Errorf("%s.%s is of no metric of quality_streams, or in another unit", name, c.name)
			}
			if !slices.Contains(of[m[2]][1:], measure) {
				of[m[2]] = append(of[m[2]], measure)
			}
		}
	}
	var b strings.Builder
	b.WriteString("| metric | what | unit | measure of quality_streams | measures of the others |\n| --- | --- | --- | --- | --- |\n")
	for _, row := range rows {
		metric, text, _ := strings.Cut(row, "|")
		more := ""
		if measures := of[metric][1:]; len(measures) > 0 {
			more = "`" + strings.Join(measures, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` | %s |\n", metric, text, unit[metric], of[metric][0], more)
	}
	return b.String()
}

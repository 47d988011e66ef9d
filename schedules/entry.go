package schedules

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Entry says when and how a job runs.
type Entry struct {
	Name     string // of the file, without .cron
	Job      string
	Args     []string
	Spec     string        // the line of cron syntax
	Jitter   time.Duration // largest random delay of a run
	Deadline time.Duration // a run that takes longer is cancelled; zero: no deadline
	Off      bool          // the entry never runs

	zone string
	when cron.Schedule
}

// Zone is the time zone of the entry's times.
func (e Entry) Zone() string { return e.zone }

// Next is the first time after t at which the job is due, zero if never.
func (e Entry) Next(t time.Time) time.Time {
	if e.Off {
		return time.Time{}
	}
	return e.when.Next(t)
}

// never is the spec of an entry that is off.
const never = "never"

// parse parses the text of a file.
func parse(name, text string) (Entry, error) {
	e := Entry{Name: name}
	var specs []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, isSetting := setting(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case !isSetting:
			specs = append(specs, line)
		default:
			if err := e.set(key, value); err != nil {
				return e, fmt.Errorf("schedule %s.cron: %s: %w", name, key, err)
			}
		}
	}
	if len(specs) != 1 {
		return e, fmt.Errorf("schedule %s.cron: want one line of cron syntax, found %d", name, len(specs))
	}
	if err := e.at(specs[0]); err != nil {
		return e, fmt.Errorf("schedule %s.cron: %w", name, err)
	}
	if !e.Off && e.Jitter > 0 {
		if err := e.checkJitter(); err != nil {
			return e, fmt.Errorf("schedule %s.cron: %w", name, err)
		}
	}
	e.Job = cmp.Or(e.Job, name)
	return e, nil
}

// setting splits "key: value". It is not ok for a line of cron syntax.
func setting(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(line, ":")
	return key, strings.TrimSpace(value), ok && !strings.ContainsAny(key, " \t*@")
}

func (e *Entry) set(key, value string) (err error) {
	switch key {
	case "job":
		e.Job = value
	case "args":
		e.Args, err = fields(value)
	case "jitter":
		e.Jitter, err = duration(value)
	case "deadline":
		e.Deadline, err = duration(value)
	default:
		err = errors.New("no such setting; there are job, args, jitter and deadline")
	}
	return err
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%q is not positive", s)
	}
	return d, err
}

// at sets the times of the job.
func (e *Entry) at(spec string) error {
	e.Spec = spec
	if spec == never {
		e.Off = true
		return nil
	}
	if !strings.HasPrefix(spec, "TZ=") && !strings.HasPrefix(spec, "CRON_TZ=") {
		spec = "CRON_TZ=UTC " + spec
	}
	zone, rest, _ := strings.Cut(spec, " ")
	_, e.zone, _ = strings.Cut(zone, "=")
	parsed, err := cron.ParseStandard(zone + " " + sundays(rest))
	if err != nil {
		return err
	}
	e.when = inZone(parsed)
	if e.when.Next(somewhen).IsZero() {
		return fmt.Errorf("%q never comes; say %q to turn the job off", strings.TrimSpace(rest), never)
	}
	return nil
}

// sundays writes the 7 of a day of the week, which cron takes for Sunday, as the 0 that
// the parser takes.
func sundays(spec string) string {
	f := strings.Fields(spec)
	if len(f) != 5 || !strings.Contains(f[4], "7") {
		return strings.TrimSpace(spec)
	}
	var days []string
	for part := range strings.SplitSeq(f[4], ",") {
		span, step, _ := strings.Cut(part, "/")
		from, to, ranged := strings.Cut(span, "-")
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(cmp.Or(to, from))
		every, err3 := strconv.Atoi(cmp.Or(step, "1"))
		if err1 != nil || err2 != nil || err3 != nil || last != 7 || first > last || every < 1 || ranged == (to == "") {
			days = append(days, part) // no Sunday, or the parser says what is wrong
			continue
		}
		for d := first; d <= last; d += every {
			days = append(days, strconv.Itoa(d%7))
		}
	}
	f[4] = strings.Join(days, ",")
	return strings.Join(f, " ")
}

// somewhen is the start of a check of a schedule.
var somewhen = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// checkJitter fails unless every delayed run begins before the next one is due.
func (e *Entry) checkJitter() error {
	last := e.Next(somewhen)
	for range 20 {
		next := e.Next(last)
		if between := next.Sub(last); !next.IsZero() && e.Jitter >= between {
			return fmt.Errorf("jitter %s: runs are %s apart", e.Jitter, between)
		}
		last = next
	}
	return nil
}

// fields splits s at spaces outside double quotes.
func fields(s string) (all []string, err error) {
	var word strings.Builder
	quoted, begun := false, false
	for _, r := range s {
		switch {
		case r == '"':
			quoted, begun = !quoted, true
		case !quoted && (r == ' ' || r == '\t'):
			if begun {
				all = append(all, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quoted {
		return nil, errors.New("a double quote is not closed")
	}
	if begun {
		all = append(all, word.String())
	}
	return all, nil
}

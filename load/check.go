package load

import (
	"fmt"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// checkRows returns an error if the tables cannot hold a row.
func checkRows(u call.Unit, r *call.Rows) error {
	if u.Kind == call.UnitCall {
		if r.CreatedAt.IsZero() {
			return fmt.Errorf("write %s %s: its rows do not say when the call began", u.Kind, u.Key)
		}
		if err := checkTime(u, "call_created_at", r.CreatedAt); err != nil {
			return err
		}
	}
	if r.Room != nil {
		if err := checkTimes(u, "created_at", r.Room.CreatedAt, "destroyed_at", r.Room.DestroyedAt); err != nil {
			return err
		}
	}
	for i := range r.Sessions {
		if err := checkTimes(u, "joined_at", r.Sessions[i].JoinedAt, "left_at", r.Sessions[i].LeftAt); err != nil {
			return err
		}
	}
	for i := range r.Events {
		if err := checkTime(u, "ts", r.Events[i].Time); err != nil {
			return err
		}
	}
	for i := range r.Unusual {
		if err := checkTime(u, "ts", r.Unusual[i].Time); err != nil {
			return err
		}
	}
	if r.Day != nil {
		if err := checkTime(u, "day_start", r.Day.Start); err != nil {
			return err
		}
	}
	for i := range r.Statistics {
		if at := r.Statistics[i].At; !at.IsZero() {
			if err := checkTime(u, "ts", at); err != nil {
				return err
			}
		}
	}
	return checkSamples(u, r.Samples)
}

func checkSamples(u call.Unit, x *call.Samples) error {
	if x == nil {
		return nil
	}
	rows := 0
	for _, s := range x.Series {
		rows += s.Rows
	}
	if rows != len(x.Time) || rows != len(x.Value) {
		return fmt.Errorf("add samples of %s: %d rows of series, %d times, %d values", u.Key, rows, len(x.Time), len(x.Value))
	}
	return nil
}

// checkTimes checks a beginning and an end, which may be open.
func checkTimes(u call.Unit, start string, from time.Time, end string, to time.Time) error {
	if err := checkTime(u, start, from); err != nil || to.IsZero() {
		return err
	}
	return checkTime(u, end, to)
}

// checkTime returns an error if a DateTime cannot hold t.
func checkTime(u call.Unit, column string, t time.Time) error {
	if sec := t.Unix(); sec < 0 || sec > 1<<32-1 {
		return fmt.Errorf("add rows of %s %s: %s %s is out of range", u.Kind, u.Key, column, t.UTC().Format(time.RFC3339))
	}
	return nil
}

package trtc

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Statistics asks for a statement within w, both ends included. The vendor reads days and
// minutes in a time zone of its own, which no page names; they are sent as w has them in UTC.
func (d Dialect) Statistics(s call.Statement, app call.AppID, w call.Window) Request {
	p := d.params(app, w)
	p.fields = map[string]any{s.AppAs: uint32(app)}
	if s.Text {
		p.fields[s.AppAs] = number{int64(app), true}
	}
	for name, value := range s.Fixed {
		p.fields[name] = value
	}
	p.fields["StartTime"], p.fields["EndTime"] = written(s.Times, w.Start), written(s.Times, w.End)
	p.table = s.Shape == call.ShapeTable
	return Request{s.Action, p}
}

// HasStatistics reports whether the dialect has the vendor's statistics.
func (d Dialect) HasStatistics() bool { return d.statistics }

func written(t call.Times, at time.Time) any {
	at = at.UTC()
	switch t {
	case call.TimesDays:
		return at.Format(time.DateOnly)
	case call.TimesMinutes:
		return at.Format("2006-01-02 15:04")
	case call.TimesSeconds:
		return at.Format(time.DateTime)
	}
	return at.Unix()
}

// intervals returns the least distances between requests of the actions of statistics.
func intervals() map[string]time.Duration {
	all := map[string]time.Duration{}
	for _, s := range call.Statements() {
		if s.Every > 0 {
			all[s.Action] = s.Every
		}
	}
	return all
}

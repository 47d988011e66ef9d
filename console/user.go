package console

import (
	"net/http"
	"time"
)

// userCall is a call of a user, as it was for the user.
type userCall struct {
	App       uint32    `ch:"sdk_app_id"`
	ID        string    `ch:"comm_id"`
	Room      string    `ch:"room_id"`
	Joined    time.Time `ch:"first_joined_at"`
	Presence  uint64    `ch:"presence_seconds"`
	Sessions  uint64    `ch:"sessions"`
	Device    string    `ch:"device_type"`
	SDK       string    `ch:"sdk_version"`
	Grade     string    `ch:"grade"`
	Bad       uint64    `ch:"bad_minutes"`
	Judged    uint64    `ch:"judged_minutes"`
	Cause     string    `ch:"cause"`
	Diagnosis string    `ch:"diagnosis"`
}

// userMonth is a month of a user.
type userMonth struct {
	Month    time.Time `ch:"month"`
	Calls    uint64    `ch:"calls"`
	Presence uint64    `ch:"presence"`
	Judged   uint64    `ch:"judged"`
	Bad      uint64    `ch:"bad"`
	gradeCounts
}

// gradeCounts are how many calls had each grade.
type gradeCounts struct {
	Good    uint64 `ch:"good"`
	Fair    uint64 `ch:"fair"`
	Poor    uint64 `ch:"poor"`
	Serious uint64 `ch:"serious"`
	Unknown uint64 `ch:"unknown"`
}

// Shares are the grades as parts of a bar of 100.
func (g gradeCounts) Shares() (parts []gradeShare) {
	total := g.Good + g.Fair + g.Poor + g.Serious + g.Unknown
	at := 0.
	for _, p := range []gradeShare{{Grade: "good", Count: g.Good}, {Grade: "fair", Count: g.Fair}, {Grade: "poor", Count: g.Poor}, {Grade: "serious", Count: g.Serious}, {Grade: "unknown", Count: g.Unknown}} {
		if p.Count > 0 {
			p.At, p.Width = at, 100*float64(p.Count)/float64(total)
			at += p.Width
			parts = append(parts, p)
		}
	}
	return parts
}

type gradeShare struct {
	Grade     string
	Count     uint64
	At, Width float64
}

const gradeSums = `countIf(grade = 'good') AS good, countIf(grade = 'fair') AS fair, countIf(grade = 'poor') AS poor, countIf(grade = 'serious') AS serious, countIf(grade = 'unknown') AS unknown`

// userPage has a user's calls over months.
type userPage struct {
	search
	User   string
	Calls  []userCall
	Months []userMonth
	More   bool
	Apps   []anApp
	Days   []int
}

var errNameUser = problem{http.StatusBadRequest, "Name a user."}

// user lists the calls of a user.
func (c *console) user(q *request) (*page, error) {
	u := userPage{search: q.search(), User: q.query.text("user"), Days: []int{30, 90, 366, 1830}}
	if u.User == "" {
		return nil, errNameUser
	}
	if q.query.time("from").IsZero() {
		u.Window.From = u.Window.To.AddDate(0, 0, -defaultDaysOfID)
	}
	params := map[string]any{"user": u.User, "app": u.App, "from": u.Window.From, "to": u.Window.To, "limit": uint32(rowsOfPage + 1), "skip": uint32(u.Page * rowsOfPage)}
	const of = ` FROM call_users WHERE user_id = {user:String} AND ({app:UInt32} = 0 OR sdk_app_id = {app:UInt32}) AND call_created_at >= {from:DateTime('UTC')} AND call_created_at < {to:DateTime('UTC')} `
	err := together(func() error {
		return q.rows(&u.Calls, `SELECT sdk_app_id, comm_id, room_id, first_joined_at, presence_seconds, sessions, device_type, sdk_version, grade, bad_minutes, judged_minutes, cause, diagnosis`+of+
			`ORDER BY first_joined_at DESC, comm_id LIMIT {limit:UInt32} OFFSET {skip:UInt32}`, params)
	}, func() error {
		return q.rows(&u.Months, `SELECT toDateTime(toStartOfMonth(call_created_at), 'UTC') AS month, count() AS calls, sum(presence_seconds) AS presence, sum(judged_minutes) AS judged, sum(bad_minutes) AS bad, `+gradeSums+of+
			`GROUP BY month ORDER BY month DESC`, params)
	})
	if u.More = len(u.Calls) > rowsOfPage; u.More {
		u.Calls = u.Calls[:rowsOfPage]
	}
	return &page{Name: "user", Title: "User", Of: u.User, Body: u}, err
}

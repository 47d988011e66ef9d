package console

import (
	"strings"
	"time"
)

// rowsOfPage is how many rows a list has.
const rowsOfPage = 50

// foundCall is a call in a list.
type foundCall struct {
	App        uint32    `ch:"sdk_app_id"`
	ID         string    `ch:"comm_id"`
	Room       string    `ch:"room_id"`
	Created    time.Time `ch:"created_at"`
	Seconds    *uint64   `ch:"duration_seconds"`
	Users      uint64    `ch:"users"`
	Grade      string    `ch:"grade"`
	Bad        uint64    `ch:"bad_minutes"`
	Judged     uint64    `ch:"judged_minutes"`
	Worst      string    `ch:"worst_user_id"`
	Cause      string    `ch:"cause"`
	Diagnosis  string    `ch:"diagnosis"`
	IsComplete bool      `ch:"is_complete"`
	Own        *ownGrade
}

// ownGrade is how a call was for the user who is looked for.
type ownGrade struct {
	ID        string `ch:"comm_id"`
	Grade     string `ch:"grade"`
	Cause     string `ch:"cause"`
	Diagnosis string `ch:"diagnosis"`
}

// search is what is looked for.
type search struct {
	Text, Grade, Sort string
	App               uint32
	Window            Window
	Page              int
}

// found is the page of calls.
type found struct {
	search
	Asked bool // something is looked for
	Calls []foundCall
	More  bool
	Apps  []anApp
	Days  []int // lengths of time to choose from
}

// grades from which on a call is shown.
var grades = map[string][]string{"notgood": {"fair", "poor", "serious"}, "poor": {"poor", "serious"}, "serious": {"serious"}}

// defaultDays is how far a list goes back; further where an id is looked for.
const defaultDays, defaultDaysOfID = 7, 90

func (q *request) search() search {
	s := search{Text: strings.TrimSpace(q.query.text("q")), App: q.query.app(), Page: q.query.page(), Grade: q.query.one("grade", "", "notgood", "poor", "serious"), Sort: q.query.one("sort", "newest", "worst")}
	days := defaultDays
	if s.Text != "" {
		days = defaultDaysOfID
	}
	s.Window = Window{q.query.time("from"), q.query.time("to")}
	if s.Window.To.IsZero() {
		s.Window.To = q.now.Truncate(time.Minute).Add(time.Minute)
	}
	if s.Window.From.IsZero() {
		s.Window.From = s.Window.To.Truncate(time.Minute).AddDate(0, 0, -days)
	}
	return s
}

// find lists calls.
func (c *console) find(q *request) (*page, error) {
	f := found{search: q.search(), Asked: len(q.query.Values) > 0, Days: []int{1, 7, 30, 90, 366}}
	err := together(q.apps(&f.Apps), func() (err error) {
		f.Calls, err = q.calls(f.search)
		return err
	})
	if err != nil {
		return nil, err
	}
	if f.More = len(f.Calls) > rowsOfPage; f.More {
		f.Calls = f.Calls[:rowsOfPage]
	}
	return &page{Name: "find", Title: "Find a call", Of: f.Text, Body: f}, q.own(f.Calls, f.search)
}

// The calls of a search.
const (
	inWindow = `created_at >= {from:DateTime('UTC')} AND created_at < {to:DateTime('UTC')} AND ({app:UInt32} = 0 OR sdk_app_id = {app:UInt32})`

	searched = inWindow + ` AND ({text:String} = '' OR room_id = {text:String} OR comm_id = {text:String} OR comm_id IN (
		SELECT comm_id FROM user_sessions WHERE user_id = {text:String} AND joined_at >= {from:DateTime('UTC')}))
		AND (empty({grades:Array(String)}) OR has({grades:Array(String)}, grade))`

	callColumns = `SELECT sdk_app_id, comm_id, room_id, created_at, duration_seconds, users, grade, bad_minutes, judged_minutes, worst_user_id, cause, diagnosis, is_complete FROM calls WHERE `

	worstFirst = `indexOf(['serious', 'poor', 'fair', 'good'], grade) = 0, indexOf(['serious', 'poor', 'fair', 'good'], grade), quality_score, `
)

func (q *request) calls(s search) (calls []foundCall, err error) {
	first := worstFirst
	if s.Sort == "newest" {
		first = ""
	}
	statement := callColumns + searched + ` ORDER BY ` + first + `created_at DESC, comm_id LIMIT {limit:UInt32} OFFSET {skip:UInt32}`
	return calls, q.rows(&calls, statement, map[string]any{
		"from": s.Window.From, "to": s.Window.To, "app": s.App, "text": s.Text, "grades": append([]string{}, grades[s.Grade]...),
		"limit": uint32(rowsOfPage + 1), "skip": uint32(s.Page * rowsOfPage),
	})
}

// own finds how the calls were for the user who is looked for.
func (q *request) own(calls []foundCall, s search) error {
	if s.Text == "" || len(calls) == 0 {
		return nil
	}
	ids, of := []string{}, map[string]*foundCall{}
	since, until := calls[0].Created, calls[0].Created
	for i := range calls {
		x := &calls[i]
		ids, of[x.ID] = append(ids, x.ID), x
		since, until = earlier(since, x.Created), later(until, x.Created)
	}
	var own []ownGrade
	err := q.rows(&own, `SELECT comm_id, grade, cause, diagnosis FROM call_users
		WHERE user_id = {user:String} AND call_created_at BETWEEN {from:DateTime('UTC')} AND {to:DateTime('UTC')} AND has({ids:Array(String)}, comm_id)`,
		map[string]any{"user": s.Text, "from": since, "to": until, "ids": ids})
	for i := range own {
		of[own[i].ID].Own = &own[i]
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

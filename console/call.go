package console

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// usersOfPage is how many users the page of a call shows, mostSenders how many columns its
// matrix has.
const usersOfPage, mostSenders = 25, 25

// room is a call as the list of rooms has it.
type room struct {
	App      uint32     `ch:"sdk_app_id"`
	ID       string     `ch:"comm_id"`
	Room     string     `ch:"room_id"`
	Created  time.Time  `ch:"created_at"`
	Ended    *time.Time `ch:"destroyed_at"`
	Finished bool       `ch:"is_finished"`
}

// head is what is known of a call as a whole.
type head struct {
	Users      uint64    `ch:"users"`
	Peak       uint64    `ch:"peak_users"`
	Score      *float64  `ch:"quality_score"`
	Grade      string    `ch:"grade"`
	Judged     uint64    `ch:"judged_minutes"`
	Bad        uint64    `ch:"bad_minutes"`
	Worst      string    `ch:"worst_user_id"`
	Cause      string    `ch:"cause"`
	Diagnosis  string    `ch:"diagnosis"`
	IsComplete bool      `ch:"is_complete"`
	LastSeen   time.Time // until when the archive knows the call
}

// member is a user of a call.
type member struct {
	ID        string     `ch:"user_id"`
	Joined    time.Time  `ch:"first_joined_at"`
	Left      *time.Time `ch:"last_left_at"`
	Sessions  uint64     `ch:"sessions"`
	Presence  uint64     `ch:"presence_seconds"`
	Device    string     `ch:"device_type"`
	SDK       string     `ch:"sdk_version"`
	IP        string     `ch:"client_ip"`
	Grade     string     `ch:"grade"`
	Judged    uint64     `ch:"judged_minutes"`
	Bad       uint64     `ch:"bad_minutes"`
	Cause     string     `ch:"cause"`
	Diagnosis string     `ch:"diagnosis"`
	Networks  []event    // of the network, as they came
	Bar       bar
}

// called is the page of a call.
type called struct {
	room
	head
	Whole, Window Window
	shown
	Lacks       []lack
	Members     []member
	User        *member // whose charts are shown; nil: the call has no users
	Sort        string
	Page, Pages int
	Charts      charts
	Minutes     []minute // of User
	Events      []event  // of User, in the window
	MoreEvents  bool
	Matrix      matrix
	minutes     []minute // of the page's users
	events      []event
	sessions    []session
	limits      []limit
}

var errNoCall = problem{http.StatusNotFound, "There is no such call in the archive. Perhaps it is not archived yet, or older than the archive keeps calls."}

// room finds a call by its name; the other relations are then asked within its time.
func (q *request) room() (room, error) {
	var found []room
	err := q.rows(&found, `SELECT sdk_app_id, comm_id, room_id, created_at, destroyed_at, is_finished FROM rooms
		WHERE comm_id = {id:String} AND ({app:UInt32} = 0 OR sdk_app_id = {app:UInt32}) ORDER BY sdk_app_id LIMIT 1`, map[string]any{"id": q.query.text("id"), "app": q.query.app()})
	if err == nil && len(found) == 0 {
		err = errNoCall
	}
	if err != nil {
		return room{}, err
	}
	return found[0], nil
}

// params names a call, by its key and by its time.
func (r room) params(more map[string]any) map[string]any {
	p := map[string]any{"app": r.App, "id": r.ID, "room": r.Room, "created": r.Created}
	for name, v := range more {
		p[name] = v
	}
	return p
}

const (
	ofCall     = ` WHERE sdk_app_id = {app:UInt32} AND comm_id = {id:String} `
	ofCallThen = ofCall + `AND call_created_at = {created:DateTime('UTC')} `

	memberColumns = `SELECT user_id, first_joined_at, last_left_at, sessions, presence_seconds, device_type, sdk_version, client_ip,
		grade, judged_minutes, bad_minutes, cause, diagnosis FROM call_users` + ofCallThen
)

// call is the page of a call.
func (c *console) call(q *request) (*page, error) {
	v, err := q.called()
	if err != nil {
		return nil, err
	}
	return &page{Name: "call", Title: "Call in room", Of: v.Room, Body: v}, nil
}

// file is the page of a call as one file.
func (c *console) file(q *request) (*page, error) {
	p, err := c.call(q)
	if p != nil {
		p.File = true
	}
	return p, err
}

// called reads all that the page of a call shows, in three steps: which call, which users,
// what was with them.
func (q *request) called() (v *called, err error) {
	v = &called{Sort: q.query.one("sort", "worst", "entry", "name"), Page: q.query.page()}
	if v.room, err = q.room(); err != nil {
		return nil, err
	}
	if err := together(v.readHead(q), v.readMembers(q), readLimits(q, &v.limits)); err != nil {
		return nil, err
	}
	if !v.IsComplete { // otherwise the ledger has nothing to add
		if err := v.readLedger(q); err != nil {
			return nil, err
		}
	}
	if err := v.readChosen(q); err != nil {
		return nil, err
	}
	v.settleTimes(q)
	v.choose(q)
	if err := together(v.readSessions(q), v.readMinutes(q), v.readEvents(q), v.readSeries(q), v.readPairs(q)); err != nil {
		return nil, err
	}
	v.draw()
	return v, nil
}

func (v *called) readHead(q *request) func() error {
	return func() error {
		var heads []head
		err := q.memory.rows(q, &heads, `SELECT users, peak_users, quality_score, grade, judged_minutes, bad_minutes, worst_user_id, cause, diagnosis, is_complete FROM calls`+ofCall+`AND created_at = {created:DateTime('UTC')}`, v.params(nil))
		if err == nil && len(heads) == 0 {
			return errNoCall
		}
		if err == nil {
			v.head = heads[0]
		}
		return err
	}
}

// orders of the users of a call.
var orders = map[string]string{
	"worst": `indexOf(['serious', 'poor', 'fair', 'good'], grade) = 0, indexOf(['serious', 'poor', 'fair', 'good'], grade), score, user_id`,
	"entry": `first_joined_at, user_id`,
	"name":  `user_id`,
}

// readMembers reads the users of a page.
func (v *called) readMembers(q *request) func() error {
	return func() error {
		return q.memory.rows(q, &v.Members, memberColumns+`ORDER BY `+orders[v.Sort]+` LIMIT {limit:UInt32} OFFSET {skip:UInt32}`,
			v.params(map[string]any{"limit": uint32(usersOfPage), "skip": uint32(v.Page * usersOfPage)}))
	}
}

// readChosen puts the named user at the head of the first page, if that does not have it.
func (v *called) readChosen(q *request) error {
	user, one := q.query.text("user"), []member(nil)
	if user == "" || v.Page > 0 || slices.Contains(v.ids(), user) {
		return nil
	}
	err := q.memory.rows(q, &one, memberColumns+`AND user_id = {user:String} LIMIT 1`, v.params(map[string]any{"user": user}))
	v.Members = append(one, v.Members...)
	return err
}

// settleTimes finds the times of the whole call and of what is shown. A call that still
// runs goes as far as the archive knows it.
func (v *called) settleTimes(q *request) {
	v.Whole = Window{v.Created, v.Created}
	if v.Ended != nil {
		v.Whole.To = *v.Ended
	}
	for _, m := range v.Members {
		if m.Left != nil {
			v.Whole.To = later(v.Whole.To, *m.Left)
		}
		v.Whole.From = earlier(v.Whole.From, m.Joined)
	}
	if v.Ended == nil {
		v.Whole.To = later(v.Whole.To, v.LastSeen)
	}
	v.Whole.To = later(v.Whole.To, v.Whole.From.Add(10*time.Second))
	v.Window = q.query.window(v.Whole)
	v.Zoomed = v.Window != v.Whole
	v.Pages = max(1, (int(v.Users)+usersOfPage-1)/usersOfPage)
}

// choose finds the user whose charts are shown: the named one, or the worst, or the first.
func (v *called) choose(q *request) {
	is := func(id string) func(member) bool { return func(m member) bool { return m.ID == id } }
	i := slices.IndexFunc(v.Members, is(q.query.text("user")))
	if i < 0 {
		i = slices.IndexFunc(v.Members, is(v.Worst))
	}
	if len(v.Members) > 0 {
		v.User = &v.Members[max(i, 0)]
	}
	if v.Charted = v.Window; !v.Zoomed && v.User != nil {
		v.Charted = v.User.stay(v.Whole)
	}
}

// stay is when a user was there, with a little time around, within the whole call.
func (m *member) stay(whole Window) Window {
	w := Window{m.Joined, whole.To}
	if m.Left != nil {
		w.To = *m.Left
	}
	margin := max(5*time.Second, w.Span()/50).Truncate(time.Second)
	return Window{later(whole.From, w.From.Add(-margin)), earlier(whole.To, w.To.Add(margin))}
}

// ids names the users of the page.
func (v *called) ids() []string {
	ids := []string{}
	for _, m := range v.Members {
		ids = append(ids, m.ID)
	}
	return ids
}

// minute is a judged minute of a user.
type minute struct {
	User      string    `ch:"user_id"`
	At        time.Time `ch:"minute"`
	Grade     string    `ch:"grade"`
	Metric    string    `ch:"metric"`
	Cause     string    `ch:"cause"`
	Peer      string    `ch:"peer_id"`
	Diagnosis string    `ch:"diagnosis"`
}

// Bad says whether the minute is poor or serious.
func (m minute) Bad() bool { return m.Grade == "poor" || m.Grade == "serious" }

func (v *called) readMinutes(q *request) func() error {
	return func() error {
		return q.rows(&v.minutes, `SELECT user_id, minute, grade, metric, cause, peer_id, diagnosis FROM call_minutes`+ofCallThen+`AND has({users:Array(String)}, user_id)
			AND minute >= {from:DateTime('UTC')} AND minute < {to:DateTime('UTC')} AND grade IN ('fair', 'poor', 'serious') ORDER BY user_id, minute`,
			v.params(map[string]any{"users": v.ids(), "from": v.Window.From.Truncate(time.Minute), "to": v.Window.To}))
	}
}

// session is one stay of a user.
type session struct {
	User   string     `ch:"user_id"`
	Joined time.Time  `ch:"joined_at"`
	Left   *time.Time `ch:"left_at"`
}

func (v *called) readSessions(q *request) func() error {
	return func() error {
		return q.memory.rows(q, &v.sessions, `SELECT user_id, joined_at, left_at FROM user_sessions`+ofCall+`
			AND has({users:Array(String)}, user_id) AND joined_at >= {from:DateTime('UTC')} ORDER BY user_id, joined_at LIMIT 20000`,
			v.params(map[string]any{"users": v.ids(), "from": v.Whole.From}))
	}
}

// lack is something that the archive does not have of a call.
type lack struct {
	Part   string    `ch:"part"`
	Key    string    `ch:"part_key"`
	State  string    `ch:"state"`
	Reason string    `ch:"reason"`
	At     time.Time `ch:"updated_at"`
	Window Window    // of series and users; zero: all of the call
	User   string    // of events; "": not of one
}

// readLedger reads how far the call is archived, and what is missing of it.
func (v *called) readLedger(q *request) error {
	var rows []lack
	err := q.rows(&rows, `SELECT part, part_key, state, reason, toDateTime(updated_at, 'UTC') AS updated_at FROM ledger
		WHERE kind = 'call' AND sdk_app_id = {app:UInt32} AND key = {id:String} AND (part = '' OR state IN ('failed', 'lost', 'pending')) ORDER BY part, part_key LIMIT 200`, v.params(nil))
	for _, l := range rows {
		if l.Part == "" {
			v.LastSeen = l.At
		}
		if l.Part != "" || l.State == "lost" || l.State == "failed" || l.State == "pending" {
			v.Lacks = append(v.Lacks, l.parsed())
		}
	}
	return err
}

// parsed reads the key of a part: seconds from and to, or the time before which it is lost,
// and a user.
func (l lack) parsed() lack {
	times, user, _ := strings.Cut(l.Key, " ")
	from, to, isWindow := strings.Cut(times, "-")
	start, end := unix(from), unix(to)
	switch {
	case isWindow && !start.IsZero() && !end.IsZero():
		l.Window, l.User = Window{start, end}, user
	case times == "before":
		l.Window.To, _ = time.Parse(time.RFC3339, user)
	case l.Part == "events":
		l.User = l.Key
	}
	return l
}

// lacks is what is missing of a part, and of a user or of all.
func (v *called) lacks(part, user string) (all []lack) {
	for _, l := range v.Lacks {
		if l.Part == part && (l.User == "" || l.User == user || part == "series") {
			all = append(all, l)
		}
	}
	return all
}

// draw makes of the rows what the page shows.
func (v *called) draw() {
	for i := range v.Members {
		v.Members[i].draw(v)
	}
	if v.User == nil {
		return
	}
	mine := func(id string) bool { return id == v.User.ID }
	v.Minutes = filter(v.minutes, func(m minute) bool { return mine(m.User) && m.Bad() })
	v.Events = filter(v.events, func(e event) bool { return mine(e.User) })
	v.MoreEvents = len(v.Events) >= mostEvents
	v.Charts.frame(v.Charted, v.limits, v.Minutes, v.Events, v.lacks("series", v.User.ID))
	v.Matrix.arrange(v.ids())
}

func filter[E any](all []E, want func(E) bool) (some []E) {
	for _, e := range all {
		if want(e) {
			some = append(some, e)
		}
	}
	return some
}

// EventsLack is what is missing of the event log of the chosen user.
func (v *called) EventsLack() []lack { return v.lacks("events", v.User.ID) }

// Lost says whether the whole call, or a part, is lost; otherwise a pass may yet fetch it.
func (l lack) Lost() bool { return l.State == "lost" }

package console

import (
	"net/http"
	"slices"
	"strings"
)

// pairQuality is how well a user received another.
type pairQuality struct {
	User      string   `ch:"user_id"`
	Peer      string   `ch:"peer_id"`
	Grade     string   `ch:"grade"`
	Judged    uint64   `ch:"judged_minutes"`
	Bad       uint64   `ch:"bad_minutes"`
	Fault     string   `ch:"fault"`
	Cause     string   `ch:"cause"`
	Diagnosis string   `ch:"diagnosis"`
	SoundLost *float64 `ch:"audio_loss_down_avg"`
	VideoLost *float64 `ch:"video_loss_down_avg"`
	Frames    *float64 `ch:"video_fps_down_avg"`
}

const pairColumns = `SELECT user_id, peer_id, grade, judged_minutes, bad_minutes, fault, cause, diagnosis, audio_loss_down_avg, video_loss_down_avg, video_fps_down_avg FROM peer_quality` + ofCallThen

// matrix is who received what from whom: a row a receiver, a column a sender.
type matrix struct {
	Senders []string
	Rows    []matrixRow
	More    int // senders beyond those shown
	pairs   []pairQuality
}

type matrixRow struct {
	User  string
	Cells []*pairQuality // nil: nothing was received
}

// readPairs reads what the matrix shows of each pair.
func (v *called) readPairs(q *request) func() error {
	return func() error {
		return q.memory.rows(q, &v.Matrix.pairs, `SELECT user_id, peer_id, grade, judged_minutes, bad_minutes FROM peer_quality`+ofCallThen+`AND has({users:Array(String)}, user_id) ORDER BY bad_minutes DESC, user_id, peer_id LIMIT 20000`, v.params(map[string]any{"users": v.ids()}))
	}
}

// arrange makes the rows; senders who were received worst come first.
func (m *matrix) arrange(receivers []string) {
	of := map[[2]string]*pairQuality{}
	for i := range m.pairs {
		p := &m.pairs[i]
		of[[2]string{p.User, p.Peer}] = p
		if !slices.Contains(m.Senders, p.Peer) {
			m.Senders = append(m.Senders, p.Peer)
		}
	}
	if m.More = len(m.Senders) - mostSenders; m.More > 0 {
		m.Senders = m.Senders[:mostSenders]
	}
	for _, user := range receivers {
		row := matrixRow{User: user}
		for _, peer := range m.Senders {
			row.Cells = append(row.Cells, of[[2]string{user, peer}])
		}
		m.Rows = append(m.Rows, row)
	}
}

// paired is the page of a pair: what one sends, and below it what the other receives of it.
type paired struct {
	room
	Whole Window
	shown
	Receiver, Peer member
	Pair           *pairQuality  // nil: nothing was received
	Others         []pairQuality // how others received the sender
	Rows           []pairRow
	Step           uint32
	limits         []limit
}

// pairRow is a measure on its way: as it was sent, and as it was received.
type pairRow struct {
	Title          string
	Sent, Received *chart
}

var errNoUser = problem{http.StatusNotFound, "There is no such user in this call."}

// pair shows both sides of what one user received from another.
func (c *console) pair(q *request) (*page, error) {
	v := paired{}
	var err error
	if v.room, err = q.room(); err != nil {
		return nil, err
	}
	user, peer := q.query.text("user"), q.query.text("peer")
	var (
		members []member
		heard   []pairQuality
	)
	if err := together(readLimits(q, &v.limits), func() error {
		return q.rows(&members, memberColumns+`AND has({users:Array(String)}, user_id)`, v.params(map[string]any{"users": []string{user, peer}}))
	}, func() error {
		return q.rows(&heard, pairColumns+`AND peer_id = {peer:String} ORDER BY user_id = {user:String} DESC, score, user_id LIMIT 50`, v.params(map[string]any{"user": user, "peer": peer}))
	}); err != nil {
		return nil, err
	}
	if !v.find(members, user, peer) {
		return nil, errNoUser
	}
	for i := range heard {
		if heard[i].User == user {
			v.Pair = &heard[i]
		} else {
			v.Others = append(v.Others, heard[i])
		}
	}
	return &page{Name: "pair", Title: "What was received", Of: "", Body: &v}, v.read(q)
}

// find takes the two users, and the time that both were there.
func (v *paired) find(members []member, user, peer string) bool {
	for _, m := range members {
		if m.ID == user {
			v.Receiver = m
		}
		if m.ID == peer {
			v.Peer = m
		}
	}
	return v.Receiver.ID == user && v.Peer.ID == peer && len(members) > 0
}

// read reads the series of both.
func (v *paired) read(q *request) error {
	v.Whole = Window{later(v.Receiver.Joined, v.Peer.Joined), v.Created}
	for _, m := range []member{v.Receiver, v.Peer} {
		if m.Left != nil {
			v.Whole.To = later(v.Whole.To, *m.Left)
		}
	}
	if v.Ended != nil {
		v.Whole.To = later(v.Whole.To, *v.Ended)
	} else {
		v.Whole.To = q.now
	}
	v.Charted = q.query.window(v.Whole)
	v.Zoomed = v.Charted != v.Whole
	both := called{room: v.room, Window: v.Charted, Whole: v.Whole, Members: []member{v.Receiver, v.Peer}, User: &v.Receiver, limits: v.limits}
	var sent, received []point
	err := together(both.readMinutes(q), both.readEvents(q), func() error {
		return v.seriesOf(q, v.Charted, v.Peer.ID, []string{""}, true, &sent)
	}, func() error {
		return v.seriesOf(q, v.Charted, v.Receiver.ID, []string{v.Peer.ID}, true, &received)
	})
	if err == nil {
		v.arrange(&both, chartsOf(q.lang, sent), chartsOf(q.lang, received))
	}
	return err
}

// arrange puts what was received below what was sent. Each side has its own user's bad
// minutes and events.
func (v *paired) arrange(both *called, sent, received charts) {
	of := func(user string) (bad []minute, marks []event) {
		return filter(both.minutes, func(m minute) bool { return m.Bad() && m.User == user }), filter(both.events, func(e event) bool { return e.User == user })
	}
	bad, marks := of(v.Peer.ID)
	sent.frame(v.Charted, v.limits, bad, marks, nil)
	bad, marks = of(v.Receiver.ID)
	received.frame(v.Charted, v.limits, bad, marks, nil)
	v.Step = sent.Step
	for _, m := range measures {
		row := pairRow{Title: m.title, Sent: sent.find(m.title, true), Received: received.find(m.title, false)}
		if row.Sent != nil && row.Received != nil { // both sides have one scale
			row.Sent.Top = max(row.Sent.Top, row.Received.Top)
			row.Received.Top = row.Sent.Top
		}
		if row.Sent != nil || row.Received != nil {
			v.Rows = append(v.Rows, row)
		}
	}
}

// short is a user's id, short enough for the head of a column.
func short(id string) string {
	r := []rune(strings.TrimSpace(id))
	if len(r) > 14 {
		return string(r[:6]) + "…" + string(r[len(r)-6:])
	}
	return id
}

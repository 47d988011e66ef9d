package aggregate

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/quality"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/native"
)

// Head is what all rows of a call's summary have in common.
type Head struct {
	Load    uint64
	Unit    call.Unit
	RoomID  string
	Created time.Time
	Entry   *ledger.Entry // the ledger's entry of the call once it is committed
}

// complete reports whether the archive has all of the call for good.
func (s *Head) complete() bool {
	return s.Entry.State.Final() && s.Entry.State != ledger.Lost && len(s.Entry.Failed) == 0
}

// userSummary is a row of call_users_data.
type userSummary struct {
	*Head
	user     string
	presence presence
	samples  uint64 // sent and received, of all metrics
	events   uint64
	changes  uint64
	lost     uint64
	swing    float64 // of the video bitrate sent, %; NaN: NULL
	up       up
	down     down
	metrics  []metricFigures // all there are, in order
	minutes  []quality.UserMinute
}

// metricFigures are the figures of one metric that a user sends ("up") or receives
// from all peers together ("down").
type metricFigures struct {
	direction, metric string
	figures
}

// pairSummary is a row of peer_quality_data.
type pairSummary struct {
	*Head
	user, peer  string
	first, last uint32 // unix seconds
	down        down
	peerSent    sent
	minutes     []quality.PairMinute
}

// sent is the upstream loss and the round trip of a user.
type sent struct{ audioLoss, videoLoss, rtt figures }

// callSummary is a row of calls_data.
type callSummary struct {
	*Head
	room          call.Room
	users         uint64
	sessions      uint64
	presence      uint64
	peak          uint64
	samples       uint64
	changes, lost uint64
	up            up
	down          down
	userIDs       []string
	minutes       [][]quality.UserMinute // of each of userIDs
}

// summarizer makes the summaries of calls, one after the other, and adds them to
// Rows. For each call: begin, then its streams in order of user and peer, then end.
type summarizer struct {
	*Rows

	h       *Histogram // empty
	call    callSummary
	present map[string]*presence
	names   []string // of sessions, in order, of whom there is no row yet
	sent    func(peer string) sent
	judge   *quality.Call

	user *addedUser
	pair *addedPair
}

// directions are the directions of streams: sent and received.
var directions = [2]string{"up", "down"}

// addedUser and addedPair are the user and the pair being added up.
type addedUser struct {
	userSummary
	of    [len(directions)][len(streamMetrics)]measured
	other [len(directions)]map[string]*measured
	heard []quality.PairMinute // of all pairs so far
}

func (u *addedUser) add(st *Stream) {
	way := 0
	if st.peer != "" {
		way = 1
	}
	for i := range st.of {
		u.of[way][i].add(st.of[i])
	}
	for i := range st.other {
		x := &st.other[i]
		if u.other[way] == nil {
			u.other[way] = map[string]*measured{}
		}
		m := u.other[way][x.metric]
		if m == nil {
			m = &measured{}
			u.other[way][x.metric] = m
		}
		m.add(&x.metricSums)
	}
}

type addedPair struct {
	pairSummary
	down  addedDown
	parts []quality.Minutes
}

type addedDown struct {
	of    [len(measuresDown)]measured
	stall [len(stallMeasures)]measured
}

func (a *addedDown) add(st *Stream) {
	for i := range measuresDown {
		a.of[i].add(st.of[downColumns[i]])
	}
	for i := range stallMeasures {
		a.stall[i].add(st.of[stallColumns[i]])
	}
}

func (a *addedDown) figures(h *Histogram) (d down) {
	for i := range a.of {
		d.of[i] = a.of[i].figures(h)
	}
	for i := range a.stall {
		d.stall[i] = figures{samples: a.stall[i].samples, sum: a.stall[i].sum}
	}
	return d
}

// Indexes of the measures in streamMetrics.
var (
	upColumns    = columnsOf(measuresUp[:])
	downColumns  = columnsOf(measuresDown[:])
	stallColumns = columnsOf(stallMeasures[:])
)

func columnsOf(all []measure) []int {
	return native.Each(all, func(m *measure) int { return streamColumn(m.column) })
}

// begin begins the summary of a call. room is nil if it is unknown. last is the unix
// second of the last upstream sample of any user. sent returns the upstream figures of
// a user. judge judges minutes.
func (s *summarizer) begin(of *Head, room *call.Room, sessions []call.Session, last uint32, sent func(peer string) sent, judge *quality.Call) {
	s.call = callSummary{Head: of, peak: peakOf(sessions), sessions: uint64(len(sessions))}
	if room != nil {
		s.call.room = *room
		of.RoomID, of.Created = room.RoomID, room.CreatedAt
	}
	s.sent, s.judge, s.present, s.names = sent, judge, map[string]*presence{}, s.names[:0]
	for i := range sessions {
		x := &sessions[i]
		if s.present[x.UserID] == nil {
			s.present[x.UserID] = &presence{}
			s.names = append(s.names, x.UserID)
		}
		s.present[x.UserID].add(x, last)
	}
	slices.Sort(s.names)
}

// stream adds a stream. Its histograms must not change until end.
func (s *summarizer) stream(st *Stream) {
	if s.user == nil || s.user.user != st.user {
		s.closeUser()
		s.without(st.user)
		s.user = &addedUser{userSummary: userSummary{Head: s.call.Head, user: st.user}}
	}
	u := s.user
	u.samples += st.samples
	u.add(st)
	if st.peer == "" {
		u.events += uint64(st.events)
		u.changes += uint64(st.networkChanges)
		u.lost += uint64(st.connectionsLost)
		return
	}
	if s.pair == nil || s.pair.peer != st.peer {
		s.closePair()
		s.pair = &addedPair{pairSummary: pairSummary{Head: s.call.Head, user: st.user, peer: st.peer, first: st.first, peerSent: s.sent(st.peer)}}
	}
	s.pair.first, s.pair.last = min(s.pair.first, st.first), max(s.pair.last, st.last)
	s.pair.down.add(st)
}

// minutes adds the minutes of the stream added last. It ignores upstream minutes:
// judge has them already.
func (s *summarizer) minutes(peer string, m quality.Minutes) {
	if peer != "" && len(m) > 0 {
		s.pair.parts = append(s.pair.parts, m)
	}
}

// without adds the rows of users without streams, up to a name.
func (s *summarizer) without(name string) {
	for len(s.names) > 0 && s.names[0] < name {
		s.add(userSummary{Head: s.call.Head, user: s.names[0], swing: math.NaN()})
		s.names = s.names[1:]
	}
	if len(s.names) > 0 && s.names[0] == name {
		s.names = s.names[1:]
	}
}

func (s *summarizer) closePair() {
	if s.pair == nil {
		return
	}
	p := s.pair.pairSummary
	p.down = s.pair.down.figures(s.h)
	if len(s.pair.parts) > 0 {
		p.minutes = s.judge.Pair(p.user, p.peer, quality.Merge(s.pair.parts...))
		s.user.heard = append(s.user.heard, p.minutes...)
	}
	s.pairs, s.pair = append(s.pairs, p), nil
	s.grow(len(p.minutes))
}

func (s *summarizer) closeUser() {
	if s.user == nil {
		return
	}
	s.closePair()
	a := s.user
	u := a.userSummary
	var of [len(directions)][len(streamMetrics)]figures
	for way, direction := range directions {
		for i := range streamMetrics {
			of[way][i] = a.of[way][i].figures(s.h)
			u.addMetric(direction, streamMetrics[i].metric, of[way][i])
		}
		for name, m := range a.other[way] {
			u.addMetric(direction, name, m.figures(s.h))
		}
	}
	slices.SortFunc(u.metrics, func(x, y metricFigures) int {
		return cmp.Or(cmp.Compare(x.direction, y.direction), cmp.Compare(x.metric, y.metric))
	})
	for i, column := range upColumns {
		u.up[i] = of[0][column]
	}
	for i, column := range downColumns {
		u.down.of[i] = of[1][column]
	}
	for i, column := range stallColumns {
		u.down.stall[i] = of[1][column]
	}
	u.swing = math.NaN()
	if video := &a.of[0][upColumns[videoBitrateUp]]; video.samples > 0 {
		if q := video.quantiles(s.h, 0.05, 0.5, 0.95); q[1] != 0 {
			u.swing = 50 * (q[2] - q[0]) / q[1]
		}
	}
	u.minutes = s.judge.User(u.user, a.heard)
	s.user = nil
	s.add(u)
}

func (u *userSummary) addMetric(direction, metric string, f figures) {
	if f.samples > 0 {
		u.metrics = append(u.metrics, metricFigures{direction, metric, f})
	}
}

// add adds the row of a user to the rows and to the summary of the call.
func (s *summarizer) add(u userSummary) {
	c := &s.call
	if known := s.present[u.user]; known != nil {
		u.presence = *known
		c.users++
	}
	c.presence += u.presence.seconds()
	c.samples += u.samples
	c.changes += u.changes
	c.lost += u.lost
	for i := range u.up {
		c.up[i].plus(u.up[i])
	}
	for i := range u.down.of {
		c.down.of[i].plus(u.down.of[i])
	}
	for i := range u.down.stall {
		c.down.stall[i].plus(u.down.stall[i])
	}
	c.userIDs, c.minutes = append(c.userIDs, u.user), append(c.minutes, u.minutes)
	s.users = append(s.users, u)
	s.grow(len(u.minutes))
}

// end ends the summary of a call.
func (s *summarizer) end() {
	s.closeUser()
	for len(s.names) > 0 {
		s.without(s.names[0] + "\x00")
	}
	known := s.call.room.CommID != ""
	if !known { // the vendor's row of the room could not be read
		s.call.room = call.Room{App: s.call.Unit.App, CommID: s.call.Unit.Key, RoomID: s.call.RoomID, CreatedAt: s.call.Created}
	}
	if known || len(s.call.userIDs) > 0 {
		s.calls = append(s.calls, s.call)
		s.grow(0) // its minutes are those of the users
	}
	s.call, s.present, s.sent, s.judge = callSummary{}, nil, nil, nil
}

// add adds an upstream stream.
func (s *sent) add(st *Stream) {
	for _, x := range []struct {
		to *figures
		of int
	}{{&s.audioLoss, audioLossUp}, {&s.videoLoss, videoLossUp}, {&s.rtt, rtt}} {
		if m := st.of[upColumns[x.of]]; m != nil {
			x.to.samples += uint64(m.samples)
			x.to.sum += m.sum
		}
	}
}

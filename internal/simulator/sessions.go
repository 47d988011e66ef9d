package simulator

import (
	"cmp"
	"slices"
)

// user is a participant of a call.
type user struct {
	id              string
	audio, video    bool // what the user sends
	web             bool // a browser: other event ids
	silent          bool // reports no metrics at all
	sessions        []session
	device, version string
	ip              [4]byte
	seed            uint64
	second          *user // the same user on another device, for sessions with second set
}

// session is a session of a user, in unix seconds. If the user is still in the room,
// left is the instant of the view and finished is false.
type session struct {
	user         int
	joined, left int64
	finished     bool
	lost         bool // it ends with a lost connection
	second       bool // on the user's second device
}

// view is a call as it is at an instant. It has nothing later.
type view struct {
	*call
	at         int64
	id, room   string
	users      []user
	sessions   []session // in the order of joining
	publishers []int     // users who send audio or video
	planted    *planted  // nil where nothing is planted
}

// open lays out the users and sessions of a call at an instant.
func (s *Simulator) open(c *call, at int64) *view {
	v := &view{call: c, at: at, id: c.commID(), room: c.roomID()}
	sessions := drawSessions(c)
	v.planted = c.plantedIn(sessions)
	for _, session := range v.planted.split(sessions) {
		if session.joined > at {
			continue
		}
		session.finished = session.left <= at
		session.left = min(session.left, at)
		v.sessions = append(v.sessions, session)
	}
	slices.SortStableFunc(v.sessions, func(a, b session) int {
		return cmp.Or(cmp.Compare(a.joined, b.joined), cmp.Compare(a.user, b.user))
	})
	v.seat()
	return v
}

// seat describes the users, in the order of the layout, and gives each their sessions.
func (v *view) seat() {
	most := -1
	for _, session := range v.sessions {
		most = max(most, session.user)
	}
	v.users = make([]user, most+1)
	for n := range v.users {
		v.users[n] = v.describe(n)
		if v.planted != nil {
			v.planted.cast(v.call, n, &v.users[n])
		}
	}
	for _, session := range v.sessions {
		v.users[session.user].sessions = append(v.users[session.user].sessions, session)
	}
	for n, u := range v.users {
		if (u.audio || u.video) && len(u.sessions) > 0 {
			v.publishers = append(v.publishers, n)
		}
	}
}

// creator returns the user who made the room, whether present or not.
func (c *call) creator() string { return c.userName(c.host, 0) }

// describe draws the fixed properties of the nth user of a call.
func (c *call) describe(n int) user {
	r := rng{hash3(c.seed, 20, uint64(n))}
	u := user{id: c.userName(c.namesake(), n), seed: r.next(), audio: true}
	if n == 0 {
		u.id = c.creator()
	}
	u.video = c.sendsVideo(n, &r)
	if c.muted(n) {
		u.audio, u.video = false, false
	}
	u.silent = c.silent(n)
	u.web = r.oneIn(5)
	u.device, u.version = device(u.web, &r)
	if c.hostile {
		u.device, u.version = hostileText(r.next()>>32), hostileText(r.next()>>32)
	}
	u.ip = [4]byte{byte(r.between(11, 223)), byte(r.next()), byte(r.next()), byte(r.between(1, 254))}
	return u
}

// sendsVideo draws whether the nth user has a camera on, depending on the shape of the
// call.
func (c *call) sendsVideo(n int, r *rng) bool {
	switch c.shape {
	case dayLong, crossing, busy, meetingOn, gathering, openDay, longRun:
		return false
	case webinar:
		return n == 0
	case conference:
		return r.oneIn(8)
	case meeting:
		return r.oneIn(3)
	}
	return !r.oneIn(4)
}

// device draws the terminal and the SDK version of a client. The terminal may be empty,
// as in the vendor's example.
func device(web bool, r *rng) (terminal, version string) {
	if web {
		return [...]string{"", "Chrome 118", "Safari 17 / \"macOS\""}[r.next()%3], "WebRTC 5.3.2"
	}
	terminals := [...]string{"", "iPhone 15", "Xiaomi Redmi Note 12", "Windows", "Android", "华为 Mate 60"}
	versions := [...]string{"4.3.14", "11.4.0.13189", "12.0.1", "8.6.10094"}
	return terminals[r.next()%uint64(len(terminals))], versions[r.next()%uint64(len(versions))]
}

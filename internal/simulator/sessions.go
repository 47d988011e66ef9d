package simulator

import (
	"cmp"
	"slices"
)

// user is one participant of a call.
type user struct {
	id              string
	audio, video    bool // what the user sends
	web             bool // a browser: other event ids
	silent          bool // reports no metrics at all
	stays           []session
	device, version string
	ip              [4]byte
	seed            uint64
	second          *user // the same at another device, of which session.second are
}

// session is one stay of a user in a room, in unix seconds. left is the
// instant of the view where the user is still there; finished is then false.
type session struct {
	user         int
	joined, left int64
	finished     bool
	lost         bool // it ends because the connection is lost
	second       bool // on the user's second device
}

// view is a call as it stands at an instant: nothing of it lies later.
type view struct {
	*call
	at         int64
	id, room   string
	users      []user
	sessions   []session // in the order of joining
	publishers []int     // users who send audio or video
	plot       *plot     // nil where nothing is planted
}

// open lays out a call's users and sessions as of an instant.
func (s *Simulator) open(c *call, at int64) *view {
	v := &view{call: c, at: at, id: c.commID(), room: c.roomID()}
	stays := drawStays(c)
	v.plot = c.plotOf(stays)
	for _, stay := range v.plot.split(stays) {
		if stay.joined > at {
			continue
		}
		stay.finished = stay.left <= at
		stay.left = min(stay.left, at)
		v.sessions = append(v.sessions, stay)
	}
	slices.SortStableFunc(v.sessions, func(a, b session) int {
		return cmp.Or(cmp.Compare(a.joined, b.joined), cmp.Compare(a.user, b.user))
	})
	v.seat()
	return v
}

// seat describes the users of the sessions, numbered in the order of the
// layout, and hands each the stays that are theirs.
func (v *view) seat() {
	most := -1
	for _, stay := range v.sessions {
		most = max(most, stay.user)
	}
	v.users = make([]user, most+1)
	for n := range v.users {
		v.users[n] = v.describe(n)
		if v.plot != nil {
			v.plot.cast(v.call, n, &v.users[n])
		}
	}
	for _, stay := range v.sessions {
		v.users[stay.user].stays = append(v.users[stay.user].stays, stay)
	}
	for n, u := range v.users {
		if (u.audio || u.video) && len(u.stays) > 0 {
			v.publishers = append(v.publishers, n)
		}
	}
}

// creator is the user who made the room, present or not.
func (c *call) creator() string { return userName(c.host, 0) }

// describe draws what is fixed about the nth user of a call.
func (c *call) describe(n int) user {
	r := rng{hash3(c.seed, 20, uint64(n))}
	u := user{id: userName(c.namesake(), n), seed: r.next(), audio: true}
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
	u.ip = [4]byte{byte(r.between(11, 223)), byte(r.next()), byte(r.next()), byte(r.between(1, 254))}
	return u
}

// sendsVideo draws whether the nth user has a camera on, by the call's shape.
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

// device draws the terminal and the SDK version a client reports; the
// vendor's example has an empty terminal.
func device(web bool, r *rng) (terminal, version string) {
	if web {
		return [...]string{"", "Chrome 118", "Safari 17 / \"macOS\""}[r.next()%3], "WebRTC 5.3.2"
	}
	terminals := [...]string{"", "iPhone 15", "Xiaomi Redmi Note 12", "Windows", "Android", "华为 Mate 60"}
	versions := [...]string{"4.3.14", "11.4.0.13189", "12.0.1", "8.6.10094"}
	return terminals[r.next()%uint64(len(terminals))], versions[r.next()%uint64(len(versions))]
}

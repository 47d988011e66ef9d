package simulator

// logger makes the events of one session. Ids and parameters follow the vendor's table
// of events; the times are invented.
type logger struct {
	v       *view
	n       int
	session session
	r       rng
	events  []event
}

// add logs an event that many milliseconds after joining, if the session lasts that
// long.
func (l *logger) add(offset int64, e event) {
	e.ms = l.session.joined*1000 + offset
	if e.ms <= l.session.left*1000 {
		l.events = append(l.events, e)
	}
}

func (l *logger) own(offset, id, one, two int64) {
	l.add(offset, event{peer: noPeer, id: id, one: one, two: two})
}

// enter logs the entry into the room. visit counts from 0.
func (l *logger) enter(visit int) {
	again := int64(min(visit, 1))
	l.own(0, 5001, 0, 0)
	l.own(0, 7000, again, 0)
	l.own(l.r.between(20, 200), 5002, 1, 0)
	l.own(l.r.between(300, 900), 5003, 1, 0)
	l.own(l.r.between(300, 900), 1003, l.r.between(1, 2), 0)
	l.own(1000, 3004, l.r.between(0, 1), 0)
}

// media logs what the user begins to send. The resolutions of the big and the small
// picture are two events of the same id and millisecond. So are the two events of the
// side stream, which differ in their parameters only.
func (l *logger) media() {
	u := &l.v.users[l.n]
	if u.audio {
		l.own(l.r.between(900, 1500), 3001, 0, 0)
		l.own(l.r.between(1500, 1900), 3003, 11, 0)
		l.own(l.r.between(1900, 2500), 5009, 0, 0)
	}
	if !u.video {
		return
	}
	l.own(l.r.between(800, 1400), 4001, l.r.between(0, 1), 0)
	l.own(l.r.between(1400, 1800), 5004, 0, 0)
	at := l.r.between(1800, 2600)
	l.add(at, event{peer: noPeer, id: 4003, streamType: bigStream, one: 1280, two: 720})
	l.add(at, event{peer: noPeer, id: 4003, streamType: smallStream, one: 320, two: 180})
	l.add(at+4, event{peer: noPeer, id: 4004, streamType: bigStream, one: l.r.between(0, 1)})
	if l.r.oneIn(3) {
		l.add(at+900, event{peer: noPeer, id: 4003, streamType: sideStream, one: 1920, two: 1080})
		l.add(at+900, event{peer: noPeer, id: 4003, streamType: sideStream, one: 1080, two: 1920})
	}
}

// peers logs the first packets and pictures of up to four publishers. All have the same
// millisecond: the events differ in their peer only.
func (l *logger) peers() {
	at, heard := l.r.between(2600, 4000), 0
	for _, p := range l.v.publishers {
		if p == l.n || heard == 4 || !l.meets(p) {
			continue
		}
		heard++
		l.add(at, event{peer: p, id: 4015, streamType: bigStream, one: 1})
		if l.v.users[p].video {
			l.add(at+120, event{peer: p, id: 5006, streamType: bigStream})
			l.add(at+121, event{peer: p, id: 4005, streamType: bigStream, one: 1})
			l.add(at+260, event{peer: p, id: 5007, streamType: bigStream})
		}
	}
}

// meets reports whether a peer is in the room when the session begins.
func (l *logger) meets(peer int) bool {
	for _, session := range l.v.users[peer].sessions {
		if session.joined <= l.session.joined && session.left > l.session.joined {
			return true
		}
	}
	return false
}

// disturb logs muting, the app in the background, another network and another frame
// rate. Steady calls do not have the last two.
func (l *logger) disturb() {
	length := (l.session.left - l.session.joined) * 1000
	for at := l.r.between(30_000, 400_000); at < length && len(l.events) < 150; at += l.r.between(60_000, 900_000) {
		what := l.r.next() % 5
		if l.v.steady && (what == 2 || what == 3) {
			continue
		}
		switch what {
		case 0:
			l.own(at, 3001, 1, 0)
			l.own(at+l.r.between(2000, 30_000), 3001, 3, 0)
		case 1:
			l.own(at, 2001, 1, 0)
			l.own(at+l.r.between(1000, 9000), 2001, 0, 0)
		case 2:
			l.own(at, 1003, l.r.between(0, 5), 0)
		case 3:
			l.add(at, event{peer: noPeer, id: 4008, streamType: bigStream, one: l.r.between(5, 30)})
		case 4:
			l.add(at, event{peer: noPeer, id: 4013, streamType: smallStream, two: 1})
		}
	}
}

// leave logs the exit, in the first millisecond of the last second.
func (l *logger) leave() {
	if !l.session.finished {
		return
	}
	length := (l.session.left - l.session.joined) * 1000
	how := int64(0)
	switch {
	case l.session.lost:
		how = 1
		l.own(length, 5005, 0, 0)
	default:
		l.own(length, 5008, 1, 0)
		if l.r.oneIn(8) && !l.v.steady {
			how = l.r.between(1, 2)
		}
	}
	l.own(length, 7001, how, 0)
}

// browser logs a session with the ids of the WebRTC SDK.
func (l *logger) browser() {
	u := &l.v.users[l.n]
	l.own(0, 32788, 0, 0)
	l.own(l.r.between(50, 300), 32791, 0, 0)
	l.own(l.r.between(300, 800), 32793, 0, 0)
	if u.audio {
		l.own(1200, 32769, 0, 0)
	}
	if u.video {
		l.own(1200, 32768, 0, 0)
	}
	for _, p := range l.v.publishers {
		if p != l.n && l.meets(p) && len(l.events) < 12 {
			l.add(1500, event{peer: p, id: 32777})
			l.add(1500, event{peer: p, id: 32786, streamType: bigStream})
		}
	}
	if l.r.oneIn(2) {
		l.own(45_000, 32773, 0, 0)
		l.own(49_000, 32775, 0, 0)
	}
	if l.session.finished {
		l.own((l.session.left-l.session.joined)*1000, 32789, 0, 0)
	}
}

package simulator

// layout draws all sessions of a call, including those in the future. The sessions of a
// user never overlap. The last session ends with the call, except that some rooms last
// a few seconds longer.
func layout(c *call) []session {
	sessions := drawSessions(c)
	return c.plantedIn(sessions).split(sessions)
}

// drawSessions returns layout without the planted trouble.
func drawSessions(c *call) []session {
	l := layouter{r: rng{hash2(c.seed, 30)}, start: c.start, end: c.end}
	switch c.shape {
	case empty:
	case lonely, unanswered:
		l.session(0, c.start, c.end)
	case pair, pairOn, straddling:
		l.pair()
	case meeting:
		l.crowd(int(l.r.between(3, 5)))
	case conference:
		l.conference()
	case meetingOn:
		l.crowd(4)
	case busy:
		l.crew(5)
	case onTheHour:
		l.onTheHour()
	case crossing:
		l.crossing()
	case rejoin:
		l.rejoin()
	case zeroLength:
		l.zeroLength()
	case dayLong:
		l.dayLong()
	case webinar:
		l.webinar(c.index)
	case gathering:
		l.gathering()
	case openDay:
		l.openDay()
	case longRun:
		l.longRun()
	}
	return l.sessions
}

type layouter struct {
	r          rng
	start, end int64
	sessions   []session
}

// session adds a session and limits it to the call.
func (l *layouter) session(user int, joined, left int64) {
	joined = min(max(joined, l.start), l.end)
	left = min(max(left, joined), l.end)
	l.sessions = append(l.sessions, session{user: user, joined: joined, left: left})
}

func (l *layouter) pair() {
	l.session(0, l.start, l.end-l.r.between(0, 2)*3)
	joined := l.start + l.r.between(1, 15)
	left := l.end - l.r.between(0, 4)
	if length := left - joined; length > 2*minute && l.r.oneIn(6) {
		away := joined + l.r.between(length/3, length/2)
		l.session(1, joined, away)
		joined = away + l.r.between(3, 40)
	}
	l.session(1, joined, left)
}

// crowd makes n users come late, leave early and come back.
func (l *layouter) crowd(n int) {
	length := l.end - l.start
	l.session(0, l.start, l.end)
	for user := 1; user < n; user++ {
		joined := l.start + l.r.between(2, length/4)
		left := l.end - l.r.between(0, length/4)
		if l.r.oneIn(3) {
			away := joined + (left-joined)/2
			l.session(user, joined, away-l.r.between(5, 60))
			joined = away
		}
		l.session(user, joined, left)
	}
}

// conference returns a crowd of six to nine users, rarely up to thirty. In a large one
// users stay shorter, which bounds the number of streams.
func (l *layouter) conference() {
	if !l.r.oneIn(12) {
		l.crowd(int(l.r.between(6, 9)))
		return
	}
	l.session(0, l.start, l.end)
	length := l.end - l.start
	for user := range int(l.r.between(10, 30)) {
		joined := l.start + l.r.between(2, length*2/3)
		l.session(user+1, joined, joined+l.r.between(length/8, length/3))
	}
}

// crew has n users who join soon after the start and stay to the end.
func (l *layouter) crew(n int) {
	for user := range n {
		l.session(user, l.start+int64(user)*7, l.end)
	}
}

// onTheHour ends one session exactly an hour into the call, begins another at that
// second, and ends a third a second later.
func (l *layouter) onTheHour() {
	full := l.start + hour
	l.session(0, l.start, l.end)
	l.session(1, l.start+4, full)
	l.session(2, full, l.end)
	l.session(3, full-10*minute, full+1)
}

// crossing has sessions across full hours of the call.
func (l *layouter) crossing() {
	l.session(0, l.start, l.end)
	l.session(1, l.start+hour-20*minute, l.start+hour+15*minute)
	l.session(2, l.start+hour-3, l.start+2*hour+4)
	l.session(1, l.start+2*hour-5*minute, l.end)
}

// rejoin brings a user back one second after leaving, and in the same second.
func (l *layouter) rejoin() {
	length := l.end - l.start
	l.session(0, l.start, l.end)
	l.session(1, l.start+5, l.start+length/3)
	l.session(1, l.start+length/3+1, l.start+length*2/3)
	l.session(1, l.start+length*2/3, l.end)
}

// zeroLength has a session without length, and one too short for a sample.
func (l *layouter) zeroLength() {
	l.session(0, l.start, l.end)
	l.session(1, l.start+10, l.start+10)
	l.session(1, l.start+20, l.end)
	l.session(2, l.start+30, l.start+31)
}

// dayLong has one user all day and a guest from time to time.
func (l *layouter) dayLong() {
	l.session(0, l.start, l.end)
	for at := l.start + 40*minute; at < l.end-hour; at += l.r.between(4*hour, 5*hour) {
		l.session(1, at, at+l.r.between(20*minute, 70*minute))
	}
}

// webinar has two speakers, the second in its middle part, and an audience. Each
// listener stays a few minutes, and some come twice.
func (l *layouter) webinar(index uint32) {
	length := l.end - l.start
	l.session(0, l.start, l.end)
	l.session(1, l.start+length/3, l.start+length*2/3)
	audience := 150 + int(index)/200*40
	for user := 2; user < 2+min(audience, 400); user++ {
		joined := l.start + l.r.between(0, length-5*minute)
		left := joined + l.r.between(40, 8*minute)
		l.session(user, joined, left)
		if again := left + l.r.between(1, 20*minute); l.r.oneIn(7) && again < l.end {
			l.session(user, again, again+l.r.between(30, 4*minute))
		}
	}
}

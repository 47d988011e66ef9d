package simulator

// gathering returns a meeting of 10 to 60 users over hours. Most join early, a third join
// late, a quarter leave early, a third leave and come back.
func (l *layouter) gathering() {
	length := l.end - l.start
	l.session(0, l.start, l.end)
	for user, present := 1, int(l.r.between(10, 60)); user < present; user++ {
		joined, left := l.start+l.r.between(1, 4*minute), l.end-l.r.between(0, 2*minute)
		if l.r.oneIn(3) {
			joined = l.start + l.r.between(4*minute, length*2/3)
		}
		if l.r.oneIn(4) {
			left = joined + l.r.between(minute, l.end-joined)
		}
		for l.r.oneIn(3) && left-joined > 10*minute {
			away := joined + l.r.between(2*minute, (left-joined)/2)
			l.session(user, joined, away)
			joined = away + l.r.between(1, 4*minute)
		}
		l.session(user, joined, left)
	}
}

// openDay returns a room with one host, open all day, with 600 visits of about ten minutes.
// Some visitors come back.
func (l *layouter) openDay() {
	l.session(0, l.start, l.end)
	for visit := range 450 {
		joined := l.start + l.r.between(0, l.end-l.start-20*minute)
		left := joined + l.r.between(5*minute, 15*minute)
		l.session(visit+1, joined, left)
		if again := left + l.r.between(1, 3*hour); visit%3 == 0 && again < l.end {
			l.session(visit+1, again, again+l.r.between(5*minute, 15*minute))
		}
	}
}

// longRun returns a room that lasts longer than the vendor's retention. A recorder without
// metrics is in it all the time, a user visits once a day for up to an hour, sometimes with
// a guest.
func (l *layouter) longRun() {
	l.session(0, l.start, l.end)
	for at := l.start + 20*minute; at < l.end; at += l.r.between(22*hour, 26*hour) {
		left := at + l.r.between(30*minute, hour)
		l.session(1, at, left)
		if l.r.oneIn(2) {
			l.session(2, at+5*minute, left-10*minute)
		}
	}
}

// silent reports whether the nth user of a call has no metrics at all.
func (c *call) silent(n int) bool { return c.shape == longRun && n == 0 }

// muted reports whether the nth user of a call sends neither audio nor video.
func (c *call) muted(n int) bool {
	switch c.shape {
	case webinar:
		return n >= 2
	case gathering:
		return n >= 4
	case openDay:
		return n >= 1
	case longRun:
		return n == 0
	}
	return false
}

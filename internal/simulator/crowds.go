package simulator

// gathering is a meeting of 10 to 60 over hours: most are there soon, a third
// come late, one in four leaves early, one in three is away in between.
func (l *layouter) gathering() {
	length := l.end - l.start
	l.stay(0, l.start, l.end)
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
			l.stay(user, joined, away)
			joined = away + l.r.between(1, 4*minute)
		}
		l.stay(user, joined, left)
	}
}

// openDay is a room with one host, open all day, and 600 visits of about ten
// minutes by people of whom some come again.
func (l *layouter) openDay() {
	l.stay(0, l.start, l.end)
	for visit := range 450 {
		joined := l.start + l.r.between(0, l.end-l.start-20*minute)
		left := joined + l.r.between(5*minute, 15*minute)
		l.stay(visit+1, joined, left)
		if again := left + l.r.between(1, 3*hour); visit%3 == 0 && again < l.end {
			l.stay(visit+1, again, again+l.r.between(5*minute, 15*minute))
		}
	}
}

// longRun is a room that outlives the vendor's memory: a recorder that is
// there all the time and reports no metrics, somebody who drops in once a day
// for up to an hour, and now and then a guest meanwhile.
func (l *layouter) longRun() {
	l.stay(0, l.start, l.end)
	for at := l.start + 20*minute; at < l.end; at += l.r.between(22*hour, 26*hour) {
		left := at + l.r.between(30*minute, hour)
		l.stay(1, at, left)
		if l.r.oneIn(2) {
			l.stay(2, at+5*minute, left-10*minute)
		}
	}
}

// silent tells whether the nth user of a call reports no metrics at all.
func (c *call) silent(n int) bool { return c.shape == longRun && n == 0 }

// muted tells whether the nth user of a call sends neither audio nor video.
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

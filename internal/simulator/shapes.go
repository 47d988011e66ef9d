package simulator

// shape is the kind of a call: how many users, how long, and when they come and go.
type shape uint8

const (
	pair       shape = iota // a call of two, a few minutes
	meeting                 // three to five, up to half an hour
	conference              // six to nine users, sometimes up to thirty, mostly without video
	dayLong                 // hours and hours, two users, no video
	webinar                 // two speakers and hundreds of listeners, who stay some minutes each
	lonely                  // nobody else came
	empty                   // created and destroyed, nobody entered
	onTheHour               // sessions that end and begin on full hours of the call
	crossing                // three users, over two hours, in and out across full hours
	rejoin                  // a user is back within a second
	zeroLength              // a session that ends in the second it begins
	pairOn                  // a call of two that is still running at New
	meetingOn               // a meeting that is still running at New
	busy                    // one of five calls in the busy hour
	straddling              // begins before the retention edge, ends after it
	gathering               // ten to sixty users over hours, who come late, leave early and come back
	openDay                 // a room open all day with hundreds of short visits
	unanswered              // one user who waits for another, for less than a minute
	longRun                 // a room that lasts longer than the vendor's retention
)

// special returns the shape of the first calls, so that a small simulator has most of
// the oddities. Shapes of other calls are drawn.
func special(index uint32) (shape, bool) {
	switch index {
	case 1:
		return meeting, true
	case 2:
		return pairOn, true
	case 3:
		return lonely, true
	case 4:
		return onTheHour, true
	case 5:
		return rejoin, true
	case 6:
		return empty, true
	case 7:
		return zeroLength, true
	case 8:
		return crossing, true
	case 9:
		return meetingOn, true
	case 11:
		return dayLong, true
	case 19:
		return webinar, true
	case 20, 21, 22, 23, 24:
		return busy, true
	}
	return pair, index < 11
}

// shapeOf returns the shape of the call with this number.
func shapeOf(index uint32, seed uint64) shape {
	if sh, ok := special(index); ok {
		return sh
	}
	switch index % 600 { // large simulators repeat the rare shapes
	case 2:
		return pairOn
	case 11:
		return dayLong
	case 19:
		return webinar
	}
	switch draw := hash2(seed, 10) % 100; {
	case draw < 80:
		return pair
	case draw < 90:
		return meeting
	case draw < 92:
		return conference
	case draw < 95:
		return lonely
	case draw < 96:
		return empty
	case draw < 97:
		return onTheHour
	case draw < 98:
		return rejoin
	case draw < 99:
		return zeroLength
	}
	return crossing
}

const (
	minute = 60
	hour   = 3600
	day    = 24 * hour
)

// length draws the length of a call, in seconds.
func (sh shape) length(r *rng) int64 {
	switch sh {
	case meeting:
		return r.between(4*minute, 18*minute)
	case conference:
		return r.between(10*minute, 35*minute)
	case dayLong:
		return r.between(21*hour, 23*hour)
	case webinar:
		return r.between(130*minute, 170*minute)
	case lonely:
		return r.between(20, 10*minute)
	case unanswered:
		return r.between(10, 50)
	case empty:
		return r.between(0, 90)
	case onTheHour:
		return r.between(70*minute, 85*minute)
	case crossing:
		return r.between(125*minute, 150*minute)
	case busy:
		return busyLead + r.between(17*minute, 20*minute)
	case pairOn:
		return r.between(45*minute, 80*minute)
	case meetingOn:
		return r.between(150*minute, 200*minute)
	case straddling:
		return hour
	case gathering:
		return r.between(hour, 4*hour)
	case openDay:
		return r.between(20*hour, 23*hour)
	}
	if r.oneIn(4) {
		return r.between(8*minute, 20*minute)
	}
	return r.between(2*minute, 8*minute)
}

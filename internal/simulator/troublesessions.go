package simulator

import "slices"

// split ends the troubled user's session at away and begins another at back, if the trouble
// needs it. All later sessions of a second device are marked.
func (p *planted) split(sessions []session) []session {
	if p == nil || p.back == 0 {
		return sessions
	}
	i := slices.IndexFunc(sessions, func(x session) bool {
		return x.user == p.troubled && x.joined < p.away && x.left > p.back
	})
	if i < 0 {
		return sessions
	}
	again := sessions[i]
	again.joined = p.back
	sessions[i].left, sessions[i].lost = p.away, p.kind == Reconnect
	sessions = slices.Insert(sessions, i+1, again)
	for j := range sessions {
		x := &sessions[j]
		x.second = p.kind == SecondDevice && x.user == p.troubled && x.joined >= p.back
	}
	return sessions
}

// cast changes the properties of the nth user so that the trouble is possible: cameras,
// and a client that reports networks and lost connections.
func (p *planted) cast(c *call, n int, u *user) {
	r := rng{hash3(p.seed, 111, uint64(n))}
	if p.kind != SecondDevice && p.kind != FarAway && !c.muted(n) {
		u.video = u.video || n == p.troubled || n == p.partner || c.shape.isSmall()
	}
	if n != p.troubled {
		return
	}
	switch p.kind {
	case NetworkChange, Reconnect:
		if u.web {
			u.web = false
			u.device, u.version = device(false, &r)
		}
	case SecondDevice:
		u.second = u.otherDevice(&r)
	}
}

// isSmall reports whether everyone who speaks in a call can have a camera on.
func (sh shape) isSmall() bool {
	switch sh {
	case pair, pairOn, straddling, rejoin, zeroLength, meeting, onTheHour:
		return true
	}
	return false
}

// otherDevice returns the user with another terminal, version and address.
func (u *user) otherDevice(r *rng) *user {
	second := *u
	second.web = false
	for second.device == u.device || second.device == "" || second.version == u.version {
		second.device, second.version = device(false, r)
	}
	second.ip = [4]byte{11 + (u.ip[0]+100)%200, byte(r.next()), byte(r.next()), byte(r.between(1, 254))}
	return &second
}

// reported returns the user of a session, with the device of that session.
func (v *view) reported(session session) *user {
	u := &v.users[session.user]
	if session.second && u.second != nil {
		return u.second
	}
	return u
}

// planted logs the events of the planted trouble.
func (l *logger) planted() {
	p := l.v.planted
	if p != nil && p.kind == NetworkChange && p.troubled == l.n && p.from >= l.session.joined {
		l.own((p.from-l.session.joined)*1000, 1003, 3+int64(p.seed&1), 0)
	}
}

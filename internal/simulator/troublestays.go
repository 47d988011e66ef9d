package simulator

import "slices"

// split ends the culprit's stay at away and begins another at back, where the
// trouble has it so. Stays of a second device are marked to the last.
func (p *plot) split(stays []session) []session {
	if p == nil || p.back == 0 {
		return stays
	}
	i := slices.IndexFunc(stays, func(x session) bool {
		return x.user == p.culprit && x.joined < p.away && x.left > p.back
	})
	if i < 0 {
		return stays
	}
	again := stays[i]
	again.joined = p.back
	stays[i].left, stays[i].lost = p.away, p.kind == Reconnect
	stays = slices.Insert(stays, i+1, again)
	for j := range stays {
		x := &stays[j]
		x.second = p.kind == SecondDevice && x.user == p.culprit && x.joined >= p.back
	}
	return stays
}

// cast changes what is fixed about the nth user so that the trouble can be:
// cameras, and a client that tells of networks and lost connections.
func (p *plot) cast(c *call, n int, u *user) {
	r := rng{hash3(p.seed, 111, uint64(n))}
	if p.kind != SecondDevice && p.kind != FarAway && !c.muted(n) {
		u.video = u.video || n == p.culprit || n == p.partner || c.shape.isSmall()
	}
	if n != p.culprit {
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

// isSmall tells whether all who speak in a call can be seen, too.
func (sh shape) isSmall() bool {
	switch sh {
	case pair, pairOn, straddling, rejoin, zeroLength, meeting, onTheHour:
		return true
	}
	return false
}

// otherDevice is the user at another terminal, with another version and
// address.
func (u *user) otherDevice(r *rng) *user {
	second := *u
	second.web = false
	for second.device == u.device || second.device == "" || second.version == u.version {
		second.device, second.version = device(false, r)
	}
	second.ip = [4]byte{11 + (u.ip[0]+100)%200, byte(r.next()), byte(r.next()), byte(r.between(1, 254))}
	return &second
}

// reported is the user of a stay, at the device of that stay.
func (v *view) reported(stay session) *user {
	u := &v.users[stay.user]
	if stay.second && u.second != nil {
		return u.second
	}
	return u
}

// planted logs the events of the planted trouble.
func (l *logger) planted() {
	p := l.v.plot
	if p != nil && p.kind == NetworkChange && p.culprit == l.n && p.from >= l.stay.joined {
		l.own((p.from-l.stay.joined)*1000, 1003, 3+int64(p.seed&1), 0)
	}
}

package simulator

// plotted adds what the one with the trouble, or the partner who receives it,
// complains of 20 s into it, where anything stalls. A cause has a peer where it
// lies with the peer.
func (v *view) plotted(all []experience) []experience {
	const videoStalled, audioStalled = 4, 5
	p, at := v.plot, v.plot.from+20
	add := func(user int, id int64, causes ...cause) {
		all = append(all, experience{v: v, user: user, id: id, at: at, causes: causes})
	}
	switch p.kind {
	case LossyUplink, OverMidnight:
		add(p.partner, videoStalled, cause{2007, p.culprit}) // lost upstream
	case LossyDownlink:
		add(p.culprit, videoStalled, cause{2017, noPeer}) // lost downstream
	case SlowDevice:
		add(p.culprit, videoStalled, cause{2001, noPeer}) // load of the device
	case NetworkChange:
		add(p.culprit, audioStalled, cause{1007, noPeer}, cause{2003, noPeer}) // another address, latency
	case Reconnect:
		add(p.culprit, audioStalled, cause{2015, noPeer}) // audio lost downstream
	case Unexplained:
		add(p.partner, videoStalled)
	}
	return all
}

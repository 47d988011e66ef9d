package simulator

// plotted adds the experiences, 20 s into the trouble, of the culprit or of the partner
// who receives the culprit, if anything stalls. A cause has a peer if it lies with the
// peer.
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

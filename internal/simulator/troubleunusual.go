package simulator

// withPlanted adds the experiences, 20 s into the trouble, of the troubled user or of the partner
// who receives the troubled user, if anything stalls. A cause has a peer if it lies with the
// peer.
func (v *view) withPlanted(all []experience) []experience {
	const videoStalled, audioStalled = 4, 5
	p, at := v.planted, v.planted.from+20
	add := func(user int, id int64, causes ...cause) {
		all = append(all, experience{v: v, user: user, id: id, at: at, causes: causes})
	}
	switch p.kind {
	case LossyUplink, OverMidnight:
		add(p.partner, videoStalled, cause{2007, p.troubled}) // lost upstream
	case LossyDownlink:
		add(p.troubled, videoStalled, cause{2017, noPeer}) // lost downstream
	case SlowDevice:
		add(p.troubled, videoStalled, cause{2001, noPeer}) // load of the device
	case NetworkChange:
		add(p.troubled, audioStalled, cause{1007, noPeer}, cause{2003, noPeer}) // another address, latency
	case Reconnect:
		add(p.troubled, audioStalled, cause{2015, noPeer}) // audio lost downstream
	case Unexplained:
		add(p.partner, videoStalled)
	}
	return all
}

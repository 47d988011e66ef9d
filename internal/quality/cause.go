package quality

// Metric is the figure that gives a measure of a minute its value. The names are those
// of the columns of call_users.
type Metric uint8

// Metrics of a minute.
const (
	NoMetric Metric = iota
	AudioLossUp
	VideoLossUp
	AudioLossDown
	VideoLossDown
	AudioStall
	VideoStall
	RTT
	SysCPU
	VideoFPSUp
	VideoFPSDown
)

// Cause is the cause of a bad minute, as seen by the user whose minute it is.
type Cause uint8

// Causes, with the evidence of each in brackets.
const (
	NoCause    Cause = iota
	Unknown          // no figure points to a cause
	Camera           // the user's camera captures few frames (frames a second)
	Encoder          // the user's device encodes few of the captured frames (frames a second)
	Uplink           // the user's connection to the cloud (% lost)
	Downlink         // the user's connection from the cloud (% lost)
	Latency          // the user is far from the cloud (round trip, ms)
	Device           // the user's device is too slow (processor load, %)
	PeerCamera       // as above, of the peer who sends
	PeerEncoder
	PeerUplink
	PeerLatency
	Peer // all receivers of the peer have the same trouble, and no figure explains it
)

// others compares how others received the same peer in the same minute.
type others uint8

const (
	noOthers others = iota // there are no others, or nothing was measured
	alike                  // no better
	better
)

// Why explains the value of a measure of a minute. A value that is good under any
// limits has a metric only.
type Why struct {
	Metric Metric
	Cause  Cause
	Peer   string // the sender; empty: the user
	Says   string // what happened and why, in words
}

// finding is a cause with its evidence, which may be none.
type finding struct {
	cause    Cause
	evidence float32
	others   others
	load     bool // the evidence of PeerEncoder is the processor load
}

// Limits of evidence, from the vendor's dashboard (docs/quality.md): less loss is
// "good", more load or fewer frames are "bad".
const (
	felt   = 2  // % of packets lost
	busy   = 85 // % of the processor
	few    = 10 // frames a second
	smooth = 15 // frames a second that look smooth

	// Figures beyond these may be bad under some limits, so they have a cause.
	slight = 2   // % lost, or % of the time stalled
	remote = 150 // ms of round trip
	loaded = 75  // % of the processor
	far    = 400 // ms of round trip
)

// situation is everything known about one minute of a pair.
type situation struct {
	received
	user, peer string
	from, me   *sent
	others     *receivers
}

// compare compares a measure with its average over the others. They are alike if the
// average is at least half of mine.
func compare(mine, average float32) others {
	switch {
	case !known(average):
		return noOthers
	case average*2 >= mine:
		return alike
	}
	return better
}

func (s *situation) lossWhy() Why {
	lost, gone := s.received.audioLoss, s.from.audioLoss
	w := Why{Metric: AudioLossDown, Peer: s.peer}
	if !known(lost) || s.received.videoLoss > lost {
		lost, gone, w.Metric = s.received.videoLoss, s.from.videoLoss, VideoLossDown
	}
	if lost < slight {
		return w
	}
	if !known(gone) {
		gone = worse(s.from.audioLoss, s.from.videoLoss)
	}
	b := finding{others: compare(lost, s.others.loss.without(s.loss()))}
	switch {
	case gone >= felt && b.others == alike, gone >= felt && b.others == noOthers && gone*2 >= lost:
		b.cause, b.evidence = PeerUplink, gone
	case !known(gone) && b.others == alike:
		b.cause, b.evidence = Peer, none
	default:
		b.cause, b.evidence = Downlink, lost
	}
	return s.explain(w, lost, b)
}

func (s *situation) stallWhy() Why {
	w := Why{Metric: AudioStall, Peer: s.peer}
	if !known(s.audioStall) || s.videoStall > s.audioStall {
		w.Metric = VideoStall
	}
	if s.stall() < slight {
		return w
	}
	others := compare(s.stall(), s.others.stall.without(s.stall()))
	return s.explain(w, s.stall(), s.standstill(w.Metric == VideoStall, others))
}

func (s *situation) fpsWhy() Why {
	w := Why{Metric: VideoFPSDown, Peer: s.peer}
	missed := smooth - s.fps
	if missed <= 0 {
		return w
	}
	b := finding{evidence: none, others: compare(missed, smooth-s.others.fps.without(s.fps))}
	switch {
	case (smooth-s.from.encode)*2 >= missed:
		b.cause, b.evidence = s.from.source()
		return s.explain(w, s.fps, b)
	case s.me.cpu >= busy && (s.delivered-s.fps)*2 >= missed:
		b.cause, b.evidence = Device, s.me.cpu
		return s.explain(w, s.fps, b)
	}
	return s.explain(w, s.fps, s.standstill(true, b.others))
}

// standstill finds the cause of a stall or of missing frames: in the network first,
// then at both ends.
func (s *situation) standstill(video bool, o others) finding {
	b := s.path(o)
	switch {
	case b.cause != Unknown:
	case s.slow():
		b.cause, b.evidence = Device, s.me.cpu
	case video && s.from.encode < few:
		b.cause, b.evidence = s.from.source()
	case o == alike && s.from.cpu >= busy:
		b.cause, b.evidence, b.load = PeerEncoder, s.from.cpu, true
	case o == alike:
		b.cause = Peer
	}
	return b
}

// path finds the cause in the network between the peer and the user.
func (s *situation) path(o others) finding {
	gone, lost := worse(s.from.audioLoss, s.from.videoLoss), s.loss()
	switch {
	case gone >= felt && lost >= felt && o == noOthers && gone*2 < lost: // most was lost downstream
		return finding{cause: Downlink, evidence: lost, others: o}
	case gone >= felt && o != better:
		return finding{cause: PeerUplink, evidence: gone, others: o}
	case lost >= felt && !known(gone) && o == alike:
		return finding{cause: Peer, evidence: none, others: o}
	case lost >= felt:
		return finding{cause: Downlink, evidence: lost, others: o}
	case s.from.rtt >= far && o != better:
		return finding{cause: PeerLatency, evidence: s.from.rtt, others: o}
	case s.me.rtt >= far:
		return finding{cause: Latency, evidence: s.me.rtt, others: o}
	}
	return finding{cause: Unknown, evidence: none, others: o}
}

// slow reports whether the user's device does not keep up.
func (s *situation) slow() bool { return s.me.cpu >= busy || s.fps*3 <= s.delivered*2 }

// source reports whether missing frames were not captured or not encoded.
func (s *sent) source() (Cause, float32) {
	if (smooth-s.capture)*2 >= smooth-s.encode {
		return PeerCamera, s.capture
	}
	return PeerEncoder, s.encode
}

// lossWhy explains upstream loss.
func (s *sent) lossWhy(user string) Why {
	lost := worse(s.audioLoss, s.videoLoss)
	w := Why{Metric: AudioLossUp}
	if !known(s.audioLoss) || s.videoLoss > s.audioLoss {
		w.Metric = VideoLossUp
	}
	if lost < slight {
		return w
	}
	return explainOwn(w, user, lost, finding{cause: Uplink, evidence: lost})
}

// fpsWhy explains the frames that a user sent.
func (s *sent) fpsWhy(user string) Why {
	w := Why{Metric: VideoFPSUp}
	if smooth-s.encode <= 0 {
		return w
	}
	b := finding{evidence: none}
	switch cause, evidence := s.source(); {
	case s.cpu >= busy:
		b.cause, b.evidence = Device, s.cpu
	case cause == PeerCamera:
		b.cause, b.evidence = Camera, evidence
	default:
		b.cause, b.evidence = Encoder, evidence
	}
	return explainOwn(w, user, s.encode, b)
}

// rttWhy explains the round trip of a user.
func (s *sent) rttWhy(user string) Why {
	w := Why{Metric: RTT}
	if !(s.rtt >= remote) {
		return w
	}
	return explainOwn(w, user, s.rtt, finding{cause: Latency, evidence: s.rtt})
}

// cpuWhy explains the processor load of a user's device.
func (s *sent) cpuWhy(user string) Why {
	w := Why{Metric: SysCPU}
	if s.cpu >= loaded {
		w.Cause = Device
		w.Says = "the processor of " + user + " was at " + number(s.cpu) + " %"
	}
	return w
}

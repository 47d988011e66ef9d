package quality

// Metric is which figure of a minute a measure has its value from. Its names are
// those of the columns of call_users.
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

// Cause is where a bad minute comes from, as seen by the user whose minute it is.
type Cause uint8

// Causes. The evidence of each is in brackets.
const (
	NoCause    Cause = iota
	Unknown          // nobody's, as far as what was measured tells
	Camera           // the user's own camera captures few frames (frames a second)
	Encoder          // the user's own device encodes few of the frames captured (frames a second)
	Uplink           // the user's own way to the cloud (% lost)
	Downlink         // the user's own way from the cloud (% lost)
	Latency          // the user is far from the cloud (round trip, ms)
	Device           // the user's own device is too slow (processor load, %)
	PeerCamera       // as the above, of the peer who sends
	PeerEncoder
	PeerUplink
	PeerLatency
	Peer // all who receive the peer suffer alike; nothing tells more
)

// others says how others received the same peer in the same minute.
type others uint8

const (
	noOthers others = iota // nobody else, or it was not measured
	alike                  // no better
	better
)

// Why is what a measure of a minute has its value from. Where that is good beyond
// doubt there is a metric, and no more.
type Why struct {
	Metric Metric
	Cause  Cause
	Peer   string // of whom the user received it; empty: the user's own
	Says   string // what happened and why, in words
}

// because is a cause with its evidence, which is none where nothing tells.
type because struct {
	cause    Cause
	evidence float32
	others   others
	load     bool // the evidence of PeerEncoder is the load of the processor
}

// What weighs as evidence. The figures are the vendor's limits of its dashboard
// (docs/quality.md): less loss is "good", more load or fewer frames are "bad".
const (
	felt   = 2  // % of packets lost
	busy   = 85 // % of the processor
	few    = 10 // frames a second
	smooth = 15 // frames a second that nobody misses

	// Beyond these a figure may come to be bad by some limits, and has a cause.
	slight = 2   // % lost, or % of the time stalled
	remote = 150 // ms of round trip
	loaded = 75  // % of the processor
	far    = 400 // ms of round trip
)

// scene is all that is known of one minute of a pair.
type scene struct {
	received
	user, peer string
	from, me   *sent
	others     *heard
}

// compare says how others received it whose average is of the same measure: alike if
// they have at least half of it.
func compare(mine, average float32) others {
	switch {
	case !known(average):
		return noOthers
	case average*2 >= mine:
		return alike
	}
	return better
}

func (s *scene) lossWhy() Why {
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
	b := because{others: compare(lost, s.others.loss.without(s.loss()))}
	switch {
	case gone >= felt && b.others == alike, gone >= felt && b.others == noOthers && gone*2 >= lost:
		b.cause, b.evidence = PeerUplink, gone
	case !known(gone) && b.others == alike:
		b.cause, b.evidence = Peer, none
	default:
		b.cause, b.evidence = Downlink, lost
	}
	return s.say(w, lost, b)
}

func (s *scene) stallWhy() Why {
	w := Why{Metric: AudioStall, Peer: s.peer}
	if !known(s.audioStall) || s.videoStall > s.audioStall {
		w.Metric = VideoStall
	}
	if s.stall() < slight {
		return w
	}
	others := compare(s.stall(), s.others.stall.without(s.stall()))
	return s.say(w, s.stall(), s.standstill(w.Metric == VideoStall, others))
}

func (s *scene) fpsWhy() Why {
	w := Why{Metric: VideoFPSDown, Peer: s.peer}
	missed := smooth - s.fps
	if missed <= 0 {
		return w
	}
	b := because{evidence: none, others: compare(missed, smooth-s.others.fps.without(s.fps))}
	switch {
	case (smooth-s.from.encode)*2 >= missed:
		b.cause, b.evidence = s.from.source()
		return s.say(w, s.fps, b)
	case s.me.cpu >= busy && (s.delivered-s.fps)*2 >= missed:
		b.cause, b.evidence = Device, s.me.cpu
		return s.say(w, s.fps, b)
	}
	return s.say(w, s.fps, s.standstill(true, b.others))
}

// standstill looks for the cause of a stall, or of frames that did not come: on the
// way, then at both ends.
func (s *scene) standstill(video bool, o others) because {
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

// path looks for the cause on the way from the peer to the user.
func (s *scene) path(o others) because {
	gone, lost := worse(s.from.audioLoss, s.from.videoLoss), s.loss()
	switch {
	case gone >= felt && lost >= felt && o == noOthers && gone*2 < lost: // much more was lost later
		return because{cause: Downlink, evidence: lost, others: o}
	case gone >= felt && o != better:
		return because{cause: PeerUplink, evidence: gone, others: o}
	case lost >= felt && !known(gone) && o == alike:
		return because{cause: Peer, evidence: none, others: o}
	case lost >= felt:
		return because{cause: Downlink, evidence: lost, others: o}
	case s.from.rtt >= far && o != better:
		return because{cause: PeerLatency, evidence: s.from.rtt, others: o}
	case s.me.rtt >= far:
		return because{cause: Latency, evidence: s.me.rtt, others: o}
	}
	return because{cause: Unknown, evidence: none, others: o}
}

// slow says that the user's device does not keep up.
func (s *scene) slow() bool { return s.me.cpu >= busy || s.fps*3 <= s.delivered*2 }

// source tells of few frames whether they were not captured or not encoded.
func (s *sent) source() (Cause, float32) {
	if (smooth-s.capture)*2 >= smooth-s.encode {
		return PeerCamera, s.capture
	}
	return PeerEncoder, s.encode
}

// lossWhy is about what a user lost on the way up.
func (s *sent) lossWhy(user string) Why {
	lost := worse(s.audioLoss, s.videoLoss)
	w := Why{Metric: AudioLossUp}
	if !known(s.audioLoss) || s.videoLoss > s.audioLoss {
		w.Metric = VideoLossUp
	}
	if lost < slight {
		return w
	}
	return ownSay(w, user, lost, because{cause: Uplink, evidence: lost})
}

// fpsWhy is about the frames that a user sent.
func (s *sent) fpsWhy(user string) Why {
	w := Why{Metric: VideoFPSUp}
	if smooth-s.encode <= 0 {
		return w
	}
	b := because{evidence: none}
	switch cause, evidence := s.source(); {
	case s.cpu >= busy:
		b.cause, b.evidence = Device, s.cpu
	case cause == PeerCamera:
		b.cause, b.evidence = Camera, evidence
	default:
		b.cause, b.evidence = Encoder, evidence
	}
	return ownSay(w, user, s.encode, b)
}

// rttWhy is about how far a user is from the cloud.
func (s *sent) rttWhy(user string) Why {
	w := Why{Metric: RTT}
	if !(s.rtt >= remote) {
		return w
	}
	return ownSay(w, user, s.rtt, because{cause: Latency, evidence: s.rtt})
}

// cpuWhy is about the load of a user's device.
func (s *sent) cpuWhy(user string) Why {
	w := Why{Metric: SysCPU}
	if s.cpu >= loaded {
		w.Cause = Device
		w.Says = "the processor of " + user + " was at " + number(s.cpu) + " %"
	}
	return w
}

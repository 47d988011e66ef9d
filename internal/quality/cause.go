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

// Others says how others received the same peer in the same minute.
type Others uint8

// What others received.
const (
	NoOthers Others = iota // nobody else, or it was not measured
	Alike                  // no better
	Better
)

// Why is what a measure of a minute has its value from.
type Why struct {
	Metric   Metric
	Cause    Cause
	Peer     string  // of whom the user received it; empty: the user's own
	Evidence float32 // of the cause, in its unit; none: nothing tells
	Others   Others
}

// What weighs as evidence. The figures are the vendor's limits of its dashboard
// (docs/quality.md): less loss is "good", more load or fewer frames are "bad".
const (
	felt   = 2   // % of packets lost
	busy   = 85  // % of the processor
	few    = 10  // frames a second
	smooth = 15  // frames a second that nobody misses
	far    = 400 // ms of round trip
)

// scene is all that is known of one minute of a pair.
type scene struct {
	*received
	from, me *sent
	others   *heard
}

// compare says how others received it whose average is of the same measure: alike if
// they have at least half of it.
func compare(mine, others float32) Others {
	switch {
	case !known(others):
		return NoOthers
	case others*2 >= mine:
		return Alike
	}
	return Better
}

func (s *scene) lossWhy() Why {
	lost, gone := s.received.audioLoss, s.from.audioLoss
	w := Why{Metric: AudioLossDown}
	if !known(lost) || s.received.videoLoss > lost {
		lost, gone, w.Metric = s.received.videoLoss, s.from.videoLoss, VideoLossDown
	}
	if !known(gone) {
		gone = worse(s.from.audioLoss, s.from.videoLoss)
	}
	w.Others = compare(s.loss(), s.others.loss.without(s.loss()))
	switch {
	case gone >= felt && w.Others == Alike, gone >= felt && w.Others == NoOthers && gone*2 >= lost:
		w.Cause, w.Evidence = PeerUplink, gone
	case !known(gone) && w.Others == Alike:
		w.Cause, w.Evidence = Peer, none
	default:
		w.Cause, w.Evidence = Downlink, lost
	}
	return w
}

func (s *scene) stallWhy() Why {
	w := Why{Metric: AudioStall}
	if !known(s.audioStall) || s.videoStall > s.audioStall {
		w.Metric = VideoStall
	}
	w.Others = compare(s.stall(), s.others.stall.without(s.stall()))
	w.Cause, w.Evidence = s.path(w.Others)
	if w.Cause != Unknown {
		return w
	}
	switch {
	case s.slow():
		w.Cause, w.Evidence = Device, s.me.cpu
	case w.Metric == VideoStall && s.from.encode < few:
		w.Cause, w.Evidence = s.from.source()
	case w.Others == Alike && s.from.cpu >= busy:
		w.Cause, w.Evidence = PeerEncoder, s.from.encode
	case w.Others == Alike:
		w.Cause, w.Evidence = Peer, none
	}
	return w
}

func (s *scene) fpsWhy() Why {
	w := Why{Metric: VideoFPSDown, Evidence: none}
	missed := smooth - s.fps
	if missed <= 0 {
		return w
	}
	others := s.others.fps.without(s.fps)
	w.Others = compare(missed, smooth-others)
	if (smooth-s.from.encode)*2 >= missed {
		w.Cause, w.Evidence = s.from.source()
		return w
	}
	if (s.delivered-s.fps)*2 >= missed {
		w.Cause, w.Evidence = Device, s.me.cpu
		return w
	}
	w.Cause, w.Evidence = s.path(w.Others)
	switch {
	case w.Cause != Unknown:
	case s.slow():
		w.Cause, w.Evidence = Device, s.me.cpu
	case w.Others == Alike:
		w.Cause, w.Evidence = Peer, none
	}
	return w
}

// path looks for the cause on the way from the peer to the user.
func (s *scene) path(others Others) (Cause, float32) {
	gone, lost := worse(s.from.audioLoss, s.from.videoLoss), s.loss()
	switch {
	case gone >= felt && lost >= felt && others == NoOthers && gone*2 < lost: // much more was lost later
		return Downlink, lost
	case gone >= felt && others != Better:
		return PeerUplink, gone
	case lost >= felt && !known(gone) && others == Alike:
		return Peer, none
	case lost >= felt:
		return Downlink, lost
	case s.from.rtt >= far && others != Better:
		return PeerLatency, s.from.rtt
	case s.me.rtt >= far:
		return Latency, s.me.rtt
	}
	return Unknown, none
}

// slow says that the user's device does not keep up.
func (s *scene) slow() bool { return s.me.cpu >= busy || s.fps < 0.7*s.delivered }

// source tells of few frames whether they were not captured or not encoded.
func (s *sent) source() (Cause, float32) {
	if (smooth-s.capture)*2 >= smooth-s.encode {
		return PeerCamera, s.capture
	}
	return PeerEncoder, s.encode
}

func (s *sent) lossWhy() Why {
	w := Why{Metric: AudioLossUp, Cause: Uplink, Evidence: worse(s.audioLoss, s.videoLoss)}
	if !known(s.audioLoss) || s.videoLoss > s.audioLoss {
		w.Metric = VideoLossUp
	}
	return w
}

func (s *sent) fpsWhy() Why {
	w := Why{Metric: VideoFPSUp, Evidence: none}
	if smooth-s.encode <= 0 {
		return w
	}
	switch cause, evidence := s.source(); {
	case s.cpu >= busy:
		w.Cause, w.Evidence = Device, s.cpu
	case cause == PeerCamera:
		w.Cause, w.Evidence = Camera, evidence
	default:
		w.Cause, w.Evidence = Encoder, evidence
	}
	return w
}

package quality

import "strconv"

// explain completes w with the cause and the words. value is the value of the measure.
func (s *situation) explain(w Why, value float32, b finding) Why {
	v := number(value)
	switch w.Metric {
	case AudioLossDown:
		w.Says = v + " % of the sound from " + s.peer + " was lost; "
	case VideoLossDown:
		w.Says = v + " % of the video from " + s.peer + " was lost; "
	case AudioStall:
		w.Says = "sound from " + s.peer + " broke up for " + v + " % of the time; "
	case VideoStall:
		w.Says = "video from " + s.peer + " froze for " + v + " % of the time; "
	case VideoFPSDown:
		w.Says = "video from " + s.peer + " came at " + v + " frames/s; "
	}
	w.Cause = b.cause
	w.Says += b.words(s.user, s.peer)
	switch {
	case b.cause == Peer:
	case b.others == alike:
		w.Says += ", others received it no better"
	case b.others == better:
		w.Says += ", others received it better"
	}
	return w
}

// explainOwn is explain for what the user sends.
func explainOwn(w Why, user string, value float32, b finding) Why {
	w.Cause = b.cause
	w.Says = b.words(user, "")
	if b.cause == Device {
		w.Says = user + " sent video at " + number(value) + " frames/s; " + w.Says
	}
	return w
}

// words returns the cause in words, with its evidence.
func (b finding) words(user, peer string) string {
	e := number(b.evidence)
	switch b.cause {
	case Camera:
		return "the camera of " + user + " gave " + e + " frames/s"
	case Encoder:
		return "the device of " + user + " encoded " + e + " frames/s"
	case Uplink:
		return "the uplink of " + user + " lost " + e + " %"
	case Downlink:
		return "the downlink of " + user + " lost " + e + " %"
	case Latency:
		return "the round trip of " + user + " was " + e + " ms"
	case Device:
		if !known(b.evidence) {
			return "the device of " + user + " did not keep up"
		}
		return "the device of " + user + " did not keep up, its processor at " + e + " %"
	case PeerCamera:
		return finding{cause: Camera, evidence: b.evidence}.words(peer, "")
	case PeerEncoder:
		if b.load {
			return finding{cause: Device, evidence: b.evidence}.words(peer, "")
		}
		return finding{cause: Encoder, evidence: b.evidence}.words(peer, "")
	case PeerUplink:
		return finding{cause: Uplink, evidence: b.evidence}.words(peer, "")
	case PeerLatency:
		return finding{cause: Latency, evidence: b.evidence}.words(peer, "")
	case Peer:
		return "everybody received " + peer + " like this"
	}
	return "no measurement explains it"
}

// number formats a figure, without a fraction from 3 on.
func number(v float32) string {
	switch {
	case !known(v):
		return "too few"
	case v < 3:
		return strconv.FormatFloat(float64(v), 'f', 1, 32)
	}
	return strconv.FormatFloat(float64(v), 'f', 0, 32)
}

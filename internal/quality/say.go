package quality

import "strconv"

// say completes why with the cause and with the words for it; value is that of the
// measure.
func (s *scene) say(w Why, value float32, b because) Why {
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
	w.Says += b.say(s.user, s.peer)
	switch {
	case b.cause == Peer:
	case b.others == alike:
		w.Says += ", others received it no better"
	case b.others == better:
		w.Says += ", others received it better"
	}
	return w
}

// ownSay is say for what the user sends.
func ownSay(w Why, user string, value float32, b because) Why {
	w.Cause = b.cause
	w.Says = b.say(user, "")
	if b.cause == Device {
		w.Says = user + " sent video at " + number(value) + " frames/s; " + w.Says
	}
	return w
}

// say is the cause in words, with its evidence.
func (b because) say(user, peer string) string {
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
		return because{cause: Camera, evidence: b.evidence}.say(peer, "")
	case PeerEncoder:
		if b.load {
			return because{cause: Device, evidence: b.evidence}.say(peer, "")
		}
		return because{cause: Encoder, evidence: b.evidence}.say(peer, "")
	case PeerUplink:
		return because{cause: Uplink, evidence: b.evidence}.say(peer, "")
	case PeerLatency:
		return because{cause: Latency, evidence: b.evidence}.say(peer, "")
	case Peer:
		return "everybody received " + peer + " like this"
	}
	return "nothing that was measured tells why"
}

// number is a figure in words: whole from 3 on.
func number(v float32) string {
	switch {
	case !known(v):
		return "too few"
	case v < 3:
		return strconv.FormatFloat(float64(v), 'f', 1, 32)
	}
	return strconv.FormatFloat(float64(v), 'f', 0, 32)
}

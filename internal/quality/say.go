package quality

import (
	"fmt"
	"strconv"
)

// say completes why with the cause and with the words for it; value is that of the
// measure.
func (s *scene) say(w Why, value float32, b because) Why {
	v := number(value)
	switch w.Metric {
	case AudioLossDown:
		w.Says = fmt.Sprintf("%s %% of the sound from %s was lost", v, s.peer)
	case VideoLossDown:
		w.Says = fmt.Sprintf("%s %% of the video from %s was lost", v, s.peer)
	case AudioStall:
		w.Says = fmt.Sprintf("sound from %s broke up for %s %% of the time", s.peer, v)
	case VideoStall:
		w.Says = fmt.Sprintf("video from %s froze for %s %% of the time", s.peer, v)
	case VideoFPSDown:
		w.Says = fmt.Sprintf("video from %s came at %s frames/s", s.peer, v)
	}
	w.Cause = b.cause
	w.Says += "; " + b.say(s.user, s.peer)
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
		w.Says = fmt.Sprintf("%s sent video at %s frames/s; %s", user, number(value), w.Says)
	}
	return w
}

// say is the cause in words, with its evidence.
func (b because) say(user, peer string) string {
	e := number(b.evidence)
	switch b.cause {
	case Camera:
		return fmt.Sprintf("the camera of %s gave %s frames/s", user, e)
	case Encoder:
		return fmt.Sprintf("the device of %s encoded %s frames/s", user, e)
	case Uplink:
		return fmt.Sprintf("the uplink of %s lost %s %%", user, e)
	case Downlink:
		return fmt.Sprintf("the downlink of %s lost %s %%", user, e)
	case Latency:
		return fmt.Sprintf("the round trip of %s was %s ms", user, e)
	case Device:
		if !known(b.evidence) {
			return fmt.Sprintf("the device of %s did not keep up", user)
		}
		return fmt.Sprintf("the device of %s did not keep up, its processor at %s %%", user, e)
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
		return fmt.Sprintf("everybody received %s like this", peer)
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

package quality

import (
	"cmp"
	"math"
	"slices"
)

// Call is what is known of a call while its minutes are judged: what everybody
// sent, and how well each was received by all.
type Call struct {
	sent  map[string]sending
	heard map[string]map[uint32]*heard // by sender and minute
}

// NewCall begins a call.
func NewCall() *Call {
	return &Call{sent: map[string]sending{}, heard: map[string]map[uint32]*heard{}}
}

// sent is what a user sent in a minute. Figures that there are not are none.
type sent struct {
	at                   uint32
	audio, video         flow
	audioLoss, videoLoss float32 // %
	rtt                  float32 // ms
	cpu                  float32 // %
	capture, encode      float32 // frames a second, while there are any
}

var nothing = sent{audioLoss: none, videoLoss: none, rtt: none, cpu: none, capture: none, encode: none}

// Sent tells of all that a user sends. It is the first thing that a Call must know
// of all users.
func (c *Call) Sent(user string, m Minutes) {
	all := make(sending, len(m))
	for i := range m {
		of := &m[i].of
		s := sent{at: m[i].At, audio: flowOf(&of[audioBitrate]), video: flowOf(&of[encodeFPS], &of[videoBitrate], &of[captureFPS])}
		s.audioLoss, s.videoLoss = s.audio.while(of[audioLoss].average()), s.video.while(of[videoLoss].average())
		s.rtt, s.cpu = of[rtt].average(), of[sysCPU].average()
		s.encode, s.capture = s.video.while(of[encodeFPS].flowing()), s.video.while(of[captureFPS].flowing())
		all[i] = s
	}
	c.sent[user] = all
}

// sending is what a user sent, in order of time.
type sending []sent

// at is what was sent in a minute.
func (all sending) at(minute uint32) *sent {
	if i, ok := slices.BinarySearchFunc(all, minute, func(s sent, at uint32) int { return cmp.Compare(s.at, at) }); ok {
		return &all[i]
	}
	return &nothing
}

// heard adds up how well all receivers of a sender did in a minute, in thousandths.
type heard struct{ loss, stall, fps total }

type total struct {
	n   int64
	sum int64
}

func (t *total) add(v float32) {
	if known(v) {
		t.n++
		t.sum += int64(math.Round(float64(v) * 1000))
	}
}

// without is the average of all but one that is among them; none if there is no
// other.
func (t total) without(v float32) float32 {
	if !known(v) || t.n < 2 {
		return none
	}
	return float32(float64(t.sum-int64(math.Round(float64(v)*1000))) / 1000 / float64(t.n-1))
}

// Heard tells of all that somebody receives from a peer. It is the second thing that
// a Call must know, of all pairs.
func (c *Call) Heard(peer string, m Minutes) {
	of := c.heard[peer]
	if of == nil {
		of = map[uint32]*heard{}
		c.heard[peer] = of
	}
	from := c.sent[peer]
	for i := range m {
		r := receive(from.at(m[i].At), &m[i])
		if !r.any() {
			continue
		}
		h := of[m[i].At]
		if h == nil {
			h = &heard{}
			of[m[i].At] = h
		}
		h.loss.add(r.loss())
		h.stall.add(r.stall())
		h.fps.add(r.fps)
	}
}

// received is what a user received from a peer in a minute.
type received struct {
	audioLoss, videoLoss   float32 // %
	audioStall, videoStall float32 // % of the time
	fps                    float32 // rendered, while there are any
	delivered              float32 // frames a second that came in
}

// receive makes it of what was measured, and of what the peer sent.
func receive(s *sent, m *Minute) received {
	of := &m.of
	audio, video := s.audio, s.video
	if audio != off {
		audio = flowOfAny(&of[audioBitrate], &of[audioStall])
	}
	if video != off {
		video = flowOfAny(&of[decodeFPS], &of[receiveFPS], &of[videoBitrate], &of[videoStall])
	}
	r := received{
		audioLoss: audio.while(of[audioLoss].average()), audioStall: audio.while(of[audioStall].stalled()),
		videoLoss: video.while(of[videoLoss].average()), videoStall: video.while(of[videoStall].stalled()),
		fps: none, delivered: video.while(of[receiveFPS].flowing()),
	}
	switch rendered := &of[decodeFPS]; {
	case video == off:
	case rendered.Positive > 0, of[receiveFPS].Positive > 0: // what came in and was not rendered counts as 0
		r.fps = rendered.over(max(rendered.Positive, min(rendered.Samples, of[receiveFPS].Positive)))
	case video == on && s.video == on && rendered.Samples >= enough:
		r.fps = 0
	}
	return r
}

func (r *received) any() bool {
	return known(r.loss()) || known(r.stall()) || known(r.fps)
}

func (r *received) loss() float32  { return worse(r.audioLoss, r.videoLoss) }
func (r *received) stall() float32 { return worse(r.audioStall, r.videoStall) }

// worse is the greater of two figures, or the one that there is.
func worse(x, y float32) float32 {
	if !known(y) || x >= y {
		return x
	}
	return y
}

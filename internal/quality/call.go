package quality

import (
	"cmp"
	"math"
	"slices"
)

// Call judges the minutes of a call. It knows what each user sent, and how well all
// receivers of each sender did.
type Call struct {
	sent     map[string]sending
	received map[string]map[uint32]*receivers // by sender and minute
}

// NewCall returns an empty Call.
func NewCall() *Call {
	return &Call{sent: map[string]sending{}, received: map[string]map[uint32]*receivers{}}
}

// sent is what a user sent in a minute. Missing figures are none.
type sent struct {
	at                   uint32
	audio, video         flow
	audioLoss, videoLoss float32 // %
	rtt                  float32 // ms
	cpu                  float32 // %
	capture, encode      float32 // frames a second, over samples with frames
}

var nothing = sent{audioLoss: none, videoLoss: none, rtt: none, cpu: none, capture: none, encode: none}

// Sent adds everything that a user sends. Call it for all users before Received.
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

// at returns what was sent in a minute.
func (all sending) at(minute uint32) *sent {
	if i, ok := slices.BinarySearchFunc(all, minute, func(s sent, at uint32) int { return cmp.Compare(s.at, at) }); ok {
		return &all[i]
	}
	return &nothing
}

// receivers sums up how well all receivers of a sender did in a minute, in thousandths.
type receivers struct{ loss, stall, fps total }

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

// without returns the average without one of the added values; none if there is no
// other value.
func (t total) without(v float32) float32 {
	if !known(v) || t.n < 2 {
		return none
	}
	return float32(float64(t.sum-int64(math.Round(float64(v)*1000))) / 1000 / float64(t.n-1))
}

// Received adds everything that a user receives from a peer. Call it for all pairs
// before Pair and User.
func (c *Call) Received(peer string, m Minutes) {
	of := c.received[peer]
	if of == nil {
		of = map[uint32]*receivers{}
		c.received[peer] = of
	}
	from := c.sent[peer]
	for i := range m {
		r := receive(from.at(m[i].At), &m[i])
		if !r.any() {
			continue
		}
		h := of[m[i].At]
		if h == nil {
			h = &receivers{}
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
	fps                    float32 // frames rendered a second, over samples with frames
	delivered              float32 // frames a second that arrived
}

// receive computes it from what was measured and what the peer sent.
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
	case rendered.Positive > 0, of[receiveFPS].Positive > 0: // frames that arrived and were not rendered count as 0
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

// worse returns the greater of two figures, or the known one.
func worse(x, y float32) float32 {
	if !known(y) || x >= y {
		return x
	}
	return y
}

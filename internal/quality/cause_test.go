package quality

import (
	"strings"
	"testing"
)

// side has the figures of one side of a minute, by the vendor's name. A missing figure
// is perfect, a negative one was not measured.
type side map[string]float64

var (
	wellSent     = side{"aBit": 40_000, "aLoss": 0, "bigvBit": 800_000, "bigvLoss": 0, "bigvCapFps": 24, "bigvEncFps": 24, "rtt": 40, "sysCpu": 30}
	wellReceived = side{"aBit": 40_000, "aLoss": 0, "aBlock": 0, "bigvBit": 800_000, "bigvLoss": 0, "bigvBlock": 0, "bigvDecFps": 24, "bigvRecFps": 24}
)

// minute makes a minute of 5 samples of each metric.
func (s side) minute(received bool) (m Minutes) {
	well := wellSent
	if received {
		well = wellReceived
	}
	for metric, v := range well {
		if x, ok := s[metric]; ok {
			v = x
		}
		if v < 0 {
			continue
		}
		m = m.Add(Slot(metric, received), []uint32{60, 62, 64, 66, 68}, []float64{v, v, v, v, v})
	}
	return m
}

// minuteOf is a minute in which I receive the peer. Two others do so, too, unless others
// is nil.
type minuteOf struct{ peer, me, mine, others side }

func (x minuteOf) judge() (pair PairMinute, user UserMinute) {
	c := NewCall()
	c.Sent("peer", x.peer.minute(false))
	c.Sent("me", x.me.minute(false))
	c.Received("peer", x.mine.minute(true))
	if x.others != nil {
		c.Received("peer", x.others.minute(true))
		c.Received("peer", x.others.minute(true))
	}
	pairs := c.Pair("me", "peer", x.mine.minute(true))
	if len(pairs) != 1 {
		return pair, user
	}
	users := c.User("me", pairs)
	return pairs[0], users[0]
}

// TestCauses checks each line of the table in docs/quality.md.
func TestCauses(t *testing.T) {
	var (
		lossy   = side{"aLoss": 8, "bigvLoss": 8}
		unknown = side{"aLoss": -1, "bigvLoss": -1}
		stalls  = side{"aBlock": 200, "bigvBlock": 400}
		fine    = side{}
	)
	for name, x := range map[string]struct {
		minuteOf
		loss, stall, fps Cause // of the pair
	}{
		"all is well":                        {},
		"few captured":                       {minuteOf{peer: side{"bigvCapFps": 6, "bigvEncFps": 6}, mine: side{"bigvDecFps": 6, "bigvRecFps": 6}, others: fine}, 0, 0, PeerCamera},
		"few encoded":                        {minuteOf{peer: side{"bigvEncFps": 6}, mine: side{"bigvDecFps": 6, "bigvRecFps": 6}}, 0, 0, PeerEncoder},
		"not rendered":                       {minuteOf{mine: side{"bigvDecFps": 6}}, 0, 0, Device},
		"half lost, half not rendered":       {minuteOf{peer: lossy, mine: side{"bigvDecFps": 6, "bigvRecFps": 11}, others: side{"bigvDecFps": 10, "bigvRecFps": 11}}, 0, 0, PeerUplink},
		"half lost, half not rendered, busy": {minuteOf{peer: lossy, mine: side{"bigvDecFps": 6, "bigvRecFps": 11}, me: side{"sysCpu": 90}, others: side{"bigvDecFps": 10, "bigvRecFps": 11}}, 0, 0, Device},
		"stall: uplink, alone":               {minuteOf{peer: lossy, mine: stalls}, 0, PeerUplink, 0},
		"stall: uplink, alike":               {minuteOf{peer: lossy, mine: stalls, others: stalls}, 0, PeerUplink, 0},
		"stall: uplink, others better":       {minuteOf{peer: lossy, mine: side{"bigvBlock": 400, "bigvLoss": 8}, others: fine}, Downlink, Downlink, 0},
		"stall: much more lost later, alone": {minuteOf{peer: side{"bigvLoss": 3}, mine: side{"bigvBlock": 400, "bigvLoss": 8}}, Downlink, Downlink, 0},
		"stall: as much lost later, alone":   {minuteOf{peer: side{"bigvLoss": 4}, mine: side{"bigvBlock": 400, "bigvLoss": 8}}, PeerUplink, PeerUplink, 0},
		"stall: lost, nothing from the peer": {minuteOf{peer: unknown, mine: side{"bigvBlock": 400, "bigvLoss": 8}, others: side{"bigvBlock": 400, "bigvLoss": 8}}, Peer, Peer, 0},
		"stall: downlink":                    {minuteOf{mine: side{"bigvBlock": 400, "bigvLoss": 8}, others: fine}, Downlink, Downlink, 0},
		"stall: far peer":                    {minuteOf{peer: side{"rtt": 400}, mine: stalls, others: stalls}, 0, PeerLatency, 0},
		"stall: far peer, others better":     {minuteOf{peer: side{"rtt": 400}, mine: stalls, others: fine}, 0, Unknown, 0},
		"stall: far":                         {minuteOf{me: side{"rtt": 400}, mine: stalls, others: fine}, 0, Latency, 0},
		"stall: slow device":                 {minuteOf{me: side{"sysCpu": 85}, mine: stalls, others: stalls}, 0, Device, 0},
		"stall: a third not rendered":        {minuteOf{mine: side{"bigvBlock": 400, "bigvDecFps": 20, "bigvRecFps": 30}}, 0, Device, 0},
		"stall: few captured":                {minuteOf{peer: side{"bigvCapFps": 9, "bigvEncFps": 9}, mine: side{"bigvBlock": 400}}, 0, PeerCamera, 0},
		"stall of sound: few captured":       {minuteOf{peer: side{"bigvCapFps": 9, "bigvEncFps": 9}, mine: side{"aBlock": 400}}, 0, Unknown, 0},
		"stall: busy peer, alike":            {minuteOf{peer: side{"sysCpu": 85}, mine: stalls, others: stalls}, 0, PeerEncoder, 0},
		"stall: busy peer, alone":            {minuteOf{peer: side{"sysCpu": 85}, mine: stalls}, 0, Unknown, 0},
		"stall: alike":                       {minuteOf{mine: stalls, others: side{"bigvBlock": 200}}, 0, Peer, 0},
		"stall: others less than half":       {minuteOf{mine: stalls, others: side{"bigvBlock": 198}}, 0, Unknown, 0},
		"frames: uplink":                     {minuteOf{peer: lossy, mine: side{"bigvDecFps": 6, "bigvRecFps": 6}}, 0, 0, PeerUplink},
		"frames: busy peer, alike":           {minuteOf{peer: side{"sysCpu": 90}, mine: side{"bigvDecFps": 6, "bigvRecFps": 6}, others: side{"bigvDecFps": 6, "bigvRecFps": 6}}, 0, 0, PeerEncoder},
		"frames: alike":                      {minuteOf{mine: side{"bigvDecFps": 6, "bigvRecFps": 6}, others: side{"bigvDecFps": 10, "bigvRecFps": 10}}, 0, 0, Peer},
		"frames: nothing tells":              {minuteOf{mine: side{"bigvDecFps": 6, "bigvRecFps": 6}, others: fine}, 0, 0, Unknown},
		"none rendered of what came":         {minuteOf{mine: side{"bigvDecFps": 0}}, 0, 0, Device},
		"none came":                          {minuteOf{mine: side{"bigvDecFps": 0, "bigvRecFps": 0, "bigvBlock": 2000}}, 0, Unknown, Unknown},
		"loss: uplink, alike":                {minuteOf{peer: lossy, mine: lossy, others: side{"aLoss": 4}}, PeerUplink, 0, 0},
		"loss: uplink, others better":        {minuteOf{peer: lossy, mine: lossy, others: side{"aLoss": 3}}, Downlink, 0, 0},
		"loss: little on the way up, alone":  {minuteOf{peer: side{"aLoss": 3}, mine: side{"aLoss": 8}}, Downlink, 0, 0},
		"loss: half on the way up, alone":    {minuteOf{peer: side{"aLoss": 4}, mine: side{"aLoss": 8}}, PeerUplink, 0, 0},
		"loss: of the other medium":          {minuteOf{peer: side{"bigvLoss": 8}, mine: side{"aLoss": 8}}, Downlink, 0, 0},
		"loss: nothing from the peer, alike": {minuteOf{peer: unknown, mine: lossy, others: lossy}, Peer, 0, 0},
		"loss: nothing from the peer":        {minuteOf{peer: unknown, mine: lossy}, Downlink, 0, 0},
		"less than 2 % of anything":          {minuteOf{peer: lossy, mine: side{"aLoss": 1.9, "aBlock": 39, "bigvDecFps": 15}}, 0, 0, 0},
		"silent, dark":                       {minuteOf{peer: side{"aBit": 0, "bigvEncFps": 0}, mine: side{"aLoss": 50, "bigvLoss": 50, "aBlock": 2000, "bigvBlock": 2000, "bigvDecFps": 1}}, 0, 0, 0},
		"nothing arrives": {minuteOf{peer: lossy, mine: side{"aBit": 0, "aBlock": 0, "bigvBit": 0, "bigvDecFps": 0, "bigvRecFps": 0, "bigvBlock": 0,
			"aLoss": 50, "bigvLoss": 50}}, 0, 0, 0},
	} {
		got, _ := x.judge()
		if got.LossWhy.Cause != x.loss || got.StallWhy.Cause != x.stall || got.FPSWhy.Cause != x.fps {
			t.Errorf("%s: causes of loss %q, stall %q, frames %q; want %q, %q, %q", name,
				causeNames[got.LossWhy.Cause], causeNames[got.StallWhy.Cause], causeNames[got.FPSWhy.Cause], causeNames[x.loss], causeNames[x.stall], causeNames[x.fps])
		}
		for _, why := range []Why{got.LossWhy, got.StallWhy, got.FPSWhy} {
			if (why.Cause == NoCause) != (why.Says == "") || strings.Contains(why.Says, "NaN") {
				t.Errorf("%s: says %q", name, why.Says)
			}
		}
	}
}

// TestOwnCauses checks what a user sends, which counts if it is no better than what the
// user receives.
func TestOwnCauses(t *testing.T) {
	for name, x := range map[string]struct {
		me, mine  side
		loss, fps Why
	}{
		"uplink":             {me: side{"aLoss": 3, "bigvLoss": 8}, loss: Why{Metric: VideoLossUp, Cause: Uplink}, fps: Why{Metric: VideoFPSUp}},
		"as much":            {me: side{"aLoss": 8}, mine: side{"aLoss": 8}, loss: Why{Metric: AudioLossUp, Cause: Uplink}, fps: Why{Metric: VideoFPSUp}},
		"less":               {me: side{"aLoss": 8}, mine: side{"aLoss": 9}, loss: Why{Metric: AudioLossDown, Cause: Downlink, Peer: "peer"}, fps: Why{Metric: VideoFPSUp}},
		"camera":             {me: side{"bigvCapFps": 7, "bigvEncFps": 6}, loss: Why{Metric: AudioLossUp}, fps: Why{Metric: VideoFPSUp, Cause: Camera}},
		"encoder":            {me: side{"bigvEncFps": 6}, loss: Why{Metric: AudioLossUp}, fps: Why{Metric: VideoFPSUp, Cause: Encoder}},
		"busy":               {me: side{"bigvCapFps": 6, "bigvEncFps": 6, "sysCpu": 90}, loss: Why{Metric: AudioLossUp}, fps: Why{Metric: VideoFPSUp, Cause: Device}},
		"what comes":         {me: side{"bigvEncFps": 14}, mine: side{"bigvDecFps": 6}, loss: Why{Metric: AudioLossUp}, fps: Why{Metric: VideoFPSDown, Cause: Device, Peer: "peer"}},
		"captured, not sent": {me: side{"bigvEncFps": -1, "bigvBit": 0, "bigvLoss": 50}, loss: Why{Metric: AudioLossUp}, fps: Why{Metric: VideoFPSDown, Peer: "peer"}},
	} {
		_, got := minuteOf{me: x.me, mine: x.mine}.judge()
		got.LossWhy.Says, got.FPSWhy.Says = "", ""
		if got.LossWhy != x.loss || got.FPSWhy != x.fps {
			t.Errorf("%s: got %+v, %+v; want %+v, %+v", name, got.LossWhy, got.FPSWhy, x.loss, x.fps)
		}
	}
}

// TestTenth checks which peer decides: of up to ten the worst, of eleven the second
// worst.
func TestTenth(t *testing.T) {
	for _, peers := range []int{1, 9, 10, 11, 20, 21} {
		c := NewCall()
		var pairs []PairMinute
		for i := range peers {
			loss := float64(30 - i) // the first is the worst
			name := string(rune('a' + i))
			m := side{"aLoss": loss}.minute(true)
			c.Received(name, m)
			pairs = append(pairs, c.Pair("me", name, m)...)
		}
		worst := 30 - float32((peers-1)/10)
		if got := c.User("me", pairs)[0]; got.Loss != worst || got.LossWhy.Peer != string(rune('a'+(peers-1)/10)) {
			t.Errorf("of %d peers: got %g of %s, want %g", peers, got.Loss, got.LossWhy.Peer, worst)
		}
	}
}

// TestFewSamples checks that figures of fewer than 5 samples are ignored.
func TestFewSamples(t *testing.T) {
	c := NewCall()
	times, values := []uint32{0, 2, 4, 6}, []float64{50, 50, 50, 50}
	var m Minutes
	for slot := range slots {
		m = m.Add(slot, times, values)
	}
	c.Sent("me", m)
	c.Received("peer", m)
	pairs := c.Pair("me", "peer", m)
	if users := c.User("me", pairs); len(pairs) != 0 || len(users) != 0 {
		t.Errorf("4 samples are judged: %+v, %+v", pairs, users)
	}
}

package simulator

import "time"

// TroubleKind is what is planted in a call of an account with Options.Troubles.
// Loss is in percent, stall in percent of the time (a sample covers 2 s: ms of
// 2000), rtt in ms, frame rates a second. The culprit is Trouble.UserID; what
// is not named here stays calm.
type TroubleKind uint8

// The kinds. Each has about one sixteenth of the calls that can have trouble;
// Healthy has a quarter.
const (
	notPlanted TroubleKind = iota // a call too short, or of too few, for trouble

	// CameraOff is a camera that is off for the whole call or from the middle
	// of it on: all series of video that the culprit sends, and those of it at
	// the receivers, are 0. Nobody suffers.
	CameraOff
	// WeakCamera is bigvCapFps and bigvEncFps of 4 to 8, and the same
	// bigvRecFps and bigvDecFps at the receivers.
	WeakCamera
	// WeakEncoder is WeakCamera with a healthy bigvCapFps.
	WeakEncoder
	// LossyUplink is aLoss and bigvLoss up of 7 to 13; the receivers have
	// aBlock and bigvBlock of 6 to 25 and half to two thirds of bigvRecFps and
	// bigvDecFps. In half of them the receivers' loss down is 7 to 13, too:
	// some figures are end to end.
	LossyUplink
	// LossyDownlink is the culprit's aLoss and bigvLoss down of 7 to 13 and
	// aBlock and bigvBlock of 6 to 25, from all peers, whom others receive well.
	LossyDownlink
	// SlowDevice is sysCpu of 90 to 99, and from all peers bigvDecFps of 3 to 7
	// with a healthy bigvRecFps and bigvBlock of 6 to 15. In half of those who
	// send video bigvEncFps is 4 to 8, and the receivers' frame rates with it.
	SlowDevice
	// NetworkChange is event 1003 (3G or 2G) at From, then loss up and down of
	// 6 to 12, rtt of 300 to 800, and aBlock and bigvBlock of 6 to 25 at the
	// culprit and the receivers.
	NetworkChange
	// Reconnect is loss down of 10 to 20 and aBlock and bigvBlock of 10 to 25
	// for a minute. In the second after To the connection is lost (events 5005
	// and 7001 with ParamOne 1); 20 to 60 s later the culprit is back in a
	// second session (7000 with ParamOne 1).
	Reconnect
	// SecondDevice is a session that ends within the time, in its second
	// minute; another with other DeviceType, SdkVersion and ClientIp follows
	// within 5 s. Nobody suffers.
	SecondDevice
	// OverMidnight is LossyUplink from before to after 00:00 UTC.
	OverMidnight
	// FarAway is rtt of 450 to 900 for all of the culprit's stays, nothing else.
	FarAway
	// Unexplained is aBlock and bigvBlock of 8 to 20 at one receiver, the only
	// one of Receivers, from one peer, who is UserID: nothing else tells why.
	Unexplained
	// Healthy is nothing: a call that could have had trouble.
	Healthy
)

var troubleNames = [...]string{
	"none", "camera-off", "weak-camera", "weak-encoder", "lossy-uplink", "lossy-downlink", "slow-device",
	"network-change", "reconnect", "second-device", "over-midnight", "far-away", "unexplained", "healthy",
}

// String is the kind in small letters: camera-off, lossy-uplink.
func (k TroubleKind) String() string { return troubleNames[k] }

// MarshalText makes a kind its name in JSON.
func (k TroubleKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// TroubleKinds are all kinds, Healthy included.
func TroubleKinds() []TroubleKind {
	var all []TroubleKind
	for k := CameraOff; k <= Healthy; k++ {
		all = append(all, k)
	}
	return all
}

// Trouble is what is planted in a call.
type Trouble struct {
	App    uint32      `json:"sdk_app_id"`
	CommID string      `json:"comm_id"`
	Kind   TroubleKind `json:"kind"`
	// UserID is who has it; empty where Kind is Healthy. Of Unexplained it is
	// the peer from whom the one receiver receives badly.
	UserID string `json:"user_id"`
	// From and To are the first and the last second, UTC: From begins a minute,
	// To ends one, and the values of each minute are all troubled or not at
	// all. Between them are 3 to 8 minutes (NetworkChange 2 to 4, Reconnect 1)
	// in which the culprit and one more are there. Of CameraOff and FarAway
	// they take in the culprit's stays to the last, from the first or, where a
	// camera goes off, from a later minute on. Of Healthy they are the call's
	// ends. They may lie ahead where the call is running.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Receivers are those who received the culprit's audio or video within the
	// time, where others suffer from it, in the order of their numbers.
	Receivers []string `json:"receivers,omitempty"`
}

// Troubles are what is planted in the calls that have begun by an instant,
// app by app, oldest first: one a call that can have any, Healthy ones
// included; of the other calls nothing is said, and they are calm.
func (s *Simulator) Troubles(at time.Time) []Trouble {
	var all []Trouble
	for _, app := range s.options.Apps {
		for i := range s.calls[app] {
			c := &s.calls[app][i]
			if c.start > at.Unix() {
				break
			}
			if c.kind != notPlanted {
				all = append(all, s.troubleOf(c))
			}
		}
	}
	return all
}

func (s *Simulator) troubleOf(c *call) Trouble {
	t := Trouble{App: c.app, CommID: c.commID(), Kind: c.kind, From: time.Unix(c.start, 0).UTC(), To: time.Unix(c.end, 0).UTC()}
	v := s.open(c, c.end)
	if v.plot == nil {
		return t
	}
	t.UserID = v.users[v.plot.culprit].id
	t.From, t.To = time.Unix(v.plot.from, 0).UTC(), time.Unix(v.plot.to, 0).UTC()
	for _, n := range v.receivers() {
		t.Receivers = append(t.Receivers, v.users[n].id)
	}
	return t
}

// receivers are the users who suffer from the planted trouble of another.
func (v *view) receivers() []int {
	p := v.plot
	culprit := &v.users[p.culprit]
	var all []int
	for n := range v.users {
		u := &v.users[n]
		hears := n != p.culprit && !u.silent && (culprit.audio || culprit.video)
		if hears && p.harms(n, culprit) && len(u.spans(culprit, p.from, p.to, nil)) > 0 {
			all = append(all, n)
		}
	}
	return all
}

// harms tells whether the nth user suffers from what a culprit sends.
func (p *plot) harms(n int, culprit *user) bool {
	switch p.kind {
	case WeakCamera, WeakEncoder, LossyUplink, OverMidnight, NetworkChange:
		return true
	case SlowDevice:
		return p.half && culprit.video
	case Unexplained:
		return n == p.partner
	}
	return false
}

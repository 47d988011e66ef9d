package simulator

import "time"

// TroubleKind is what is planted in a call of an account with Options.Troubles. Loss is
// in percent, stall in percent of the time (a sample covers 2 s: ms of 2000), rtt in
// ms, frame rates a second. The troubled user is Trouble.UserID. Everything that is not named
// here stays steady.
type TroubleKind uint8

// Kinds of trouble. Each is in about one sixteenth of the calls that can have trouble,
// Healthy in a quarter.
const (
	notPlanted TroubleKind = iota // the call is too short, or has too few users, for trouble

	// CameraOff: the camera is off for the whole call or from its middle on. All video
	// series that the troubled user sends are 0, and so are those at the receivers. Nobody
	// suffers.
	CameraOff
	// WeakCamera: bigvCapFps and bigvEncFps are 4 to 8, and the receivers have the same
	// bigvRecFps and bigvDecFps.
	WeakCamera
	// WeakEncoder is WeakCamera with a healthy bigvCapFps.
	WeakEncoder
	// LossyUplink: aLoss and bigvLoss upstream are 7 to 13. The receivers have aBlock
	// and bigvBlock of 6 to 25 and half to two thirds of bigvRecFps and bigvDecFps. In
	// half of the calls the receivers' downstream loss is 7 to 13, too: some figures
	// are end to end.
	LossyUplink
	// LossyDownlink: the troubled user has aLoss and bigvLoss downstream of 7 to 13 and
	// aBlock and bigvBlock of 6 to 25, from all peers. Others receive these peers well.
	LossyDownlink
	// SlowDevice: sysCpu is 90 to 99, and from all peers bigvDecFps is 3 to 7 with a
	// healthy bigvRecFps and bigvBlock of 6 to 15. For half of those who send video,
	// bigvEncFps is 4 to 8, and the receivers' frame rates with it.
	SlowDevice
	// NetworkChange: event 1003 (3G or 2G) at From, then loss in both directions of 6
	// to 12, rtt of 300 to 800, and aBlock and bigvBlock of 6 to 25 at the troubled user and
	// the receivers.
	NetworkChange
	// Reconnect: downstream loss of 10 to 20 and aBlock and bigvBlock of 10 to 25 for a
	// minute. In the second after To the connection is lost (events 5005 and 7001 with
	// ParamOne 1). 20 to 60 s later the troubled user is back in a second session (7000 with
	// ParamOne 1).
	Reconnect
	// SecondDevice: a session ends in the second minute of the time. Another with other
	// DeviceType, SdkVersion and ClientIp follows within 5 s. Nobody suffers.
	SecondDevice
	// OverMidnight is LossyUplink from before to after 00:00 UTC.
	OverMidnight
	// FarAway: rtt is 450 to 900 in all sessions of the troubled user, and nothing else is
	// wrong.
	FarAway
	// Unexplained: aBlock and bigvBlock are 8 to 20 at one receiver, the only one in
	// Receivers, from one peer, who is UserID. No other figure says why.
	Unexplained
	// Healthy: nothing is planted, although the call could have trouble.
	Healthy
)

var troubleNames = [...]string{
	"none", "camera-off", "weak-camera", "weak-encoder", "lossy-uplink", "lossy-downlink", "slow-device",
	"network-change", "reconnect", "second-device", "over-midnight", "far-away", "unexplained", "healthy",
}

// String returns the kind in lower case: camera-off, lossy-uplink.
func (k TroubleKind) String() string { return troubleNames[k] }

// MarshalText writes a kind as its name.
func (k TroubleKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// TroubleKinds returns all kinds, Healthy included.
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
	// UserID is the troubled user; empty if Kind is Healthy. For
	// Unexplained it is the peer from whom the one receiver receives badly.
	UserID string `json:"user_id"`
	// From and To are the first and the last second, UTC. From begins a minute and To
	// ends one, and all or none of the values of a minute are troubled. They are 3 to 8
	// minutes apart (NetworkChange 2 to 4, Reconnect 1), in which the troubled user and
	// another user are in the call. For CameraOff and FarAway they include all sessions
	// of the troubled user, or those from a later minute on if the camera goes off in the
	// middle. For Healthy they are the ends of the call. They may lie in the future if
	// the call is running.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Receivers are the users who received the troubled user's audio or video within the
	// time, if they suffer from the trouble, in the order of their numbers.
	Receivers []string `json:"receivers,omitempty"`
}

// Troubles returns what is planted in the calls that have begun by an instant, app by
// app, oldest first: one for each call that can have trouble, Healthy included. Other
// calls are steady and not listed.
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
	if v.planted == nil {
		return t
	}
	t.UserID = v.users[v.planted.troubled].id
	t.From, t.To = time.Unix(v.planted.from, 0).UTC(), time.Unix(v.planted.to, 0).UTC()
	for _, n := range v.receivers() {
		t.Receivers = append(t.Receivers, v.users[n].id)
	}
	return t
}

// receivers returns the users who suffer from the trouble of another.
func (v *view) receivers() []int {
	p := v.planted
	troubled := &v.users[p.troubled]
	var all []int
	for n := range v.users {
		u := &v.users[n]
		hears := n != p.troubled && !u.silent && (troubled.audio || troubled.video)
		if hears && p.harms(n, troubled) && len(u.spans(troubled, p.from, p.to, nil)) > 0 {
			all = append(all, n)
		}
	}
	return all
}

// harms reports whether the nth user suffers from what a troubled user sends.
func (p *planted) harms(n int, troubled *user) bool {
	switch p.kind {
	case WeakCamera, WeakEncoder, LossyUplink, OverMidnight, NetworkChange:
		return true
	case SlowDevice:
		return p.half && troubled.video
	case Unexplained:
		return n == p.partner
	}
	return false
}

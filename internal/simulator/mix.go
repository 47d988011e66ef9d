package simulator

import "fmt"

// Mix says which shapes of calls an account has.
type Mix string

// The mixes. All except MixAll have one kind of calls, to measure planners with. They
// have no special calls and no calls that run at New.
const (
	// MixAll is a bit of everything: mostly calls of two, and every oddity.
	MixAll Mix = "all"
	// MixOneToOne has calls of two users, 2 to 20 minutes long. In one of twelve a user
	// comes back or one never comes.
	MixOneToOne Mix = "one-to-one"
	// MixUnanswered has calls of one user who waits for another, for less than a
	// minute.
	MixUnanswered Mix = "unanswered"
	// MixMeetings has meetings of 10 to 60 users over 1 to 4 hours. Many come late,
	// leave early, or come back.
	MixMeetings Mix = "meetings"
	// MixWebinars has webinars of 2 to 3 hours with 150 listeners, in larger accounts
	// up to 400, who stay some minutes each. Three in ten are rooms open all day with
	// 600 sessions of about ten minutes.
	MixWebinars Mix = "webinars"
)

// ParseMix parses the name of a mix.
func ParseMix(name string) (Mix, error) {
	switch m := Mix(name); m {
	case MixAll, MixOneToOne, MixUnanswered, MixMeetings, MixWebinars:
		return m, nil
	case "":
		return MixAll, nil
	}
	return "", fmt.Errorf("parse mix: %q is unknown; use all, one-to-one, unanswered, meetings or webinars", name)
}

// shapeIn returns the shape of the call with this number.
func (s *Simulator) shapeIn(index uint32, seed uint64) shape {
	draw := hash2(seed, 10) % 100
	switch s.options.Mix {
	case MixOneToOne:
		switch {
		case draw < 92:
			return pair
		case draw < 96:
			return rejoin
		}
		return lonely
	case MixUnanswered:
		return unanswered
	case MixMeetings:
		return gathering
	case MixWebinars:
		if draw < 30 {
			return openDay
		}
		return webinar
	}
	if int(index) < s.options.Calls {
		return shapeOf(index, seed)
	}
	return s.laterShape(index, seed)
}

// laterShape returns the shape of a call that begins after New. Special shapes come again
// with every 120 calls, or as rarely as before New, except those bound to New and the busy
// hour.
func (s *Simulator) laterShape(index uint32, seed uint64) shape {
	if again, ok := special(index % uint32(max(s.options.Calls, 120))); ok {
		return again.unbound()
	}
	return shapeOf(index, seed).unbound()
}

func (sh shape) unbound() shape {
	switch sh {
	case pairOn:
		return pair
	case meetingOn, busy:
		return meeting
	}
	return sh
}

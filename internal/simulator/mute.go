package simulator

import "slices"

// Mute is a user of a call whose series are null where there should be samples.
type Mute struct {
	SdkAppID       uint32
	CommID, UserID string
	Half           bool // half of the series are null, by metric and peer; otherwise all
}

// Muted lists the muted users of calls that have begun, app by app, oldest first.
func (s *Simulator) Muted() []Mute {
	var all []Mute
	f, now := s.faults.Load(), s.now()
	for _, app := range s.options.Apps {
		for i := range s.calls[app] {
			c := &s.calls[app][i]
			n, half, ok := f.mute(c)
			if !ok || c.start > now {
				continue
			}
			if v := s.open(c, now); n < len(v.users) {
				all = append(all, Mute{c.app, c.commID(), v.users[n].id, half})
			}
		}
	}
	return all
}

// mute draws which of the first two users of a call is muted, if any. A call that a
// user without metrics keeps open is not muted.
func (f *Faults) mute(c *call) (user int, half, ok bool) {
	if f == nil || f.Mute == 0 || c.shape == longRun {
		return 0, false, false
	}
	draw := hash3(f.Seed, 303, c.seed)
	if draw >= share(f.Mute) {
		return 0, false, false
	}
	draw = mix(draw)
	return int(draw & 1), draw>>8&1 == 0, true
}

// shortest is the length of a run of samples, in seconds, from which on null in their
// place must be a mistake.
const shortest = 6

// mutes reports whether a series with these runs in the window is null.
func (f *Faults) mutes(v *view, st stream, seed uint64, runs []span) bool {
	n, half, ok := f.mute(v.call)
	certain := slices.ContainsFunc(runs, func(r span) bool { return r.last-r.first >= shortest })
	return ok && certain && n < len(v.users) && st.user == &v.users[n] && (!half || seed>>9&1 == 0)
}

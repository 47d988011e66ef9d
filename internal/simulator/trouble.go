package simulator

import "time"

// trouble is what goes wrong with a request.
type trouble struct {
	kind    FaultKind
	poison  bool
	draw    uint64        // for drawing variants and places
	late    time.Duration // before the response
	pause   time.Duration // in the middle of a body
	hang    time.Duration // before the response, or until the client leaves
	code    string        // of FaultCode and the like
	content uint64
}

// SetFaults replaces the faults. Scripts count from 1 again.
func (s *Simulator) SetFaults(f Faults) error {
	f, err := f.withDefaults()
	if err != nil {
		return err
	}
	f = f.clone()
	s.faults.Store(&f)
	s.downUntil.Store(time.Now().Add(f.DownFor).UnixNano())
	s.history.restart()
	return nil
}

// Faults returns the faults in force, with their defaults.
func (s *Simulator) Faults() Faults {
	return s.faults.Load().clone()
}

// trouble decides what goes wrong with a request, and prepares the query for faults
// inside its response.
func (s *Simulator) trouble(e *envelope, q *query) trouble {
	f := s.faults.Load()
	t := trouble{content: e.content(true), pause: f.StallFor}
	p, n := s.history.ask(e.action, t.content)
	s.meter.repeat(e.action, p.times > 1, p.answered)
	r := rng{hash3(f.Seed, t.content, uint64(p.times))}
	luck, late := r.share(), r.share()
	t.draw = r.next()
	t.kind = s.scripted(f, Asked{Step{e.action, n}, int(p.times), q.commID})
	if t.kind == NoFault {
		s.setHabitError(f, q, &t)
	}
	if t.kind == NoFault {
		t.kind, t.draw, t.poison = s.poisoned(f, q, t.draw)
	}
	if t.kind == NoFault {
		t.kind = f.pick(luck, t.draw, p)
	}
	if t.kind == FaultSlow || late < f.Slow {
		t.late = 1 + time.Duration(t.draw>>8%uint64(f.SlowFor))
	}
	if t.kind == FaultNull {
		q.withhold(t)
	}
	if f.Shift > 0 {
		q.hide = s.hidden(f, e.content(false))
	}
	if f.habitual {
		q.habits = &habits{f: f, content: t.content, list: e.content(false), times: p.times, mutated: p.mutated}
	}
	return t
}

// hidden returns the number of rows that a moving list does not have yet: up to three, and
// one less with each request.
func (s *Simulator) hidden(f *Faults, list uint64) int {
	if hash3(f.Seed, 301, list) >= share(f.Shift) {
		return 0
	}
	return max(0, 1+int(hash3(f.Seed, 302, list)%3)-s.history.moved(list))
}

// scripted returns the fault of a request in the script.
func (s *Simulator) scripted(f *Faults, a Asked) FaultKind {
	if s.options.Fault != nil {
		if kind := s.options.Fault(a); kind != NoFault {
			return kind
		}
	}
	return f.Script[a.Step]
}

// pick draws a fault by the chances.
func (f *Faults) pick(luck float64, draw uint64, p past) FaultKind {
	if f.InARow > 0 && int(p.inARow) >= f.InARow {
		return NoFault
	}
	for _, c := range f.chances() {
		if luck -= *c.share; luck < 0 {
			if c.variants[0] == FaultNull && p.nulled {
				return NoFault
			}
			return c.variants[draw&1]
		}
	}
	return NoFault
}

// share converts a chance to the hash below which the fault happens.
func share(chance float64) uint64 {
	if chance >= 1 {
		return 1<<64 - 1
	}
	return uint64(chance * (1 << 63) * 2)
}

// share returns a number from 0 up to but not including 1.
func (r *rng) share() float64 { return float64(r.next()>>11) / (1 << 53) }

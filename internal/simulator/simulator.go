package simulator

import (
	"sync/atomic"
	"time"
)

// Simulator is an account of the simulated vendor. It is an http.Handler and safe for
// concurrent use.
type Simulator struct {
	options  Options
	origin   int64 // unix seconds of New
	oldest   int64 // no call starts earlier, except the straddling one
	busyAt   int64 // the second with more experiences than fit a response
	calls    map[uint32][]call
	longest  int64 // seconds of the longest call
	meter    meter
	requests atomic.Uint64
	history  history
	faults   atomic.Pointer[Faults]

	downUntil atomic.Int64 // unix nanoseconds
	mutations mutations
}

// New plans the calls of a simulated account. Time and memory are proportional to
// Options.Calls: about 48 bytes a call, twice that while it plans.
func New(options Options) (*Simulator, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Simulator{options: options, origin: options.Began.Unix()}
	s.oldest = s.origin - seconds(options.Retention) + seconds(edgeMargin)
	s.busyAt = s.origin - min(3*24*3600, (s.origin-s.oldest)/2)
	s.plan()
	s.meter.init(options.QPS)
	s.history.init()
	return s, s.SetFaults(options.Faults)
}

// SecretID returns the key id for signatures.
func (s *Simulator) SecretID() string { return s.options.SecretID }

// SecretKey returns the key for signatures.
func (s *Simulator) SecretKey() string { return s.options.SecretKey }

// Token returns the session token a client must send, or empty.
func (s *Simulator) Token() string { return s.options.Token }

// Apps returns the SDKAppIDs of the account.
func (s *Simulator) Apps() []uint32 { return append([]uint32(nil), s.options.Apps...) }

// now returns the vendor's clock of the data, in unix seconds.
func (s *Simulator) now() int64 { return s.options.Now().Add(s.skew()).Unix() }

// skew returns how far the vendor's clocks are ahead.
func (s *Simulator) skew() time.Duration { return s.faults.Load().Skew }

// edge returns the oldest StartTime the vendor accepts now.
func (s *Simulator) edge(now int64) int64 { return now - seconds(s.options.Retention) }

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

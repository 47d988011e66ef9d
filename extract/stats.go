package extract

import (
	"errors"
	"sync"

	"github.com/callvault/callvault/extract/trtc"
)

// Counts is what an account was asked during a pass.
type Counts struct {
	Requests map[string]int            // by action, refused ones included
	Errors   map[string]int            // by code
	ErrorsOf map[string]map[string]int // by action, then by code
	Nulls    map[string]int            // by action: answers that were null where rows were due, repeatedly
	Bytes    int64                     // of response bodies
}

// Total is the number of requests of all actions.
func (c Counts) Total() int {
	n := 0
	for _, v := range c.Requests {
		n += v
	}
	return n
}

// Add adds another account's counts.
func (c *Counts) Add(o Counts) {
	for _, p := range []struct{ to, from map[string]int }{{c.Requests, o.Requests}, {c.Errors, o.Errors}, {c.Nulls, o.Nulls}} {
		for k, v := range p.from {
			p.to[k] += v
		}
	}
	for action, codes := range o.ErrorsOf {
		for code, n := range codes {
			c.failed(action, code, n)
		}
	}
	c.Bytes += o.Bytes
}

func (c *Counts) failed(action, code string, n int) {
	if c.ErrorsOf[action] == nil {
		c.ErrorsOf[action] = map[string]int{}
	}
	c.ErrorsOf[action][code] += n
}

// NewCounts is Counts with nothing counted.
func NewCounts() Counts {
	return Counts{Requests: map[string]int{}, Errors: map[string]int{}, ErrorsOf: map[string]map[string]int{}, Nulls: map[string]int{}}
}

// Stats is Counts that many goroutines count in.
type Stats struct {
	mu sync.Mutex
	c  Counts
}

func newStats() *Stats { return &Stats{c: NewCounts()} }

func (s *Stats) asked(action string, bytes int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.c.Requests[action]++
	s.c.Bytes += int64(bytes)
	if e, ok := errors.AsType[*trtc.Error](err); ok {
		s.c.Errors[e.Code]++
		s.c.failed(action, e.Code, 1)
	}
}

func (s *Stats) null(action string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.c.Nulls[action]++
}

func (s *Stats) counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := NewCounts()
	out.Add(s.c)
	return out
}

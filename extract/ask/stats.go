package ask

import (
	"errors"
	"sync"

	"github.com/callvault/callvault/extract/trtc"
)

// Counts counts the requests of an account.
type Counts struct {
	Requests map[string]int            // by action, refused ones included
	Errors   map[string]int            // by code
	ErrorsOf map[string]map[string]int // by action, then by code
	Nulls    map[string]int            // by action: answers that were null where rows were due, at every attempt
	Bytes    int64                     // of response bodies
}

// Total returns the number of requests of all actions.
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

// NewCounts returns empty Counts.
func NewCounts() Counts {
	return Counts{Requests: map[string]int{}, Errors: map[string]int{}, ErrorsOf: map[string]map[string]int{}, Nulls: map[string]int{}}
}

// tally is Counts for many goroutines.
type tally struct {
	mu sync.Mutex
	c  Counts
}

func newTally() *tally { return &tally{c: NewCounts()} }

func (t *tally) asked(action string, bytes int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.c.Requests[action]++
	t.c.Bytes += int64(bytes)
	if e, ok := errors.AsType[*trtc.Error](err); ok {
		t.c.Errors[e.Code]++
		t.c.failed(action, e.Code, 1)
	}
}

func (t *tally) null(action string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.c.Nulls[action]++
}

func (t *tally) counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := NewCounts()
	out.Add(t.c)
	return out
}

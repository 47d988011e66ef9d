package extract

import "sync"

// crowds is what the answers of a pass say of how many experiences calls have. It is safe
// for concurrent use.
type crowds struct {
	mu              sync.Mutex
	events, seconds float64 // experiences, and the seconds of calls that were alive then
}

// enoughCrowd is the number of experiences that say enough.
const enoughCrowd = 40

// saw notes the experiences of an hour in which calls were alive for some seconds together.
func (c *crowds) saw(events int, alive float64) {
	if alive == 0 { // it was not listed, or quiet
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events, c.seconds = c.events+float64(events), c.seconds+alive
}

// expected returns how many experiences an hour is likely to have; 0: unknown.
func (c *crowds) expected(alive float64) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.events < enoughCrowd || c.seconds == 0 {
		return 0
	}
	return c.events / c.seconds * alive
}

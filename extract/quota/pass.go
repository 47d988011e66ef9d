package quota

// Pass is the right to one request that has left the turnstile. It belongs to
// one request; Sent may be called from another goroutine.
type Pass struct {
	turnstile *turnstile
	number    int64
	budget    *Budget
	bytes     int64
}

// Sent says that the request is on the wire just now (httptrace's WroteRequest).
// It is optional: a request whose connection had to be made first reaches the
// vendor later than one that left after it on a connection at hand, and with
// Sent the quota is counted from there. A request sent twice says so twice.
func (p *Pass) Sent() { p.turnstile.sent(p.number) }

// Done gives the bytes back: the answer is no longer in memory. Only the first
// call counts.
func (p *Pass) Done() {
	p.budget.Release(p.bytes)
	p.bytes = 0
}

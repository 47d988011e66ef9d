package quota

// Pass is the right to one request that has left the turnstile. It belongs to one request.
// Sent may be called from another goroutine.
type Pass struct {
	turnstile *turnstile
	number    int64
	budget    *Budget
	bytes     int64
}

// Sent notes that the request is on the wire now (httptrace's WroteRequest). It is
// optional. A request that first had to make its connection reaches the vendor later than
// one that left after it on an existing connection; with Sent the quota counts from that
// moment. If a request is sent twice, Sent is called twice.
func (p *Pass) Sent() { p.turnstile.sent(p.number) }

// Done releases the bytes: the answer is no longer in memory. Only the first call has an
// effect.
func (p *Pass) Done() {
	p.budget.Release(p.bytes)
	p.bytes = 0
}

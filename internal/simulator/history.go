package simulator

import (
	"maps"
	"slices"
	"sync"
)

// history remembers what has been asked: about 32 bytes for each different
// request. Only requests that are in order and within the quota enter it.
type history struct {
	mu     sync.Mutex
	asked  map[uint64]past   // by content
	lists  map[uint64]uint32 // requests for a moving list, any page
	counts map[string]int    // requests of an action since the faults were set
}

// past is what has become of one content so far.
type past struct {
	times    uint32
	inARow   uint8 // faults since the last answer
	nulled   bool
	answered bool // once in full
	mutated  bool // once
}

func (h *history) init() {
	h.asked, h.lists, h.counts = map[uint64]past{}, map[uint64]uint32{}, map[string]int{}
}

// restart lets scripts count from 1 again.
func (h *history) restart() {
	h.mu.Lock()
	clear(h.counts)
	h.mu.Unlock()
}

// ask enters a request and returns its past, itself counted, and its number
// among those of its action.
func (h *history) ask(action string, content uint64) (past, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.asked[content]
	p.times++
	h.asked[content] = p
	h.counts[action]++
	return p, h.counts[action]
}

// moved counts the requests for a list before this one.
func (h *history) moved(list uint64) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lists[list]++
	return int(h.lists[list] - 1)
}

// close notes how a request ended.
func (h *history) close(content uint64, kind FaultKind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.asked[content]
	switch kind {
	case NoFault, FaultSlow, FaultStall:
		p.inARow, p.answered = 0, true
	case FaultShift, FaultPoison, FaultMute: // an answer, but not in full
		p.inARow = 0
	default:
		if kind.isHabit() {
			p.inARow, p.mutated = 0, p.mutated || kind == FaultMutate
			break
		}
		p.nulled = p.nulled || kind == FaultNull
		p.inARow += min(1, 255-p.inARow)
	}
	h.asked[content] = p
}

// content is a hash of what a request asks: the action and its parameters,
// whatever their order and that of the users and metrics. Without pages it is
// the same for all pages of a list.
func (e *envelope) content(pages bool) uint64 {
	h := hashText(1, e.action)
	for _, name := range slices.Sorted(maps.Keys(e.params)) {
		if !pages && name == "PageNumber" {
			continue
		}
		p := e.params[name]
		h = hashText(hashText(h, name), p.text)
		for _, item := range slices.Sorted(slices.Values(p.list)) {
			h = hashText(h, item)
		}
	}
	return h
}

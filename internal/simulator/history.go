package simulator

import (
	"maps"
	"slices"
	"sync"
)

// history remembers the valid requests within the quota. Each different request takes
// about 32 bytes.
type history struct {
	mu     sync.Mutex
	asked  map[uint64]past   // by content
	lists  map[uint64]uint32 // requests for a moving list, any page
	counts map[string]int    // requests of an action since the faults were set
}

// past is what has happened to one content.
type past struct {
	times    uint32
	inARow   uint8 // faults since the last success
	nulled   bool
	answered bool // at least once in full
	mutated  bool // at least once
}

func (h *history) init() {
	h.asked, h.lists, h.counts = map[uint64]past{}, map[uint64]uint32{}, map[string]int{}
}

// restart makes scripts count from 1 again.
func (h *history) restart() {
	h.mu.Lock()
	clear(h.counts)
	h.mu.Unlock()
}

// ask adds a request. It returns the past of its content, including this request, and
// the number of the request among those of its action.
func (h *history) ask(action string, content uint64) (past, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.asked[content]
	p.times++
	h.asked[content] = p
	h.counts[action]++
	return p, h.counts[action]
}

// moved returns the number of earlier requests for a list.
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
	case FaultShift, FaultPoison, FaultMute: // a response, but not in full
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

// content returns a hash of the action and the parameters of a request. The order of
// parameters, users and metrics does not matter. Without pages it is the same for all pages
// of a list.
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

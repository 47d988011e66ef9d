package privacy

import "sync"

// mostNames is how many names each of two generations has: some 15 MB.
const mostNames = 100_000

// names knows whom pseudonyms are of. It forgets those that have not been used for longest.
// It is safe for concurrent use.
type names struct {
	most int

	mu         sync.Mutex
	young, old map[string]string // pseudonym → id
}

func newNames(most int) *names { return &names{most: most, young: map[string]string{}} }

func (n *names) learn(pseudonym, id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.put(pseudonym, id)
}

// put adds a name. The caller holds mu.
func (n *names) put(pseudonym, id string) {
	if _, known := n.young[pseudonym]; !known && len(n.young) >= n.most {
		n.young, n.old = map[string]string{}, n.young
	}
	n.young[pseudonym] = id
}

func (n *names) find(pseudonym string) (id string, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if id, ok = n.young[pseudonym]; ok {
		return id, true
	}
	if id, ok = n.old[pseudonym]; ok {
		n.put(pseudonym, id)
	}
	return id, ok
}

package privacy

import (
	"crypto/sha256"
	"hash"
	"io"

	"github.com/callvault/callvault/internal/identity"
)

// Edge applies a policy to what passes between the vendor and the program. It is safe for
// concurrent use. A nil Edge leaves everything as it is.
type Edge struct {
	policy identity.Policy
	names  *names
}

// New makes an Edge, or nil if the policy is plain.
func New(p identity.Policy) *Edge {
	if p.Plain() {
		return nil
	}
	return &Edge{policy: p, names: newNames(mostNames)}
}

// in is the rule that the policy has for a field.
func (e *Edge) in(r rule) rule {
	switch r {
	case user, words:
		if !e.policy.Users {
			return pass
		}
	case room, callID:
		if !e.policy.Users || !e.policy.Rooms {
			return pass
		}
	case address:
		if e.policy.Address == "" || e.policy.Address == identity.Full {
			return pass
		}
	}
	return r
}

// Room is what the program calls a room that somebody names by the id that the vendor has.
func (e *Edge) Room(id string) string {
	if e == nil || e.in(room) == pass {
		return id
	}
	return e.hide(room, id, true)
}

// hide is the pseudonym of an id, which is learnt if requests may name it.
func (e *Edge) hide(r rule, id string, learn bool) string {
	p := e.policy.Keys.Pseudonym(kinds[r], id)
	if learn && p != "" {
		e.names.learn(p, id)
	}
	return p
}

// hash takes a text that is too long to be held.
func (e *Edge) hash(r rule) hash.Hash {
	if kind, ok := kinds[r]; ok {
		return e.policy.Keys.Hash(kind)
	}
	return sha256.New() // nobody asks for it
}

// OtherNames are the names that an archive may have for a call besides the one that it has
// now: the vendor's own, and those under earlier keys. A call that is not known has none.
func (e *Edge) OtherNames(commID string) []string {
	if e == nil || e.in(callID) == pass {
		return nil
	}
	id, ok := e.names.find(commID)
	if !ok {
		return nil
	}
	others := append([]string{id}, e.policy.Keys.Pseudonyms(identity.Call, id)[1:]...)
	for _, p := range others[1:] {
		e.names.learn(p, id)
	}
	return others
}

// Exchange is one request and its answer. A nil Exchange leaves an answer as it is.
type Exchange struct {
	edge  *Edge
	asked []named // what the request names
	users bool    // users of the answer may be asked about
	table bool    // Data of the answer is a CSV file
}

// named is an id with its pseudonym.
type named struct{ id, pseudonym string }

// Begin begins an exchange. users says that users in its answer may be asked about later.
func (e *Edge) Begin(users bool) *Exchange {
	if e == nil {
		return nil
	}
	return &Exchange{edge: e, users: users}
}

// Table says that Data of the answer is a CSV file.
func (x *Exchange) Table() {
	if x != nil {
		x.table = true
	}
}

// Name is what the vendor calls somebody whom a request names; false: no answer has told.
func (x *Exchange) Name(text string) (string, bool) {
	if x == nil || text == "" || !identity.IsPseudonym(text) {
		return text, true
	}
	id, ok := x.edge.names.find(text)
	if ok {
		x.asked = append(x.asked, named{id, text})
	}
	return id, ok
}

// Body is a body as the program may have it.
func (x *Exchange) Body(r io.Reader) io.Reader {
	if x == nil {
		return r
	}
	if x.table {
		return &tableReader{src: newReader(r, x), x: x}
	}
	return newReader(r, x)
}

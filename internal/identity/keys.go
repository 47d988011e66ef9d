package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// Kind is what an id names. Equal texts of different kinds have different pseudonyms.
type Kind string

const (
	User Kind = "user" // also a peer, and the creator of a room
	Room Kind = "room"
	Call Kind = "call" // a CommId, which may have the room's id in it
)

// letters begin the pseudonyms of each kind.
var letters = map[Kind]string{User: "u_", Room: "r_", Call: "c_"}

// LeastKey is the least length of a key, in bytes.
const LeastKey = 32

// Keys are the keys under which ids become pseudonyms. The first makes them; the others
// made earlier ones, and serve to find a person in old rows. Keys are never printed.
type Keys struct{ all [][]byte }

// ParseKeys reads keys that are separated by commas, the present one first. An error does
// not quote them.
func ParseKeys(text string) (Keys, error) {
	var k Keys
	for key := range strings.SplitSeq(text, ",") {
		key = strings.TrimSpace(key)
		if len(key) < LeastKey {
			return Keys{}, fmt.Errorf("has a key of %d characters, which is too short", len(key))
		}
		if slices.ContainsFunc(k.all, func(other []byte) bool { return string(other) == key }) {
			return Keys{}, fmt.Errorf("has a key twice")
		}
		k.all = append(k.all, []byte(key))
	}
	return k, nil
}

// None says that there is no key.
func (k Keys) None() bool { return len(k.all) == 0 }

// String keeps the keys out of texts.
func (k Keys) String() string { return fmt.Sprintf("(%d keys)", len(k.all)) }

// GoString keeps the keys out of texts.
func (k Keys) GoString() string { return k.String() }

// Pseudonym is the pseudonym of an id under the first key. That of "" is "".
func (k Keys) Pseudonym(kind Kind, id string) string {
	if id == "" {
		return ""
	}
	h := k.Hash(kind)
	h.Write([]byte(id))
	return Spell(kind, h)
}

// Pseudonyms are those of an id under each key, the first key first.
func (k Keys) Pseudonyms(kind Kind, id string) (all []string) {
	for _, key := range k.all {
		all = append(all, Keys{[][]byte{key}}.Pseudonym(kind, id))
	}
	return all
}

// Hash takes an id piece by piece. Spell then is its pseudonym.
func (k Keys) Hash(kind Kind) hash.Hash { return k.labelled(string(kind)) }

// labelled hashes under the first key. Texts under different labels never hash alike.
func (k Keys) labelled(label string) hash.Hash {
	h := hmac.New(sha256.New, k.all[0])
	h.Write(append([]byte(label), 0))
	return h
}

// alphabet is Crockford's, in lower case: no letter looks like a digit.
var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// idBytes is how much of a hash is in a pseudonym. That two of a million million ids have
// the same has a chance of 10^-14.
const idBytes = 16

// spelled is the length of an idBytes in the alphabet.
const spelled = 26

// Spell is the pseudonym of what a Hash took.
func Spell(kind Kind, h hash.Hash) string {
	return letters[kind] + alphabet.EncodeToString(h.Sum(nil)[:idBytes])
}

// IsPseudonym says that a text is spelled as pseudonyms are.
func IsPseudonym(text string) bool {
	if len(text) != spelled+2 {
		return false
	}
	for _, l := range letters {
		if rest, ok := strings.CutPrefix(text, l); ok {
			_, err := alphabet.DecodeString(rest)
			return err == nil
		}
	}
	return false
}

// Fingerprint tells the first key from others, and tells nothing of it.
func (k Keys) Fingerprint() string {
	if k.None() {
		return ""
	}
	return hex.EncodeToString(k.labelled("fingerprint").Sum(nil)[:4])
}

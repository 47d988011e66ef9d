// Package erased knows who was erased, so that nothing brings them back. It knows them by
// keyed hashes only: it can tell whether an id was erased, and not which ids were.
//
// # What it leaves out
//
// A user who was erased has no rows: neither as the user nor as the peer of another. Where a
// row of another names the user, as a room names its creator, the name is empty. Parts in the
// ledger do not name the user, and reasons say "(erased)" in place of the id. A room that was
// erased has no calls and no unusual events.
//
// The Writer of package load, the pass and verify all ask a Set. If nobody was erased, that
// costs one look at an empty map for each part.
package erased

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/native"
)

// Kind is what was erased.
type Kind string

const (
	User Kind = "user"
	Room Kind = "room"
)

// All is the application of what was erased in all applications.
const All call.AppID = 0

// Always is the Before of what stays erased for good, in later calls too.
func Always() time.Time { return time.Unix(math.MaxUint32, 0).UTC() }

// Digest is a key or a hash. As text it is hexadecimal.
type Digest [32]byte

func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

func (d *Digest) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(d) {
		return fmt.Errorf("%q is not a hash of %d bytes", text, len(d))
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// Row remembers one erasure.
type Row struct {
	App    call.AppID // All: all applications
	Kind   Kind
	Key    Digest
	Hash   Digest
	Before time.Time // calls that began before it are without it
	At     time.Time
}

// mark is an erasure, without its time.
type mark struct {
	app  call.AppID
	kind Kind
	hash Digest
}

// Set is who was erased. The zero Set is nobody. It is safe for concurrent use.
type Set struct {
	keys []Digest // an archive has one; one that took over the memory of another has more
	apps map[call.AppID]bool
	till map[mark]time.Time
}

// Of returns the set of these erasures.
func Of(rows []Row) *Set {
	s := &Set{apps: map[call.AppID]bool{}, till: map[mark]time.Time{}}
	for _, r := range rows {
		s.add(r)
	}
	return s
}

func (s *Set) add(r Row) {
	known := false
	for _, k := range s.keys {
		known = known || k == r.Key
	}
	if !known {
		s.keys = append(s.keys, r.Key)
	}
	s.apps[r.App] = true
	m := mark{r.App, r.Kind, r.Hash}
	if r.Before.After(s.till[m]) {
		s.till[m] = r.Before
	}
}

// Any reports whether anybody was erased from an application.
func (s *Set) Any(app call.AppID) bool {
	return s != nil && len(s.till) > 0 && (s.apps[app] || s.apps[All])
}

// Has reports whether an id was erased from calls that began at a time.
func (s *Set) Has(app call.AppID, kind Kind, id string, began time.Time) bool {
	return s.Any(app) && id != "" && began.Before(s.Until(app, kind, id))
}

// Ever reports whether an id was erased at all.
func (s *Set) Ever(app call.AppID, kind Kind, id string) bool {
	return s.Any(app) && id != "" && !s.Until(app, kind, id).IsZero()
}

// Until returns the time before which an id was erased; zero: it was not.
func (s *Set) Until(app call.AppID, kind Kind, id string) (till time.Time) {
	for _, of := range []call.AppID{app, All} {
		if !s.apps[of] {
			continue
		}
		for _, key := range s.keys {
			if t := s.till[mark{of, kind, Hash(key, of, kind, id)}]; t.After(till) {
				till = t
			}
		}
	}
	return till
}

// Hash is the keyed hash of an id.
func Hash(key Digest, app call.AppID, kind Kind, id string) (hash Digest) {
	h := hmac.New(sha256.New, key[:])
	h.Write(binary.LittleEndian.AppendUint32([]byte(kind+"\x00"), uint32(app)))
	h.Write([]byte(id))
	h.Sum(hash[:0])
	return hash
}

// Key returns the key for the next erasure: the archive's, or a new one.
func (s *Set) Key() (key Digest) {
	if len(s.keys) > 0 {
		return s.keys[0]
	}
	_, _ = rand.Read(key[:]) // it never fails
	return key
}

// Archive is where erasures are remembered: a store.Store.
type Archive interface {
	StoreConn() driver.Conn // to the database of the tables
}

// Read reads who was erased.
func Read(ctx context.Context, a Archive) (*Set, error) {
	rows, err := Rows(ctx, a.StoreConn(), catalogue.Erased)
	return Of(rows), err
}

// Rows reads the erasures of a table, which may be another archive's.
func Rows(ctx context.Context, conn native.Querier, table string) (all []Row, err error) {
	var app uint32
	var kind, key, hash string
	var r Row
	each := func() {
		r.App, r.Kind, r.Before, r.At = call.AppID(app), Kind(kind), r.Before.UTC(), r.At.UTC()
		copy(r.Key[:], key)
		copy(r.Hash[:], hash)
		all = append(all, r)
	}
	q := "SELECT sdk_app_id, toString(kind), key, hash, before, erased_at FROM " + table + " ORDER BY erased_at, hash"
	err = native.Read(ctx, conn, "who was erased", q, nil, each, &app, &kind, &key, &hash, &r.Before, &r.At)
	return all, err
}

// Remember adds erasures. It may be repeated.
func Remember(ctx context.Context, a Archive, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	return native.Insert(ctx, a.StoreConn(), catalogue.Erased, "sdk_app_id, kind, key, hash, before, erased_at", func(in *native.Columns) {
		native.Add(in, rows, func(r *Row) uint32 { return uint32(r.App) })
		native.Add(in, rows, func(r *Row) string { return string(r.Kind) })
		native.Add(in, rows, func(r *Row) string { return string(r.Key[:]) })
		native.Add(in, rows, func(r *Row) string { return string(r.Hash[:]) })
		native.Add(in, rows, func(r *Row) time.Time { return r.Before })
		native.Add(in, rows, func(r *Row) time.Time { return r.At })
	})
}

// gone stands where an id was.
const gone = "(erased)"

// mostWords is how many words an id in a text may have.
const mostWords = 8

// Text returns a text with users who were erased taken out. It finds ids that stand between
// spaces, and that a colon or a comma may follow.
func (s *Set) Text(app call.AppID, text string) string {
	if !s.Any(app) || text == "" {
		return text
	}
	words := strings.Split(text, " ")
	for i := 0; i < len(words); i++ {
		for n := min(mostWords, len(words)-i); n > 0; n-- {
			full := strings.Join(words[i:i+n], " ")
			for _, id := range []string{full, strings.TrimRight(full, ":,;.")} {
				if s.Ever(app, User, id) {
					words = append(words[:i], append([]string{gone + full[len(id):]}, words[i+n:]...)...)
					n = 0
					break
				}
			}
		}
	}
	return strings.Join(words, " ")
}

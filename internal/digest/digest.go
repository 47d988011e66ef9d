// Package digest makes checksums of the rows of a relation that do not depend
// on their order, the same in Go and in ClickHouse's SQL.
//
// A row is written down canonically (texts with their length before them,
// numbers in decimal, a sample in 20 bytes) and hashed with 64 bits of xxHash;
// a Digest adds and xors the hashes. Texts have a length, so no two rows look
// alike; rows that come twice change the number and the sum.
package digest

// Digest is what is known of a set of rows. The zero Digest is that of none.
type Digest struct {
	Rows uint64
	Sum  uint64 // of the rows' hashes, modulo 2^64
	Xor  uint64
}

// Add adds a row by its hash.
func (d *Digest) Add(hash uint64) {
	d.Rows++
	d.Sum += hash
	d.Xor ^= hash
}

// Merge adds the rows of o.
func (d *Digest) Merge(o Digest) {
	d.Rows += o.Rows
	d.Sum += o.Sum
	d.Xor ^= o.Xor
}

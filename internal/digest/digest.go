// Package digest computes checksums of the rows of a relation, with the same result in
// Go and in ClickHouse's SQL. The order of rows does not matter.
//
// Each row has a canonical form: texts after their length, numbers in decimal, a sample
// in 20 bytes. It is hashed with 64-bit xxHash. A Digest adds and xors the hashes.
// Because texts have a length, different rows have different forms. A repeated row
// changes count and sum.
package digest

// Digest is the checksum of a set of rows. The zero Digest is the empty set.
type Digest struct {
	Rows uint64
	Sum  uint64 // sum of the hashes, modulo 2^64
	Xor  uint64 // xor of the hashes
}

// Add adds a row, given its hash.
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

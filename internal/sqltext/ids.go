package sqltext

import "strconv"

// IDs returns a list of ids in brackets. No id may be 0: an empty list is written as 0.
func IDs(ids []uint64) string {
	b := []byte("(0")
	for _, id := range ids {
		b = strconv.AppendUint(append(b, ','), id, 10)
	}
	return string(append(b, ')'))
}

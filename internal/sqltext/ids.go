package sqltext

import "strconv"

// IDs returns a list of ids in brackets. None of them is 0, which stands in an empty list.
func IDs(ids []uint64) string {
	b := []byte("(0")
	for _, id := range ids {
		b = strconv.AppendUint(append(b, ','), id, 10)
	}
	return string(append(b, ')'))
}

package load

import "strconv"

// Bounds of what one statement says of load ids: two sets are less than 256 KiB
// of text, which servers take, and a server keeps a set in some 30 MB.
const (
	maxRanges   = 4000
	maxRangeIDs = 1_000_000
)

// idRange is n ids that follow each other.
type idRange struct{ first, n uint64 }

// ranges describes ids, and none between them, in the order given, as far as the
// bounds let it, and returns the rest.
func ranges(ids []uint64) (all []idRange, rest []uint64) {
	for i, id := range ids[:min(len(ids), maxRangeIDs)] {
		switch {
		case i > 0 && id == ids[i-1]+1:
			all[len(all)-1].n++
		case len(all) == maxRanges:
			return all, ids[i:]
		default:
			all = append(all, idRange{id, 1})
		}
	}
	return all, ids[min(len(ids), maxRangeIDs):]
}

// among is a condition on load_id that holds for these of the ids and for no
// others, and the rest of the ids, for another statement. The ids of a flush
// follow each other, so a million of them, sorted, are one statement's or two's.
//
// The server makes the set from the ranges, so that indexes serve and each row
// costs one look-up: hundreds of comparisons would cost that many times as much.
func among(ids []uint64) (cond string, rest []uint64) {
	all, rest := ranges(ids)
	b := []byte("load_id IN (SELECT arrayJoin(range(r.1, r.1 + r.2)) FROM (SELECT arrayJoin([(0,0)") // none: an empty array has no type
	for _, r := range all {
		b = strconv.AppendUint(append(b, ",("...), r.first, 10)
		b = append(strconv.AppendUint(append(b, ','), r.n, 10), ')')
	}
	return string(append(b, "]) AS r))"...)), rest
}

package upkeep

import "strconv"

// Bounds of the load ids in one statement. The text of two sets is less than the 256 KiB
// that servers take, and a server keeps a set in some 30 MB.
const (
	maxRanges   = 4000
	maxRangeIDs = 1_000_000
)

// idRange is n ids that follow each other.
type idRange struct{ first, n uint64 }

// ranges describes exactly the ids, in their order. It returns the ids beyond the bounds.
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

// among returns a condition on load_id that holds for as many of the ids as the bounds
// allow, and for no others. rest are the remaining ids, for another statement. The ids of a
// flush follow each other, so a million of them, sorted, take one or two statements.
//
// The server makes a set from the ranges. So it can use indexes, and each row costs one
// look-up instead of hundreds of comparisons.
func among(ids []uint64) (cond string, rest []uint64) {
	all, rest := ranges(ids)
	b := []byte("load_id IN (SELECT arrayJoin(range(r.1, r.1 + r.2)) FROM (SELECT arrayJoin([(0,0)") // an empty array has no type
	for _, r := range all {
		b = strconv.AppendUint(append(b, ",("...), r.first, 10)
		b = append(strconv.AppendUint(append(b, ','), r.n, 10), ')')
	}
	return string(append(b, "]) AS r))"...)), rest
}

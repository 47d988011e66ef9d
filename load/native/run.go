package native

import (
	"iter"
	"sort"

	"github.com/callvault/callvault/internal/call"
)

// bytesASample is the memory of a sample: a time and a value.
const bytesASample = 4 + 8

// Run is one series of samples: one value for each key column, and the rows. The
// caller owns the memory of the rows.
type Run struct {
	App            call.AppID
	Load           uint64
	CommID, RoomID string
	call.Series
	Time  []uint32 // unix seconds
	Value []float64
}

// ByApp yields the runs of each application. The runs must be sorted by application.
func ByApp(runs []Run) iter.Seq[[]Run] {
	return func(yield func([]Run) bool) {
		for len(runs) > 0 {
			app := runs[0].App
			n := sort.Search(len(runs), func(i int) bool { return runs[i].App > app })
			if !yield(runs[:n]) {
				return
			}
			runs = runs[n:]
		}
	}
}

// Divide divides runs, in order, into the fewest lists of at most limit rows each.
// The lists have about equal size.
func Divide(runs []Run, limit int) [][]Run {
	total := 0
	for i := range runs {
		total += runs[i].Rows
	}
	if total == 0 {
		return nil
	}
	lists := (total + limit - 1) / limit
	if lists == 1 {
		return [][]Run{runs}
	}
	size := (total + lists - 1) / lists
	divided := make([][]Run, 1, lists)
	room := size
	for _, r := range runs {
		for r.Rows > room {
			if room > 0 {
				var head Run
				head, r = r.split(room)
				divided[len(divided)-1] = append(divided[len(divided)-1], head)
			}
			divided, room = append(divided, nil), size
		}
		divided[len(divided)-1] = append(divided[len(divided)-1], r)
		room -= r.Rows
	}
	return divided
}

// split cuts a run after n rows.
func (r Run) split(n int) (head, tail Run) {
	head, tail = r, r
	head.Rows, head.Time, head.Value = n, r.Time[:n], r.Value[:n]
	tail.Rows, tail.Time, tail.Value = r.Rows-n, r.Time[n:], r.Value[n:]
	return head, tail
}

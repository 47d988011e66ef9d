package digest

import (
	"encoding/binary"
	"math"
	"sort"

	"github.com/cespare/xxhash/v2"

	"github.com/callvault/callvault/internal/call"
)

// Samples returns the digest of the samples within [from, to], in unix seconds. Each
// run of s must be in order of time. The series of a run is hashed once.
func Samples(s *call.Samples, roomID string, from, to uint32) Digest {
	var d Digest
	at := 0
	for i := range s.Series {
		x := &s.Series[i]
		times, values := s.Time[at:at+x.Rows], s.Value[at:at+x.Rows]
		at += x.Rows
		first := sort.Search(len(times), func(n int) bool { return times[n] >= from })
		last := first + sort.Search(len(times)-first, func(n int) bool { return times[first+n] > to })
		if first < last {
			d.run(series(x, roomID), times[first:last], values[first:last])
		}
	}
	return d
}

func series(x *call.Series, roomID string) uint64 {
	var b [enough]byte
	return row(b[:0]).text(roomID).text(x.UserID).text(x.PeerID).text(x.Metric).hash()
}

func (d *Digest) run(series uint64, times []uint32, values []float64) {
	var b [20]byte
	binary.LittleEndian.PutUint64(b[:], series)
	for i, t := range times {
		binary.LittleEndian.PutUint32(b[8:], t)
		binary.LittleEndian.PutUint64(b[12:], math.Float64bits(values[i]))
		d.Add(xxhash.Sum64(b[:]))
	}
}

package load

import (
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/recycle"
)

// bytesASample is the memory of a sample.
const bytesASample = 4 + 8

// sizeOf returns the memory of the columns of x, used or not.
func sizeOf(x *call.Samples) int { return cap(x.Time)*4 + cap(x.Value)*8 }

// samplePool keeps memory for samples, to be used again.
type samplePool struct{ *recycle.Pool[*call.Samples] }

func newSamplePool(bytes int) samplePool {
	return samplePool{recycle.NewPool[*call.Samples](bytes / bytesASample)}
}

// get returns empty samples with room for n rows.
func (p samplePool) get(n int) *call.Samples {
	if x, ok := p.Get(n); ok {
		return x
	}
	rows := recycle.Size(n)
	return &call.Samples{Time: make([]uint32, 0, rows), Value: make([]float64, 0, rows)}
}

// put takes back samples that are no longer in use.
func (p samplePool) put(all []*call.Samples) {
	for _, x := range all {
		if rows := cap(x.Time); rows == cap(x.Value) && rows == recycle.Size(rows) { // from this pool, and not grown since
			x.Reset()
			p.Put(rows, x)
		}
	}
}

package extract

import (
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// seriesReader reads the answers to one question about series: their pages, one
// after another, into memory of the archive's. It keeps its own memory and the
// names it has met for the next question; Pass.reader lends it.
type seriesReader struct {
	decoder    transform.Decoder
	normaliser transform.Normaliser
	samples    func(rows int) *call.Samples // nil: new memory
	transform.Detail
}

// reader lends a reader, which is empty.
func (p *Pass) reader() *seriesReader {
	if r, ok := p.readers.Get().(*seriesReader); ok {
		return r
	}
	return &seriesReader{samples: p.Samples}
}

// giveBack takes a reader back. What was read and not taken is lost.
func (p *Pass) giveBack(r *seriesReader) {
	r.Reset()
	p.readers.Put(r)
}

// read appends an answer to what r holds; on an error that stays as it was.
func (r *seriesReader) read(body []byte, keep transform.Keep) (transform.DetailInfo, error) {
	room := transform.Room(body)
	if have := cap(r.Samples.Time); r.samples != nil && r.Samples.Rows() == 0 && (have < room || have > 2*room) {
		nulls := r.Samples.Nulls
		r.Samples = *r.samples(room)
		r.Samples.Nulls = nulls
	}
	return r.decoder.Detail(body, keep, &r.Detail)
}

// take hands over all that was read, normalised.
func (r *seriesReader) take() (*call.Samples, []call.Session) {
	taken := r.Detail
	r.Detail = transform.Detail{}
	r.normaliser.Normalise(&taken.Samples)
	return &taken.Samples, taken.Sessions
}

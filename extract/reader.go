package extract

import (
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// seriesReader reads the answers to one question about series: their pages, one
// after another, into memory that Pass.Samples gives.
type seriesReader struct {
	pass *Pass
	transform.Detail
}

// tools are what reading needs besides: scratch memory and the names met. They
// are lent for as long as a core works with them, so that there are few.
type tools struct {
	decoder    transform.Decoder
	normaliser transform.Normaliser
}

// lend lends tools, until giveBack.
func (p *Pass) lend() *tools {
	if t, ok := p.tools.Get().(*tools); ok {
		return t
	}
	return &tools{}
}

func (p *Pass) giveBack(t *tools) { p.tools.Put(t) }

// read appends an answer about the window asked to what r holds; on an error
// that stays as it was.
func (r *seriesReader) read(body []byte, asked call.Window, keep transform.Keep) (transform.DetailInfo, error) {
	room := transform.Room(body)
	if have := cap(r.Samples.Time); r.pass.Samples != nil && r.Samples.Rows() == 0 && (have < room || have > 2*room) {
		nulls := r.Samples.Nulls
		r.Samples = *r.pass.Samples(room)
		r.Samples.Nulls = nulls
	}
	t := r.pass.lend()
	defer r.pass.giveBack(t)
	return t.decoder.Detail(body, asked, keep, &r.Detail)
}

// take hands over all that was read, normalised.
func (r *seriesReader) take() (*call.Samples, []call.Session) {
	taken := r.Detail
	r.Detail = transform.Detail{}
	t := r.pass.lend()
	defer r.pass.giveBack(t)
	t.normaliser.Normalise(&taken.Samples)
	return &taken.Samples, taken.Sessions
}

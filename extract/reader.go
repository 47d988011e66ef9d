package extract

import (
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// seriesReader reads the answers to one question about series, page by page, into memory
// from Pass.Samples.
type seriesReader struct {
	pass *Pass
	transform.Detail
}

// reader is the scratch memory for reading, and the names that were read. There are few
// readers: one is in use only while a core works with it.
type reader struct {
	decoder    transform.Decoder
	normaliser transform.Normaliser
}

// withReader lends a reader to do.
func (p *Pass) withReader(do func(*reader)) {
	r, ok := p.readers.Get().(*reader)
	if !ok {
		r = &reader{}
	}
	defer p.readers.Put(r)
	do(r)
}

// read appends an answer about the window to the samples in s. If it fails, s is unchanged.
func (s *seriesReader) read(body []byte, asked call.Window, keep transform.Keep) (info transform.DetailInfo, err error) {
	room := transform.Room(body)
	if have := cap(s.Samples.Time); s.pass.Samples != nil && s.Samples.Rows() == 0 && (have < room || have > 2*room) {
		nulls := s.Samples.Nulls
		s.Samples = *s.pass.Samples(room)
		s.Samples.Nulls = nulls
	}
	s.pass.withReader(func(r *reader) { info, err = r.decoder.Detail(body, asked, keep, &s.Detail) })
	return info, err
}

// take returns the samples, normalised. Nothing may be read afterwards.
func (s *seriesReader) take() *call.Samples {
	samples := s.Samples
	s.pass.normalise(&samples)
	return &samples
}

// normalise normalises samples.
func (p *Pass) normalise(s *call.Samples) {
	p.withReader(func(r *reader) { r.normaliser.Normalise(s) })
}

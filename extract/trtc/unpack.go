package trtc

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"

	"github.com/callvault/callvault/extract/privacy"
)

// page reads the beginning of an answer with an HTTP error.
func page(resp *http.Response, edge *privacy.Exchange) []byte {
	defer resp.Body.Close()
	src, _, err := unpack(io.LimitReader(resp.Body, mostPage))
	if err != nil {
		return nil
	}
	begin, _ := io.ReadAll(io.LimitReader(edge.Body(src), mostPage))
	return begin
}

// unpack returns a reader of the plain body of r, which may be gzip. JSON never begins as
// gzip does, so headers do not matter.
func unpack(r io.Reader) (src io.Reader, packed bool, err error) {
	var begin [2]byte
	n, err := io.ReadFull(r, begin[:])
	if n == 0 && err != io.EOF {
		return nil, false, err
	}
	src = io.MultiReader(bytes.NewReader(begin[:n]), r) // r returns again the error that ended it
	if begin != [2]byte{0x1f, 0x8b} {
		return src, false, nil
	}
	src, err = gzip.NewReader(src)
	return src, true, err
}

// preface looks for the beginning of an object, because every answer of the API is one.
type preface struct{ space int }

// allows reports whether reading on makes sense: the body begins with an object, or may
// still do so.
func (p *preface) allows(begin []byte) bool {
	for p.space < len(begin) && isSpace(begin[p.space]) {
		p.space++
	}
	if p.space == len(begin) {
		return p.space <= mostSpace
	}
	return begin[p.space] == '{' || len(begin) < p.space+quoted
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

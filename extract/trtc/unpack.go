package trtc

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"

	"github.com/callvault/callvault/extract/privacy"
)

// page reads the beginning of what HTTP calls a failure.
func page(resp *http.Response, edge *privacy.Exchange) []byte {
	defer resp.Body.Close()
	src, _, err := unpack(io.LimitReader(resp.Body, mostPage))
	if err != nil {
		return nil
	}
	begin, _ := io.ReadAll(io.LimitReader(edge.Body(src), mostPage))
	return begin
}

// unpack reads what r has, gzip or plain. JSON does not begin as gzip does, so
// that headers need not say it.
func unpack(r io.Reader) (src io.Reader, packed bool, err error) {
	var begin [2]byte
	n, err := io.ReadFull(r, begin[:])
	if n == 0 && err != io.EOF {
		return nil, false, err
	}
	src = io.MultiReader(bytes.NewReader(begin[:n]), r) // r says again what has ended it
	if begin != [2]byte{0x1f, 0x8b} {
		return src, false, nil
	}
	src, err = gzip.NewReader(src)
	return src, true, err
}

// preface looks for the object that an answer of the API is.
type preface struct{ space int }

// allows says that there is a point in reading on after begin: it is an object,
// or may yet become one, or too short to be told.
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

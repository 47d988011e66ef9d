package trtc

import "bytes"

// RequestID returns the vendor's id of a request in its answer, or "".
func RequestID(body []byte) string {
	const key = `"RequestId"` // quotes within a value are escaped
	const longest = 64
	i := bytes.LastIndex(body, []byte(key))
	if i < 0 {
		return ""
	}
	_, rest, ok := bytes.Cut(body[i+len(key):], []byte{'"'})
	id, _, closed := bytes.Cut(rest[:min(len(rest), longest+1)], []byte{'"'})
	if !ok || !closed {
		return ""
	}
	return string(id)
}

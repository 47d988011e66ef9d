package transform

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var spaceOutside = regexp.MustCompile(`("(?:[^"\\]|\\.)*")|\s+`)

// compact removes the white space from a body, as the vendor does.
func compact(body []byte) []byte { return spaceOutside.ReplaceAll(body, []byte("$1")) }

// bodiesOf returns the responses of one kind in testdata, with and without white
// space, and the error responses.
func bodiesOf(t testing.TB, kind string) (bodies [][]byte) {
	for name, body := range readBodies(t) {
		if strings.HasPrefix(name, "error") || strings.HasPrefix(name, kind) {
			bodies = append(bodies, body, compact(body))
		}
	}
	return bodies
}

func fuzz(f *testing.F, kind string) {
	for _, body := range bodiesOf(f, kind) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { comparisons[kind](t, new(Decoder), body) })
}

func FuzzRooms(f *testing.F)   { fuzz(f, "rooms") }
func FuzzUsers(f *testing.F)   { fuzz(f, "users") }
func FuzzDetail(f *testing.F)  { fuzz(f, "detail") }
func FuzzEvents(f *testing.F)  { fuzz(f, "events") }
func FuzzUnusual(f *testing.F) { fuzz(f, "unusual") }
func FuzzScale(f *testing.F)   { fuzz(f, "scale") }

// FuzzPoint replaces one point among usual ones with any text, so that the fast path
// meets it.
func FuzzPoint(f *testing.F) {
	for _, point := range oddPoints {
		f.Add([]byte(point))
	}
	f.Fuzz(func(t *testing.T, point []byte) { comparisons["detail"](t, new(Decoder), amongUsual(point)) })
}

func amongUsual(point []byte) []byte {
	usual := `{"Time":1590065779,"Value":12},{"Time":1590065781,"Value":0.5}`
	return slices.Concat([]byte(`{"Response":{"Data":[{"Content":[`+usual+","), point,
		[]byte(`,`+usual+`],"PeerId":"","UserId":"1716","DataType":"rtt"}],"RequestId":"x"}}`))
}

package transform

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/callvault/callvault/internal/call"
)

func decodeAs(kind string, d *Decoder, body []byte) (err error) {
	switch kind {
	case "rooms":
		_, _, err = d.Rooms(body, 7, nil)
	case "users":
		_, _, err = d.Users(body, nil)
	case "detail":
		_, err = d.Detail(body, call.Window{}, nil, &Detail{})
	case "events":
		_, _, err = d.Events(body, "u", "r", nil)
	case "unusual":
		_, _, err = d.UnusualEvents(body, nil)
	case "scale":
		_, _, err = d.DailyScale(body, nil)
	}
	return err
}

func TestEveryPrefixIsAnError(t *testing.T) {
	var d Decoder
	for kind, compare := range comparisons {
		for _, body := range bodiesOf(t, kind) {
			compare(t, &d, body)
			for n := range body {
				cut := slices.Clone(body[:n:n])
				err := decodeAs(kind, &d, cut)
				if e, ok := err.(*DecodeError); !ok || !e.Truncated {
					t.Fatalf("%s: error %v for the first %d bytes of %s", kind, err, n, body)
				}
			}
		}
	}
}

func TestMutations(t *testing.T) {
	const bytesThatMatter = "\"\\0-e.,:{}[]n \x00\xff"
	random := rand.New(rand.NewPCG(1, 1))
	var d Decoder
	for kind, compare := range comparisons {
		for _, body := range bodiesOf(t, kind) {
			for i := range body {
				changed := slices.Clone(body)
				changed[i] = bytesThatMatter[random.IntN(len(bytesThatMatter))]
				compare(t, &d, changed)
				if i%2 == 0 {
					compare(t, &d, slices.Delete(slices.Clone(body), i, i+1))
				} else {
					compare(t, &d, slices.Insert(slices.Clone(body), i, body[i]))
				}
			}
		}
	}
}

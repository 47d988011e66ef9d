package transform

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// oddValues replace any value.
var oddValues = []string{
	`null`, `true`, `false`, `0`, `1`, `-1`, `7`, `1.5`, `1e3`, `1e999`, `1590065777`, `1589975272790`, `"1590065777"`, `""`, `"x"`,
	`"true"`, `"0"`, `"12.5"`, `" 1"`, `"\ud83d"`, `[]`, `[null]`, `[[1],{}]`, `{}`, `{"UserId":"x"}`, `NaN`, `-inf`, `1.2.3`, `0x1F`, `None`,
	`18446744073709551616`, `-`, `1e`,
}

// TestOddValues replaces each value with each odd value: the rest is read, and both
// decoders agree on it.
func TestOddValues(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var d Decoder
	for kind, compare := range comparisons {
		for _, body := range bodiesOf(t, kind) {
			body = compact(body)
			for from := range body {
				to := endOfValue(body, from)
				for range 3 {
					if to < 0 {
						break
					}
					odd := oddValues[random.IntN(len(oddValues))]
					changed := slices.Concat(body[:from], []byte(odd), body[to:])
					compare(t, &d, changed)
					if err := decodeAs(kind, &d, changed); from > len(`{"Response":`) && errors.As(err, new(*DecodeError)) {
						t.Fatalf("%v\nbody %s", err, changed)
					}
				}
			}
		}
	}
}

// endOfValue returns the end of the value that starts at from, or -1.
func endOfValue(body []byte, from int) int {
	if from == 0 || !strings.ContainsRune(":[,", rune(body[from-1])) {
		return -1
	}
	var value json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(refNormal(body[from:])))
	if dec.Decode(&value) != nil || !bytes.HasPrefix(body[from:], value) {
		return -1
	}
	rest := body[from+len(value):]
	inString := bytes.Count(body[:from], []byte{'"'})%2 == 1
	if inString || bytes.HasPrefix(rest, []byte{':'}) {
		return -1
	}
	return from + len(value)
}

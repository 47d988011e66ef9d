package transform

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/call"
)

// oddPoints replace a point.
var oddPoints = []string{
	`{"Time":1590065779,"Value":12}`, `{"Time":1590065779,"Value":-12.5}`, `{"Time":1590065779,"Value":-0}`,
	`{"Time":1590065779,"Value":-0.0}`, `{"Time":1590065779,"Value":0.0}`, `{"Time":1590065779,"Value":00}`,
	`{"Time":1590065779,"Value":01.5}`, `{"Time":1590065779,"Value":1.}`, `{"Time":1590065779,"Value":.5}`,
	`{"Time":1590065779,"Value":1234567}`, `{"Time":1590065779,"Value":12345678}`,
	`{"Time":1590065779,"Value":1234567.1234567}`, `{"Time":1590065779,"Value":1.12345678}`,
	`{"Time":1590065779,"Value":0.1234567}`, `{"Time":1590065779,"Value":0.3}`, `{"Time":1590065779,"Value":5e-324}`,
	`{"Time":1590065779,"Value":1e400}`, `{"Time":1590065779,"Value":1E+2}`, `{"Time":1590065779,"Value":1e}`,
	`{"Time":1590065779,"Value":9007199254740993}`, `{"Time":1590065779,"Value":123456789012345}`,
	`{"Time":1590065779,"Value":0.000000000000001}`, `{"Time":1590065779,"Value":12345678901234.56}`,
	`{"Time":1590065779,"Value":179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880}`,
	`{"Time":1590065779,"Value":NaN}`, `{"Time":1590065779,"Value":Infinity}`, `{"Time":1590065779,"Value":"1"}`,
	`{"Time":1590065779,"Value":true}`, `{"Time":1590065779,"Value":null}`, `{"Time":1590065779}`,
	`{"Value":1}`, `{"Time":null,"Value":1}`, `{"Time":0,"Value":1}`, `{"Time":-1,"Value":1}`, `{"Time":1,"Value":1}`,
	`{"Time":4294967295,"Value":1}`, `{"Time":4294967296,"Value":1}`, `{"Time":9999999999,"Value":1}`,
	`{"Time":0590065779,"Value":1}`, `{"Time":159006577,"Value":1}`, `{"Time":15900657791,"Value":1}`,
	`{"Time":1.590065779e9,"Value":1}`, `{"Time":15900657790e-1,"Value":1}`, `{"Time":1590065779.0,"Value":1}`,
	`{"Time":1590065779.5,"Value":1}`, `{"Time":"1590065779","Value":1}`, `{"Time":" 1590065779","Value":1}`,
	`{"Time":"","Value":1}`, `{"Time":1e999999999999999999999,"Value":1}`, `{"Time":1e-9,"Value":1}`,
	`{"Value":2.5,"Time":1590065779}`, ` { "Time" : 1590065779 , "Value" : 2.5 } `,
	`{"Time":1590065779,"Value":1,"Value":2}`, `{"Time":1590065779,"Value":1,"Value":null}`,
	`{"Time":1590065779,"Value":1,"X":[{"Time":1}]}`, `{"\u0054ime":1590065779,"Value":1}`,
	`{"time":1590065779,"Value":1}`, `{"Time":1590065779,"value":1}`, `{"Time":1590065779,"Value":1}}`,
	`{"Time":1590065779,"Value":1},`, `,{"Time":1590065779,"Value":1}`, `{}`, `null`, `1`, `[]`, ``,
	`{"Time":159006577x,"Value":1}`, `{"Time":1590065779,"Value":1x}`, `{"Time":1590065779,"Value":1]`,
	`{"Time":1590065779,"Value":1,}`, `{,"Time":1590065779}`, `{"Time":1590065779 "Value":1}`,
}

func TestOddPoints(t *testing.T) {
	var d Decoder
	for _, point := range oddPoints {
		comparisons["detail"](t, &d, amongUsual([]byte(point)))
	}
}

// Every value must be what strconv.ParseFloat returns for its text.
func TestValuesAreExact(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var texts []string
	for range 50_000 {
		digits := strconv.FormatUint(random.Uint64()>>random.IntN(64), 10)
		if random.IntN(2) == 0 {
			digits += "." + strings.Repeat("0", random.IntN(4)) + strconv.Itoa(random.IntN(1<<random.IntN(40)))
		}
		if random.IntN(8) == 0 {
			digits = "-" + digits
		}
		if random.IntN(8) == 0 {
			digits += fmt.Sprintf("e%d", random.IntN(80)-40)
		}
		texts = append(texts, digits)
	}
	var body strings.Builder
	body.WriteString(`{"Response":{"Data":[{"UserId":"u","PeerId":"","DataType":"rtt","Content":[`)
	for i, text := range texts {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"Time":%d,"Value":%s}`, 1590065777+i, text)
	}
	body.WriteString(`]}]}}`)
	var d Decoder
	var dst Detail
	if _, err := d.Detail([]byte(body.String()), call.Window{}, nil, &dst); err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		want, err := strconv.ParseFloat(text, 64)
		if got := dst.Samples.Value[i]; err != nil || got != want || dst.Samples.Time[i] != uint32(1590065777+i) {
			t.Fatalf("%s became %v at %d, want %v", text, got, dst.Samples.Time[i], want)
		}
	}
}

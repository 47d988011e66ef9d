package bodies

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

func canned() []byte {
	return simulator.Canned{Seed: 1, Start: time.Unix(1767225600, 0).UTC(), Seconds: 3600, Users: 6, Peers: 2}.Series()
}

// returns packs a body, checks that it comes back, and returns how many points are columns.
func returns(t *testing.T, body []byte) (Packed, int) {
	t.Helper()
	p := Pack(body)
	back, err := p.Unpack()
	if err != nil || !bytes.Equal(back, body) {
		t.Fatalf("%q comes back as %q, %v", body, back, err)
	}
	if len(p.Times) != len(p.Numbers) {
		t.Fatalf("%d times, %d numbers", len(p.Times), len(p.Numbers))
	}
	return p, len(p.Numbers)
}

func TestPack(t *testing.T) {
	t.Parallel()
	at := 0
	point := func(value string) string { at++; return fmt.Sprintf(`{"Time":%d,"Value":%s}`, at, value) }
	for _, c := range []struct {
		values string
		points int // that become columns
	}{
		{"0 1 2", 3},
		{"1 2", 0},                                     // too few
		{"12.50 12.53 0.00 -1.25", 4},                  // always two digits
		{"12.5 12.53 0 -1.25 7", 5},                    // as many digits as needed
		{"12.5 12.53 0.0 -1.25 7.0", 5},                // at least one
		{"0 0 0 4.50 4.53 4.10 0 0 0", 9},              // both
		{"0 0 0 4.50 4.5 4 0 0 0", 7},                  // two that are like no others
		{"1 2 3 null 4 5 6", 6},                        // a point without a value
		{"1 2 3 1e-07 4 5 6 0.30000000000000004 7", 6}, // odd ones
		{"1 2 3 -0 4 5 6 -0.0 00 01.5 1. .5", 6},
		{"2147483647 -2147483647 0", 3},
		{"2147483648 1 2 3", 3},
		{"2147483647 0.5 1 2 3", 3}, // five tenths and the largest together do not fit
		{"0.123456789 0.1234567891 1 2 3", 3},
	} {
		var points []string
		for v := range strings.FieldsSeq(c.values) {
			points = append(points, point(v))
		}
		body := `{"Response":{"Data":[{"Content":[` + strings.Join(points, ",") + `],"UserId":"u"}]}}`
		if p, n := returns(t, []byte(body)); n != c.points {
			t.Errorf("%s: %d points are columns, want %d: %q", c.values, n, c.points, p.Text)
		}
	}
	for _, body := range []string{
		"", "null", begin, begin + begin, `{"Time":1`, `{"Time":1,"Value":`, `{"Time":1,"Value":-`, `{"Time":1,"Value":1.`, `{"Time":1,"Value":1.5`,
		`{"Time":4294967296,"Value":1},{"Time":01,"Value":1},{"Time":,"Value":1},{"Time":-1,"Value":1},{"Time": 1,"Value":1}`,
		strings.Repeat(`{"Time":1,"Value":1},`, 5) + "\x01", "\x013 0 0\x01",
	} {
		returns(t, []byte(body))
	}
}

// TestPackCanned checks that all points of the benchmark's bodies become columns but the odd ones.
func TestPackCanned(t *testing.T) {
	t.Parallel()
	body := canned()
	p, n := returns(t, body)
	if all := bytes.Count(body, []byte(begin)); n < all-all/1000 || len(p.Text) > len(body)/100 {
		t.Errorf("%d of %d points are columns, %d of %d bytes are text", n, all, len(p.Text), len(body))
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	p := Pack(canned()[:10_000])
	cut := p
	cut.Numbers = cut.Numbers[1:]
	for _, p := range []Packed{cut, {p.Text, p.Times[1:], p.Numbers[1:]}, {[]byte("\x013 0 0"), []uint32{1, 2, 3}, []int32{1, 2, 3}},
		{[]byte("\x013 2 1\x01"), []uint32{1, 2, 3}, []int32{1, 2, 3}}, {[]byte("\x013 0 10\x01"), []uint32{1, 2, 3}, []int32{1, 2, 3}}, {[]byte("\x01x\x01"), []uint32{1, 2, 3}, []int32{1, 2, 3}}} {
		if _, err := p.Unpack(); err != ErrDamaged {
			t.Errorf("%.40q: %v", p.Text, err)
		}
	}
}

// FuzzPack changes bodies and sees that each comes back.
func FuzzPack(f *testing.F) {
	f.Add([]byte(`[{"Time":1,"Value":1},{"Time":2,"Value":1.5},{"Time":3,"Value":-2}]`), uint64(1))
	f.Add(canned()[:2000], uint64(7))
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		returns(t, body)
		if p := (Packed{body, []uint32{1, 2, 3}, []int32{1, 2, 3}}); len(body) > 0 {
			_, _ = p.Unpack()
		}
		r := rand.New(rand.NewPCG(seed, 0))
		for range r.IntN(4) {
			if len(body) > 0 {
				body = bytes.Clone(body)
				body[r.IntN(len(body))] = "0123456789.-,{}\"eE\x01 "[r.IntN(20)]
			}
		}
		returns(t, body)
	})
}

func BenchmarkPack(b *testing.B) {
	body := canned()
	n := 0
	for b.Loop() {
		n += len(Pack(body).Numbers)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/point")
}

func BenchmarkUnpack(b *testing.B) {
	p := Pack(canned())
	n := 0
	for b.Loop() {
		_, _ = p.Unpack()
		n += len(p.Numbers)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/point")
}

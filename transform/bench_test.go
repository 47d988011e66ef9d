package transform

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/callvault/callvault/internal/call"
)

var benchMetrics = []struct {
	name     string
	down     bool // also one series for each peer
	decimals int
	limit    int
}{
	{"appCpu", false, 1, 100}, {"sysCpu", false, 1, 100}, {"rtt", false, 0, 300},
	{"bigvCapFps", false, 0, 30}, {"bigvEncFps", false, 0, 30}, {"aCapEnergy", false, 0, 100},
	{"aPlayEnergy", false, 0, 100},
	{"aBit", true, 0, 64000}, {"bigvBit", true, 0, 2000000}, {"aBlock", true, 0, 1000},
	{"bigvBlock", true, 0, 1000}, {"aLoss", true, 1, 100}, {"bigvLoss", true, 1, 100},
	{"bigvDecFps", true, 0, 30}, {"bigvRecFps", true, 0, 30}, {"bigvWidth", true, 0, 1280},
	{"bigvHeight", true, 0, 720},
}

// benchBody makes a response with all metrics of a call, with a point every 2 s.
func benchBody(users, seconds int) (body []byte, points int) {
	random := rand.New(rand.NewPCG(1, 2))
	body = append(body, `{"Response":{"Total":6,"UserList":[],"Data":[`...)
	series := func(user, peer string, decimals, limit int, metric string) {
		if body[len(body)-1] != '[' {
			body = append(body, ',')
		}
		body = append(body, `{"Content":[`...)
		for t := 2; t <= seconds; t += 2 {
			if t > 2 {
				body = append(body, ',')
			}
			v := random.IntN(limit + 1)
			body = append(body, `{"Time":`...)
			body = strconv.AppendInt(body, int64(1590065777+t), 10)
			body = append(body, `,"Value":`...)
			if decimals == 0 {
				body = strconv.AppendInt(body, int64(v), 10)
			} else {
				body = strconv.AppendFloat(body, float64(v)+float64(random.IntN(10))/10, 'f', -1, 64)
			}
			body = append(body, '}')
			points++
		}
		body = append(body, fmt.Sprintf(`],"PeerId":%q,"UserId":%q,"DataType":%q}`, peer, user, metric)...)
	}
	for u := range users {
		user := fmt.Sprintf("user_%d", u)
		for _, m := range benchMetrics {
			series(user, "", m.decimals, m.limit, m.name)
			for p := 0; m.down && p < users; p++ {
				if p != u {
					series(user, fmt.Sprintf("user_%d", p), m.decimals, m.limit, m.name)
				}
			}
		}
	}
	body = append(body, `],"RequestId":"2e12e365-43e8-4efd-902d-906303e2ee4a"}}`...)
	return body, points
}

func perPoint(b *testing.B, body []byte, points int) {
	b.SetBytes(int64(len(body)))
	b.ReportMetric(float64(points)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
	b.ReportAllocs()
}

func BenchmarkDetail(b *testing.B) {
	for _, size := range []struct {
		name           string
		users, seconds int
	}{{"full", 6, 3600}, {"S", 2, 600}} {
		body, points := benchBody(size.users, size.seconds)
		b.Run(size.name+"/read", func(b *testing.B) {
			sum := uint64(0)
			for b.Loop() {
				for i := 0; i+32 <= len(body); i += 32 {
					p := (*[32]byte)(body[i:])
					sum += binary.LittleEndian.Uint64(p[:]) ^ binary.LittleEndian.Uint64(p[8:])
					sum += binary.LittleEndian.Uint64(p[16:]) ^ binary.LittleEndian.Uint64(p[24:])
				}
			}
			perPoint(b, body, points)
			if sum == 0 {
				b.Fatal("nothing read")
			}
		})
		bench := func(name string, body []byte, keep Keep) {
			b.Run(size.name+"/"+name, func(b *testing.B) {
				var d Decoder
				var dst Detail
				for b.Loop() {
					dst.Reset()
					if _, err := d.Detail(body, call.Window{}, keep, &dst); err != nil {
						b.Fatal(err)
					}
				}
				perPoint(b, body, points)
			})
		}
		bench("decode", body, nil)
		bench("keep", body, func(string) (from, to uint32) { return 1590065777, 1590069377 })
		var indented bytes.Buffer
		if err := json.Indent(&indented, body, "", " "); err != nil {
			b.Fatal(err)
		}
		bench("indented", indented.Bytes(), nil)
		b.Run(size.name+"/json", func(b *testing.B) {
			for b.Loop() {
				var r struct {
					Response struct {
						Data []struct {
							UserId, PeerId, DataType string
							Content                  []struct {
								Time  uint32
								Value float64
							}
						}
					}
				}
				if err := json.Unmarshal(body, &r); err != nil {
					b.Fatal(err)
				}
			}
			perPoint(b, body, points)
		})
	}
}

package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// decoder measures the decoder by itself, beside one read over the bytes and
// encoding/json.
func (b *bench) decoder(_ context.Context, t *text) error {
	t.f("## From JSON to columns\n\nOne core, by the processor time of one thread, against one read over the same bytes.\n\n")
	rows := [][]string{{"body", "decoder, M points/s", "goal", "allocations a body", "times one read", "encoding/json, plain structs, times the decoder"}}
	for _, s := range shapes {
		row, err := decoderOf(s, b.rounds)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	t.table(rows)
	return nil
}

func decoderOf(s shape, rounds int) ([]string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	body := s.body(0).Series()
	repeats := max(1, 4_000_000/s.points())
	var d transform.Decoder
	var dst transform.Detail
	var err error
	sum := uint64(0)
	decode := func() {
		dst.Reset()
		if _, e := d.Detail(body, call.Window{}, nil, &dst); e != nil {
			err = e
		}
	}
	read := func() {
		for i := 0; i+32 <= len(body); i += 32 {
			p := (*[32]byte)(body[i:])
			sum += binary.LittleEndian.Uint64(p[:]) ^ binary.LittleEndian.Uint64(p[8:])
			sum += binary.LittleEndian.Uint64(p[16:]) ^ binary.LittleEndian.Uint64(p[24:])
		}
	}
	decode()
	if err == nil && dst.Samples.Rows() != s.points() {
		err = fmt.Errorf("decoded %d points of %d", dst.Samples.Rows(), s.points())
	}
	if err != nil {
		return nil, err
	}
	var speed, reads, slow []float64
	for range rounds {
		one := threadTime(repeats, decode)
		speed = append(speed, float64(repeats*s.points())/one.Seconds()/1e6)
		reads = append(reads, one.Seconds()/threadTime(repeats, read).Seconds())
		slow = append(slow, threadTime(1, func() { err = plainJSON(body) }).Seconds()*float64(repeats)/one.Seconds())
	}
	return []string{
		s.Name, fmt.Sprintf("**%.0f**", median(speed)), "≥ 50", fmt.Sprintf("%.0f", allocations(decode)),
		fmt.Sprintf("%.1f", median(reads)), fmt.Sprintf("%.0f", median(slow)),
	}, err
}

func plainJSON(body []byte) error {
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
	return json.Unmarshal(body, &r)
}

// threadTime is what this thread uses to run f some times.
func threadTime(times int, f func()) time.Duration {
	const thread = 1 // RUSAGE_THREAD
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(thread, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	for range times {
		f()
	}
	return max(used()-before, 1)
}

func allocations(f func()) float64 {
	const times = 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / times
}
